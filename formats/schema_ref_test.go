package formats

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"weir/registry"
	"weir/types"
)

// TestHeaderSchemaID: records whose schema stands in a header, by GUID or by id, are read like those with the id in front.
func TestHeaderSchemaID(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TBigint}, {Name: "B", Type: types.TString}}
	row := []types.Value{types.BigintValue(7), types.StringValue("x")}
	for _, name := range []string{Avro, Protobuf, JSONSR} {
		client := registry.NewLocal(registry.NewStore())
		spec := Spec{Format: name, Topic: "t", Registry: client}
		data := encoded(t, spec, cols, row)
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
			end++ // the message's index
		}
		rest := data[confluentHeader:end]
		byGUID := append(append([]byte{1}, guid...), rest...)
		d, err := NewDecoder(spec, cols, []int{0, 1})
		if err != nil {
			t.Fatal(err)
		}
		dec := d.(Headed)
		for what, header := range map[string][]byte{"GUID": byGUID, "id": data[:end]} {
			got := make([]types.Value, 2)
			if err := dec.DecodeHeaded(header, bytes.Clone(data[end:]), got); err != nil || got[0].Int() != 7 || got[1].Str() != "x" {
				t.Errorf("%s by %s: %v, %v", name, what, got, err)
			}
			if err := dec.Decode(data, got); err != nil || got[1].Str() != "x" { // both on one topic
				t.Errorf("%s in front: %v, %v", name, got, err)
			}
		}
		got := make([]types.Value, 2)
		for _, header := range [][]byte{nil, {1}, {2, 3, 4, 5, 6, 7}, byGUID[:guidSize]} {
			if err := dec.DecodeHeaded(header, data[end:], got); err == nil || !strings.Contains(err.Error(), "GUID") {
				t.Errorf("%s with the header %x: %v", name, header, err)
			}
		}
		if name == JSONSR {
			continue // which schema it is does not matter
		}
		byGUID[1]++
		if err := dec.DecodeHeaded(byGUID, data[end:], got); err == nil || errors.Is(err, ErrRegistry) || !strings.Contains(err.Error(), "there is no schema") {
			t.Errorf("%s with a GUID that is not there: %v", name, err)
		}
	}
}
