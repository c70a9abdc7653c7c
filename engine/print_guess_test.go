package engine

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/registry"
	"weir/types"
)

// TestGuess: what PRINT shows of bytes, and what it takes them for.
func TestGuess(t *testing.T) {
	client := registry.NewLocal(registry.NewStore())
	cols := types.Schema{{Name: "N", Type: types.TBigint}}
	enc, err := formats.NewEncoder(formats.Spec{Format: formats.Avro, Topic: "t", Registry: client}, cols, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	avro, err := enc.Append(nil, []types.Value{types.BigintValue(7)})
	if err != nil {
		t.Fatal(err)
	}
	header := func(name string) []kgo.RecordHeader {
		return []kgo.RecordHeader{{Key: "other", Value: []byte("x")}, {Key: name, Value: avro[:5]}}
	}
	for _, c := range []struct {
		data    []byte
		headers []kgo.RecordHeader
		want    string
		format  string
	}{
		{avro, nil, `{"N":7}`, "AVRO"},
		{avro[5:], header(formats.ValueSchemaHeader), `{"N":7}`, "AVRO"},
		{avro, header(formats.KeySchemaHeader), `{"N":7}`, "AVRO"}, // the key's header says nothing of the value
		{[]byte{0, 0, 0, 0, 99, 14}, nil, "AAAAAGMO", "BYTES"},
		{[]byte(`{"a":1}`), nil, `{"a":1}`, "JSON"},
		{[]byte("a,1"), nil, "a,1", "KAFKA_STRING"},
		{[]byte{0, 0, 0, 0, 0, 0, 1, 2}, nil, "258", "KAFKA_BIGINT"},
		{[]byte{0, 0, 0, 5}, nil, "5", "KAFKA_INT"},
		{nil, header(formats.ValueSchemaHeader), "<null>", "¯\\_(ツ)_/¯ - no data processed"},
	} {
		g := guess{header: formats.ValueSchemaHeader, registry: formats.NewShower(client)}
		if text := g.show(context.Background(), c.data, c.headers); text != c.want || g.text() != c.format {
			t.Errorf("%q with %v: %s, %s", c.data, c.headers, text, g.text())
		}
	}
	none := guess{header: formats.ValueSchemaHeader, registry: formats.NewShower(nil)}
	if text := none.show(context.Background(), avro[5:], header(formats.ValueSchemaHeader)); text != "Ag4=" {
		t.Errorf("without a registry: %s", text)
	}
}
