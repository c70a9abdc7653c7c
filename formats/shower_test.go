package formats

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"weir/registry"
	"weir/types"
)

// TestShower: records are shown by the schema that they name, in front of the data or in a header, by id or by GUID.
func TestShower(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TBigint}, {Name: "b", Type: types.TArray(types.TString)}}
	row := []types.Value{types.BigintValue(7), types.ArrayValue([]types.Value{types.StringValue("x"), types.StringValue("y")})}
	for name, want := range map[string]string{Avro: `{"A":7,"b":["x","y"]}`, JSONSR: `{"A":7,"b":["x","y"]}`, Protobuf: `{"A":7,"b":["x","y"]}`} {
		client := registry.NewLocal(registry.NewStore())
		data := encoded(t, Spec{Format: name, Topic: "t", Registry: client}, cols, row)
		s, err := client.Latest(context.Background(), "t-value")
		if err != nil {
			t.Fatal(err)
		}
		guid, err := hex.DecodeString(strings.ReplaceAll(s.GUID, "-", ""))
		if err != nil {
			t.Fatal(err)
		}
		end := confluentHeader
		if name == Protobuf {
			end++
		}
		byGUID := append(append([]byte{1}, guid...), data[confluentHeader:end]...)
		shower := NewShower(client)
		for range 2 { // the second time from what was kept
			for what, c := range map[string]struct{ header, data []byte }{"in front": {nil, data}, "id": {data[:end], data[end:]}, "GUID": {byGUID, data[end:]}} {
				if format, text, ok := shower.Show(context.Background(), c.header, c.data); !ok || format != name || text != want {
					t.Errorf("%s, %s: %s %s %v", name, what, format, text, ok)
				}
			}
		}
		for what, c := range map[string]struct{ header, data []byte }{
			"another id": {nil, append([]byte{0, 0, 0, 9, 9}, data[confluentHeader:]...)}, "cut": {nil, data[:end-1]}, "text": {nil, []byte("hello")},
			"header of nothing": {[]byte("?"), data[end:]}, "empty": {nil, nil},
		} {
			if format, text, ok := shower.Show(context.Background(), c.header, c.data); ok {
				t.Errorf("%s, %s: %s %s", name, what, format, text)
			}
		}
	}
}

// TestShowerOfBareValues: a value that is no record, and a message that is not the first of its schema.
func TestShowerOfBareValues(t *testing.T) {
	client := registry.NewLocal(registry.NewStore())
	no := false
	cols := types.Schema{{Name: "V", Type: types.TInteger}}
	data := encoded(t, Spec{Format: Avro, Topic: "n", Registry: client, Wrap: &no}, cols, []types.Value{types.IntValue(3)})
	if format, text, ok := NewShower(client).Show(context.Background(), nil, data); !ok || format != Avro || text != "3" {
		t.Errorf("%s %q %v", format, text, ok)
	}
	s, err := client.Register(context.Background(), "p-value", registry.Schema{Type: registry.Protobuf, Text: `syntax = "proto3";
message First { string a = 1; }
message Second { message Inner { int32 n = 1; } }`})
	if err != nil {
		t.Fatal(err)
	}
	h := schemaHeader(s.ID)
	data = append(h[:], 4, 2, 0, 8, 42) // two indexes, 1 and 0; field 1 is 42
	if format, text, ok := NewShower(client).Show(context.Background(), nil, data); !ok || format != Protobuf || text != `{"n":42}` {
		t.Errorf("%s %q %v", format, text, ok)
	}
}

func encoded(t *testing.T, spec Spec, cols types.Schema, row []types.Value) []byte {
	t.Helper()
	slots := make([]int, len(cols))
	for i := range slots {
		slots[i] = i
	}
	enc, err := NewEncoder(spec, cols, slots)
	if err != nil {
		t.Fatal(err)
	}
	data, err := enc.Append(nil, row)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
