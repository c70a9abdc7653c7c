package formats

import (
	"strings"
	"testing"

	"weir/registry"
	"weir/types"
)

// A schema that somebody else registered loses no field by what we write; one of our own may.
func TestRegisterTakesNothingAway(t *testing.T) {
	for _, c := range []struct {
		name, format, theirs, want string
		ours                       types.Schema
	}{
		{"a field", JSONSR, `{"type":"object","properties":{"A":{"type":"integer","connect.type":"int64"},"email":{"type":"string"}}}`, "field email",
			types.Schema{{Name: "A", Type: types.TBigint}}},
		{"a nested field", JSONSR, `{"type":"object","properties":{"P":{"type":"object","properties":{"X":{"type":"string"},"Y":{"type":"string"}}}}}`, "field P.Y",
			types.Schema{{Name: "P", Type: types.TStruct(types.Field{Name: "X", Type: types.TString})}}},
		{"room", JSONSR, `{"title":"t","type":"object","properties":{"A":{"type":"integer","connect.type":"int64"}}}`, "field A is BIGINT, here INTEGER", types.Schema{{Name: "A", Type: types.TInteger}}},
		{"nothing", Avro, `{"type":"record","name":"KsqlDataSourceSchema","namespace":"io.confluent.ksql.avro_schemas","doc":"d","fields":[{"name":"A","type":["null","long"],"default":null}]}`, "",
			types.Schema{{Name: "A", Type: types.TBigint}, {Name: "B", Type: types.TString}}},
		{"another case", JSONSR, `{"type":"object","properties":{"a":{"type":"integer","connect.type":"int64"}}}`, "", types.Schema{{Name: "A", Type: types.TBigint}}},
	} {
		t.Run(c.name+" "+c.format, func(t *testing.T) {
			client := registry.NewLocal(registry.NewStore())
			typ := map[string]registry.Type{Avro: registry.Avro, JSONSR: registry.JSON}[c.format]
			theirs, err := client.Register(t.Context(), "t-value", registry.Schema{Type: typ, Text: c.theirs})
			if err != nil {
				t.Fatal(err)
			}
			spec := Spec{Format: c.format, Topic: "t", Registry: client}
			_, err = Register(t.Context(), spec, c.ours)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "would take from it: "+c.want+".\n") || !strings.Contains(err.Error(), "VALUE_SCHEMA_ID=1") {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if latest, err := client.Latest(t.Context(), "t-value"); err != nil || latest.ID != theirs.ID {
				t.Errorf("the newest version is %d, %v", latest.ID, err)
			}
		})
	}
	client := registry.NewLocal(registry.NewStore())
	for _, cols := range []types.Schema{{{Name: "A", Type: types.TBigint}, {Name: "B", Type: types.TString}}, {{Name: "A", Type: types.TBigint}}} {
		for _, format := range []string{Avro, JSONSR, Protobuf} {
			if _, err := Register(t.Context(), Spec{Format: format, Topic: format, Registry: client}, cols); err != nil && !registry.IsIncompatible(err) {
				t.Errorf("our own: %v", err)
			}
		}
	}
}

// A key of several columns is written with the schema that it was registered with, and loses no field that others had in it either.
func TestRegisterKeysOfSeveralColumns(t *testing.T) {
	two := types.Schema{{Name: "K", Type: types.TString, Role: types.KeyColumn}, {Name: "H", Type: types.TString, Role: types.KeyColumn}}
	for _, format := range []string{Avro, JSONSR, Protobuf} {
		spec := Spec{Format: format, Topic: "t", Registry: registry.NewLocal(registry.NewStore()), IsKey: true}
		for range 2 {
			if id, err := Register(t.Context(), spec, two); err != nil || id != 1 {
				t.Errorf("%s: got %d, %v", format, id, err)
			}
		}
		if _, err := Register(t.Context(), spec, append(two[:2:2], types.Column{Name: "G", Type: types.TString, Role: types.KeyColumn})); err != nil && !registry.IsIncompatible(err) {
			t.Errorf("%s: %v", format, err)
		}
	}
	client := registry.NewLocal(registry.NewStore())
	theirs := registry.Schema{Type: registry.JSON, Text: `{"type":"object","properties":{"K":{"type":"string"},"H":{"type":"string"},"email":{"type":"string"}}}`}
	if _, err := client.Register(t.Context(), "t-key", theirs); err != nil {
		t.Fatal(err)
	}
	_, err := Register(t.Context(), Spec{Format: JSONSR, Topic: "t", Registry: client, IsKey: true}, two)
	if err == nil || !strings.Contains(err.Error(), "would take from it: field email.\n") {
		t.Errorf("got %v", err)
	}
}
