package formats

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"weir/registry"
	"weir/types"
)

// fixture are records that other people's libraries wrote, by scripts/fixtures.
type fixture struct {
	Format   string      `json:"format"`
	Schema   string      `json:"schema"` // of the registry
	FullName string      `json:"fullName"`
	Columns  [][2]string `json:"columns"` // where there is no schema
	Records  []struct {
		Hex string `json:"hex"`
		Row string `json:"row"` // the STRUCT of all columns as text
	} `json:"records"`
}

var fixtureTypes = map[string]*types.Type{"BIGINT": types.TBigint, "INTEGER": types.TInteger, "STRING": types.TString, "DECIMAL": types.TDecimal(10, 2),
	"TIMESTAMP": types.TTimestamp, "BYTES": types.TBytes, "DOUBLE": types.TDouble, "BOOLEAN": types.TBoolean, "ARRAY": types.TArray(types.TString)}

// spec registers the schema under the id that the records have.
func (f *fixture) spec(t *testing.T, record []byte) (Spec, types.Schema) {
	spec := Spec{Format: f.Format, Topic: "t"}
	if f.Schema == "" {
		var cols types.Schema
		for _, c := range f.Columns {
			cols = append(cols, types.Column{Name: c[0], Type: fixtureTypes[c[1]]})
		}
		return spec, cols
	}
	format, err := Lookup(f.Format)
	if err != nil {
		t.Fatal(err)
	}
	id := int(binary.BigEndian.Uint32(record[1:]))
	client := registry.NewLocal(registry.NewStore())
	if err := client.SetMode("", registry.Import); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Register(context.Background(), "t-value", registry.Schema{Type: format.schemaType, Text: f.Schema, ID: id}); err != nil {
		t.Fatal(err)
	}
	spec.Registry, spec.SchemaID, spec.FullName = client, &id, f.FullName
	cols, err := Infer(context.Background(), spec)
	if several := (*SeveralError)(nil); err != nil && !errors.As(err, &several) {
		t.Fatal(err)
	}
	return spec, cols
}

func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/fixtures/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := new(fixture)
			if err := json.Unmarshal(text, f); err != nil {
				t.Fatal(err)
			}
			for i, r := range f.Records {
				data, err := hex.DecodeString(r.Hex)
				if err != nil {
					t.Fatal(err)
				}
				spec, cols := f.spec(t, data)
				d, err := NewDecoder(spec, cols, slots(len(cols)))
				if err != nil {
					t.Fatal(err)
				}
				e, err := NewEncoder(spec, cols, slots(len(cols)))
				if err != nil {
					t.Fatal(err)
				}
				row := make([]types.Value, len(cols))
				for _, again := range []bool{false, true} {
					if again { // what we write of it is the same row
						if data, err = e.Append(nil, row); err != nil {
							t.Fatal(err)
						}
					}
					if err := d.Decode(data, row); err != nil {
						t.Fatalf("record %d: %v", i+1, err)
					}
					if got := types.Text(types.StructValue(row), types.TStruct(fieldsIn(cols)...)); got != r.Row {
						t.Errorf("record %d, written by us: %t\ngot  %s\nwant %s", i+1, again, got, r.Row)
					}
				}
			}
		})
	}
}
