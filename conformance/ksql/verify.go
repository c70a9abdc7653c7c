package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/memory"
	"weir/conformance/serdes"
	"weir/registry"
)

// append puts the window behind a key: its start, before which a session has its end.
func (w *windowSpec) append(key []byte) []byte {
	out := append([]byte{}, key...)
	if w.Type == "session" {
		out = binary.BigEndian.AppendUint64(out, uint64(w.End))
	}
	return binary.BigEndian.AppendUint64(out, uint64(w.Start))
}

// cut takes the window off a key.
func cut(key []byte, w *catalog.Windowed) ([]byte, *windowSpec, error) {
	n, typ := 8, "time"
	if w.Kind == catalog.Session {
		n, typ = 16, "session"
	}
	if len(key) < n {
		return nil, nil, fmt.Errorf("the key %q has no window", key)
	}
	out := &windowSpec{Start: int64(binary.BigEndian.Uint64(key[len(key)-8:])), Type: typ}
	out.End = out.Start + w.Size
	if w.Kind == catalog.Session {
		out.End = int64(binary.BigEndian.Uint64(key[len(key)-16:]))
	}
	return key[:len(key)-n], out, nil
}

// verify compares the topics that the case names with what they should hold.
func (c *testCase) verify(e *memory.Engine) error {
	var order []string
	expected := map[string][]record{}
	for _, r := range c.Outputs {
		if _, ok := expected[r.Topic]; !ok {
			order = append(order, r.Topic)
		}
		expected[r.Topic] = append(expected[r.Topic], r)
	}
	cmp := comparer{lenient: c.settings[exactNumbers] == "false"}
	for _, topic := range order {
		actual := e.Driver.Records(topic, 0)
		src := topicSource(e, topic)
		for i, want := range expected[topic] {
			if i >= len(actual) {
				return fmt.Errorf("%s has %d records, expected %d; the first missing one: key %s, value %s", topic, len(actual), len(expected[topic]),
					serdes.Compact(want.Key), serdes.Compact(want.Value))
			}
			if err := c.verifyRecord(e.Registry, cmp, src, want, actual[i]); err != nil {
				return fmt.Errorf("%s, record %d: %w", topic, i+1, err)
			}
		}
		if n := len(expected[topic]); len(actual) > n {
			extra := actual[n]
			return fmt.Errorf("%s has %d records, expected %d; the first one too many: key %q, value %q", topic, len(actual), n, extra.Key, extra.Value)
		}
	}
	return nil
}

func (c *testCase) verifyRecord(reg registry.Client, cmp comparer, src *catalog.Source, want record, got *kgo.Record) error {
	key := got.Key
	var window *windowSpec
	if src.Windowed != nil && key != nil {
		var err error
		if key, window, err = cut(key, src.Windowed); err != nil {
			return err
		}
	}
	switch {
	case want.Window == nil && window != nil:
		return fmt.Errorf("the key has the window %v, but none was expected", *window)
	case want.Window != nil && (window == nil || *window != *want.Window):
		return fmt.Errorf("expected the window %v, got %v", *want.Window, window)
	}
	if err := same(cmp, "key", keySerde(reg, src), want.Key, key); err != nil {
		return err
	}
	if err := same(cmp, "value", valueSerde(reg, src), want.Value, got.Value); err != nil {
		return err
	}
	if t := want.Timestamp; t != nil && *t != got.Timestamp.UnixMilli() && !(len(c.Inputs) == 0 && *t == 0) {
		return fmt.Errorf("timestamp: expected %d, got %d", *t, got.Timestamp.UnixMilli())
	}
	return sameHeaders(want.Headers, got.Headers)
}

func same(cmp comparer, what string, s serdes.Serde, want json.RawMessage, got []byte) error {
	actual, err := s.Decode(got)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var expected any
	if !serdes.IsNull(want) {
		if expected, err = serdes.ParseJSON(want); err != nil {
			return err
		}
	}
	if d := cmp.diff(what, expected, actual); d != "" {
		return fmt.Errorf("%s", d)
	}
	return nil
}

func sameHeaders(want []header, got []kgo.RecordHeader) error {
	if len(want) != len(got) {
		return fmt.Errorf("expected %d headers, got %d", len(want), len(got))
	}
	for i, w := range want {
		if w.Key != got[i].Key || (w.Value == nil) != (got[i].Value == nil) || w.Value != nil && !bytes.Equal(*w.Value, got[i].Value) {
			return fmt.Errorf("header %d: expected %s, got %s=%q", i+1, w.Key, got[i].Key, got[i].Value)
		}
	}
	return nil
}
