package formats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/registry"
	"weir/types"
)

// TestInferErrors pins what ksqlDB says of schemas that columns can't be taken from.
func TestInferErrors(t *testing.T) {
	client := registry.NewLocal(registry.NewStore())
	two, err := client.Register(context.Background(), "two-key", registry.Schema{Type: registry.Protobuf, Text: `syntax = "proto3"; message A { int32 i = 1; } message B { int32 j = 1; }`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Register(context.Background(), "union-value", registry.Schema{Text: `{"name":"r","type":"record","fields":[{"name":"u","type":["int","string"]}]}`}); err != nil {
		t.Fatal(err)
	}
	missing := 99
	for want, spec := range map[string]Spec{
		"Schema for message values on topic 'none' does not exist in the Schema Registry.\nSubject: none-value\n":                                    {Format: Avro, Topic: "none"},
		"Schema for message keys on topic 'none' does not exist in the Schema Registry.\nSubject: none-key\nSchema Id: 99\n":                         {Format: Avro, Topic: "none", IsKey: true, SchemaID: &missing},
		"Key schema is not in the expected format. You may want to set KEY_FORMAT to 'PROTOBUF'.\ntopic: two\nexpected format: AVRO\nactual":         {Format: Avro, Topic: "two", IsKey: true},
		"Unable to verify if the value schema for topic: union is compatible with ksqlDB.\nReason: schema ":                                          {Format: Avro, Topic: "union"},
		"Key schema has multiple schema definitions.\n\n- A\n- B\n\nPlease specify a schema full name in the WITH clause using KEY_SCHEMA_FULL_NAME": {Format: Protobuf, Topic: "two", IsKey: true, SchemaID: &two.ID},
	} {
		spec.Registry = client
		cols, err := Infer(context.Background(), spec)
		if err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if several := (*SeveralError)(nil); errors.As(err, &several) && cols.String() != "`i` INTEGER KEY" {
			t.Errorf("the first definition: %s", cols)
		}
	}
	if cols, err := Infer(context.Background(), Spec{Format: Protobuf, Topic: "two", IsKey: true, FullName: "B", Registry: client}); err != nil || cols.String() != "`J` INTEGER KEY" {
		t.Errorf("by name: %s, %v", cols, err)
	}
}

// TestIncompatible tells how to write with the schema that somebody else registered.
func TestIncompatible(t *testing.T) {
	client := registry.NewLocal(registry.NewStore())
	theirs, err := client.Register(context.Background(), "t-value", registry.Schema{Text: `{"name":"r","type":"record","fields":[{"name":"A","type":"int"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Register(context.Background(), Spec{Format: Avro, Topic: "t", Registry: client}, types.Schema{{Name: "A", Type: types.TInteger}})
	if want := fmt.Sprintf("set VALUE_SCHEMA_ID=%d in the WITH clause", theirs.ID); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}
