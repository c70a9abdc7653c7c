package task

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/eval"
	"weir/formats"
	"weir/planner/plan"
	"weir/types"
)

// reader turns the records of a task's input into rows.
type reader interface {
	// read appends the row of a record to the batch; ok is false where the record makes none.
	read(r *kgo.Record, b *types.Batch) (ok bool, err error)
	width() int
	// reset gives back what the rows read so far held.
	reset()
}

// scanReader reads a source's topic.
type scanReader struct {
	scan    *plan.Scan
	key     formats.Decoder // nil where the source has no key columns
	value   formats.Decoder // nil where the source has no value columns
	headers []headerSlot
	pseudo  []pseudoSlot
	time    eval.Fn // nil for the record's own timestamp
	ctx     *eval.Ctx
	needKey bool // a table's rows must have a key
	window  *catalog.Windowed
	keys    *keyWatch // nil once enough keys have been looked at
}

type headerSlot struct {
	slot int
	name string // empty for all
}

type pseudoSlot struct {
	slot int
	kind plan.ScanKind
}

func newScanReader(s *plan.Scan, env *Env) (*scanReader, error) {
	r := &scanReader{scan: s, needKey: s.Source.IsTable, window: s.Source.Windowed}
	slots := make([]int, len(s.Source.Schema))
	for i := range slots {
		slots[i] = -1
	}
	for slot, c := range s.Cols {
		if c.Kind != plan.ScanColumn {
			r.pseudo = append(r.pseudo, pseudoSlot{slot, c.Kind})
			continue
		}
		slots[c.Column] = slot
	}
	var keys, values []int
	for i, c := range s.Source.Schema {
		switch c.Role {
		case types.KeyColumn:
			keys = append(keys, slots[i])
		case types.ValueColumn:
			values = append(values, slots[i])
		case types.HeaderColumn:
			if slots[i] >= 0 {
				r.headers = append(r.headers, headerSlot{slots[i], c.Header})
			}
		}
	}
	var err error
	if r.key, err = decoder(s.Source, true, keys, env); err != nil {
		return nil, err
	}
	if r.value, err = decoder(s.Source, false, values, env); err != nil {
		return nil, err
	}
	if s.Time != nil {
		k := &eval.Compiler{Env: env.Functions}
		r.time = k.Compile(s.Time)
		r.ctx = k.NewCtx()
	}
	return r, nil
}

// decoder makes the decoder of keys or values; nil where the source declares no such columns. Where none of them is used
// it only tells whether the bytes can be read: what is a bad record must not depend on the query.
func decoder(src *catalog.Source, key bool, slots []int, env *Env) (formats.Decoder, error) {
	if len(slots) == 0 {
		return nil, nil
	}
	serde, role := src.Value, types.ValueColumn
	if key {
		serde, role = src.Key, types.KeyColumn
	}
	spec := plan.Spec(serde, key, src.Topic)
	spec.Registry = env.Registry
	return formats.NewDecoder(spec, src.Schema.With(role), slots)
}

func (r *scanReader) width() int { return len(r.scan.Cols) }

func (r *scanReader) reset() {
	if r.key != nil {
		r.key.Reset()
	}
	if r.value != nil {
		r.value.Reset()
	}
}

func (r *scanReader) read(rec *kgo.Record, b *types.Batch) (bool, error) {
	m := types.Meta{Timestamp: rec.Timestamp.UnixMilli(), StreamTime: types.NoTime, Order: types.NoTime, Offset: rec.Offset}
	if rec.Value == nil {
		m.Flags |= types.NullRow
	}
	row := b.Append(m)
	meta := &b.Meta[b.N-1]
	key := rec.Key
	if r.window != nil && key != nil {
		var err error
		if key, err = cutWindow(key, r.window, meta); err != nil {
			return false, fmt.Errorf("key: %w", err)
		}
	}
	if key == nil {
		meta.Flags |= types.NoKey
		if r.needKey {
			return false, nil
		}
	} else if r.key != nil {
		if err := decode(r.key, formats.KeySchemaHeader, rec.Headers, key, row); err != nil && !errors.Is(err, formats.ErrNullRecord) {
			return false, fmt.Errorf("key: %w", err)
		}
		if r.keys != nil && !r.keys.see(rec, row) {
			r.keys = nil
		}
	}
	if rec.Value != nil && r.value != nil {
		if err := decode(r.value, formats.ValueSchemaHeader, rec.Headers, rec.Value, row); err != nil {
			if !errors.Is(err, formats.ErrNullRecord) {
				return false, fmt.Errorf("value: %w", err)
			}
			meta.Flags |= types.NullRow
		}
	}
	for _, h := range r.headers {
		row[h.slot] = headerValue(rec.Headers, h.name)
	}
	if r.time != nil && meta.Flags&types.NullRow == 0 {
		if err := r.eventTime(row, meta); err != nil {
			return false, err
		}
	}
	for _, p := range r.pseudo {
		row[p.slot] = pseudoValue(p.kind, rec, *meta)
	}
	return true, nil
}

// decode reads data whose schema may be named in a header.
func decode(d formats.Decoder, name string, headers []kgo.RecordHeader, data []byte, row []types.Value) error {
	if len(headers) == 0 {
		return d.Decode(data, row)
	}
	return decodeHeaded(d, name, headers, data, row)
}

// decodeHeaded looks among the headers first, as deserializers of Confluent's do.
func decodeHeaded(d formats.Decoder, name string, headers []kgo.RecordHeader, data []byte, row []types.Value) error {
	for i := range headers {
		if headers[i].Key != name {
			continue
		}
		if h, ok := d.(formats.Headed); ok {
			return h.DecodeHeaded(headers[i].Value, data, row)
		}
	}
	return d.Decode(data, row)
}

func (r *scanReader) eventTime(row []types.Value, m *types.Meta) error {
	r.ctx.Enter(row)
	r.ctx.Err = nil
	v := r.time(r.ctx)
	switch {
	case r.ctx.Err != nil:
		return fmt.Errorf("event time in column %s: %w", r.scan.Source.Timestamp, r.ctx.Err)
	case v.IsNull():
		return fmt.Errorf("event time: column %s is NULL", r.scan.Source.Timestamp)
	case v.Int() < 0:
		return fmt.Errorf("event time: column %s is %d, before 1970", r.scan.Source.Timestamp, v.Int())
	}
	m.Timestamp = v.Int()
	return nil
}

func pseudoValue(k plan.ScanKind, rec *kgo.Record, m types.Meta) types.Value {
	switch k {
	case plan.ScanRowTime:
		return types.BigintValue(m.Timestamp)
	case plan.ScanRowPartition:
		return types.IntValue(rec.Partition)
	case plan.ScanRowOffset:
		return types.BigintValue(rec.Offset)
	case plan.ScanWindowStart:
		return types.BigintValue(m.WindowStart)
	case plan.ScanHeaders:
		return headerValue(rec.Headers, "")
	}
	return types.BigintValue(m.WindowEnd)
}

// headerValue is the last header of the name, or all headers as an ARRAY of STRUCTs.
func headerValue(headers []kgo.RecordHeader, name string) types.Value {
	if name == "" {
		out := make([]types.Value, 0, len(headers))
		for _, h := range headers {
			val := types.NullValue
			if h.Value != nil {
				val = types.BytesValue(h.Value)
			}
			if h.Key != trailHeader {
				out = append(out, types.StructValue([]types.Value{types.StringValue(h.Key), val}))
			}
		}
		return types.ArrayValue(out)
	}
	for i := len(headers) - 1; i >= 0; i-- {
		if headers[i].Key == name {
			if headers[i].Value == nil {
				return types.NullValue
			}
			return types.BytesValue(headers[i].Value)
		}
	}
	return types.NullValue
}

// cutWindow takes the window off the end of a windowed key: 8 bytes of start, before which a session has its end.
func cutWindow(key []byte, w *catalog.Windowed, m *types.Meta) ([]byte, error) {
	n := 8
	if w.Kind == catalog.Session {
		n = 16
	}
	if len(key) < n {
		return nil, fmt.Errorf("a key of %s windows ends with %d bytes of window, but this one has only %d bytes", w.Kind, n, len(key))
	}
	m.WindowStart = int64(binary.BigEndian.Uint64(key[len(key)-8:]))
	m.WindowEnd = m.WindowStart + w.Size
	if w.Kind == catalog.Session {
		m.WindowEnd = int64(binary.BigEndian.Uint64(key[len(key)-16:]))
	}
	return key[:len(key)-n], nil
}

// appendWindow is the reverse of cutWindow.
func appendWindow(key []byte, w *catalog.Windowed, m types.Meta) []byte {
	if w.Kind == catalog.Session {
		key = binary.BigEndian.AppendUint64(key, uint64(m.WindowEnd))
	}
	return binary.BigEndian.AppendUint64(key, uint64(m.WindowStart))
}
