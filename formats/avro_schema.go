package formats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"weir/registry"
	"weir/types"
)

// defaultRecordName is the record that ksqlDB writes.
const defaultRecordName = "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema"

// fetchAvro gets a schema by what names it in records.
func fetchAvro(ctx context.Context, client registry.Client, ref schemaRef) (avro.Schema, error) {
	s, err := fetch(ctx, client, ref, registry.Avro)
	if err != nil {
		return nil, err
	}
	return parseAvroSchema(s)
}

// parseAvroSchema parses a schema together with those that it refers to.
func parseAvroSchema(s registered) (avro.Schema, error) {
	cache := &avro.SchemaCache{}
	for _, d := range s.deps {
		if _, err := avro.ParseWithCache(d.Text, "", cache); err != nil {
			return nil, fmt.Errorf("schema %d refers to %s: %w", s.ID, d.Subject, err)
		}
	}
	parsed, err := avro.ParseWithCache(s.Text, "", cache)
	if err != nil {
		return nil, fmt.Errorf("schema %d: %w", s.ID, err)
	}
	return parsed, nil
}

// avroSchemaText makes the schema that ksqlDB makes of the columns: everything may be null, MAPs are arrays of entries.
func avroSchemaText(spec Spec, cols types.Schema) (string, error) {
	name := spec.fullName()
	if name == "" {
		name = defaultRecordName
	}
	namespace, short := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		namespace, short = name[:i], name[i+1:]
	}
	var schema any
	var err error
	if spec.unwrapped(cols) {
		if cols[0].Type.Kind == types.Struct {
			schema, err = recordSchema(short, fieldsOf(cols[0].Type))
		} else {
			schema, err = typeSchema(cols[0].Type, short)
		}
	} else {
		schema, err = recordSchema(short, cols)
	}
	if err != nil {
		return "", err
	}
	if record, ok := schema.(map[string]any); ok && record["type"] == "record" {
		record["namespace"], record["connect.name"] = namespace, name
		if namespace == "" {
			delete(record, "namespace")
		}
	}
	text, err := json.Marshal(schema)
	return string(text), err
}

func recordSchema(name string, cols types.Schema) (map[string]any, error) {
	fields := make([]any, len(cols))
	for i, c := range cols {
		if err := checkAvroName(c.Name); err != nil {
			return nil, err
		}
		t, err := typeSchema(c.Type, name+"_"+c.Name)
		if err != nil {
			return nil, err
		}
		fields[i] = map[string]any{"name": c.Name, "type": []any{"null", t}, "default": nil}
	}
	return map[string]any{"type": "record", "name": name, "fields": fields}, nil
}

// typeSchema is the schema of a type; name is for the records in it.
func typeSchema(t *types.Type, name string) (any, error) {
	logical := func(base, logicalType string) any { return map[string]any{"type": base, "logicalType": logicalType} }
	switch t.Kind {
	case types.Boolean:
		return "boolean", nil
	case types.Integer:
		return "int", nil
	case types.Bigint:
		return "long", nil
	case types.Double:
		return "double", nil
	case types.String:
		return "string", nil
	case types.Bytes:
		return "bytes", nil
	case types.Date:
		return logical("int", "date"), nil
	case types.Time:
		return logical("int", "time-millis"), nil
	case types.Timestamp:
		return logical("long", "timestamp-millis"), nil
	case types.Decimal:
		return map[string]any{"type": "bytes", "logicalType": "decimal", "precision": t.Precision, "scale": t.Scale}, nil
	case types.Array:
		elem, err := typeSchema(t.Elem, name)
		return map[string]any{"type": "array", "items": []any{"null", elem}}, err
	case types.Map:
		entry, err := recordSchema(name, types.Schema{{Name: "key", Type: t.Key}, {Name: "value", Type: t.Elem}})
		if err != nil {
			return nil, err
		}
		entry["connect.internal.type"] = "MapEntry"
		return map[string]any{"type": "array", "items": entry, "connect.internal.type": "MapEntry"}, nil
	case types.Struct:
		return recordSchema(name, fieldsOf(t))
	}
	return nil, fmt.Errorf("Avro cannot hold a column of type %s", t)
}

// checkAvroName refuses what is no name in Avro.
func checkAvroName(name string) error {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case i == 0 && !letter:
			return fmt.Errorf("Schema is not compatible with Avro: Illegal initial character: %s", name)
		case !letter && c-'0' > 9:
			return fmt.Errorf("Schema is not compatible with Avro: Illegal character in: %s", name)
		}
	}
	if name == "" {
		return errors.New("Schema is not compatible with Avro: Empty name")
	}
	return nil
}
