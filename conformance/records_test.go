package conformance

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/cases"
	"weir/conformance/serdes"
	"weir/formats"
	"weir/types"
)

const none = "null" // the text of a key, value or header that is not there

// serde is how keys or values of a topic are written. Without a stream or table over the topic they are text.
func (r *run) serde(topic string, key bool) serdes.Serde {
	src := r.topics[topic]
	if src == nil {
		return serdes.Serde{Format: formats.JSON}
	}
	if key {
		return serdes.Serde{Format: src.Key.Format, Cols: src.Schema.With(types.KeyColumn), Registry: r.way.registry(), Subject: src.Topic + "-key"}
	}
	return serdes.Serde{Format: src.Value.Format, Cols: src.Schema.With(types.ValueColumn), Registry: r.way.registry(), Subject: src.Topic + "-value"}
}

func encode(s serdes.Serde, text string) ([]byte, error) {
	if text == none {
		return nil, nil
	}
	raw := json.RawMessage(text)
	switch s.Format {
	case formats.None, formats.JSON, formats.Delimited:
		return raw, nil
	case formats.Kafka:
		quoted, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		raw = quoted
	}
	return s.Encode(raw)
}

func decode(s serdes.Serde, data []byte) (string, error) {
	if data == nil {
		return none, nil
	}
	switch s.Format {
	case formats.None, formats.JSON, formats.Delimited:
		return string(data), nil
	}
	v, err := s.Decode(data)
	if err != nil {
		return "", err
	}
	return serdes.Line(v), nil
}

// produce writes a block's records. With several partitions the queries read each before the next comes, so that what
// depends on the order has one answer.
func (r *run) produce(ctx context.Context, b *cases.Block) error {
	var batch []*kgo.Record
	for _, rec := range b.Records {
		out, err := r.encode(b.Arg, rec)
		if err != nil {
			return fmt.Errorf("record %s: %w", rec, err)
		}
		batch = append(batch, out)
		if r.partitions > 1 {
			if err := r.way.produce(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return r.way.produce(ctx, batch)
}

func (r *run) encode(topic string, rec cases.Record) (*kgo.Record, error) {
	out := &kgo.Record{Topic: topic, Partition: rec.Partition, Timestamp: time.UnixMilli(rec.Time)}
	if out.Partition >= int32(r.partitions) {
		out.Partition = 0
	}
	var err error
	if out.Key, err = encode(r.serde(topic, true), rec.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if w := rec.Window; w != nil {
		if w.Session {
			out.Key = binary.BigEndian.AppendUint64(out.Key, uint64(w.End))
		}
		out.Key = binary.BigEndian.AppendUint64(out.Key, uint64(w.Start))
	}
	if out.Value, err = encode(r.serde(topic, false), rec.Value); err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	for _, h := range rec.Headers {
		next := kgo.RecordHeader{Key: h.Name}
		if h.Value != none {
			next.Value = []byte(h.Value)
		}
		out.Headers = append(out.Headers, next)
	}
	return out, nil
}

func (r *run) decode(rec *kgo.Record) (cases.Record, error) {
	out := cases.Record{Partition: -1, Time: rec.Timestamp.UnixMilli()}
	key := rec.Key
	if src := r.topics[rec.Topic]; src != nil && src.Windowed != nil && key != nil {
		n := 8
		if src.Windowed.Kind == catalog.Session {
			n = 16
		}
		if len(key) < n {
			return out, fmt.Errorf("the key %q has no window", key)
		}
		w := cases.Window{Start: int64(binary.BigEndian.Uint64(key[len(key)-8:])), Session: n == 16}
		if w.End = w.Start + src.Windowed.Size; w.Session {
			w.End = int64(binary.BigEndian.Uint64(key[len(key)-16:]))
		}
		out.Window, key = &w, key[:len(key)-n]
	}
	var err error
	if out.Key, err = decode(r.serde(rec.Topic, true), key); err != nil {
		return out, fmt.Errorf("key: %w", err)
	}
	if out.Value, err = decode(r.serde(rec.Topic, false), rec.Value); err != nil {
		return out, fmt.Errorf("value: %w", err)
	}
	for _, h := range rec.Headers {
		v := none
		if h.Value != nil {
			v = string(h.Value)
		}
		out.Headers = append(out.Headers, cases.Header{Name: h.Key, Value: v})
	}
	return out, nil
}

// closing is how long windows may take to close where nobody hurries them.
const closing = 15 * time.Second

// expect compares a topic, again until it is right where windows close by and by.
func (r *run) expect(ctx context.Context, b *cases.Block) error {
	if err := r.way.settle(ctx); err != nil {
		return err
	}
	err := r.compareTopic(ctx, b)
	for began := time.Now(); err != nil && r.slow[b.Arg] && time.Since(began) < closing; {
		time.Sleep(20 * time.Millisecond)
		err = r.compareTopic(ctx, b)
	}
	return err
}

// compareTopic compares a topic: record by record with one partition, key by key with more, and by the last record of each key
// where changes of the table are held back.
func (r *run) compareTopic(ctx context.Context, b *cases.Block) error {
	parts, err := r.way.records(ctx, b.Arg)
	if err != nil {
		return err
	}
	var got, want []cases.Record
	for _, recs := range parts {
		for _, rec := range recs {
			out, err := r.decode(rec)
			if err != nil {
				return fmt.Errorf("%s has a record that can't be read: %w", b.Arg, err)
			}
			got = append(got, out)
		}
	}
	for _, rec := range b.Records {
		rec.Partition = -1
		want = append(want, rec)
	}
	if sure, ok := r.coalesced[b.Arg]; ok {
		got, want = sure.of(got), sure.of(want)
	} else if r.partitions > 1 {
		got, want = byKey(got), byKey(want)
	}
	return compare(b, lines(want), lines(got))
}

// byKey sorts records by their keys and keeps the order within a key; those without one are sorted.
func byKey(recs []cases.Record) []cases.Record {
	groups := map[string][]cases.Record{}
	for _, rec := range recs {
		groups[rec.Key] = append(groups[rec.Key], rec)
	}
	slices.SortFunc(groups[none], func(a, b cases.Record) int { return compareText(a.String(), b.String()) })
	var out []cases.Record
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[key]...)
	}
	return out
}

// of is what a changelog has come to, by key.
func (s settledRows) of(recs []cases.Record) []cases.Record {
	rows := map[string]cases.Record{}
	for _, rec := range recs {
		key := rec.Key
		if rec.Window != nil {
			key += fmt.Sprintf(" %+v", *rec.Window)
		}
		if s.anyTime {
			rec.Time = 0
		}
		if rows[key] = rec; rec.Value == none {
			delete(rows, key)
		}
	}
	var out []cases.Record
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, rows[key])
	}
	return out
}

func compareText(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func lines(recs []cases.Record) []string {
	out := make([]string, len(recs))
	for i, rec := range recs {
		out[i] = rec.String()
	}
	return out
}
