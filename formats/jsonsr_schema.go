package formats

import (
	"encoding/json"
	"fmt"

	"weir/types"
)

// The titles that Connect gives what JSON has no type for.
const (
	connectDecimal   = "org.apache.kafka.connect.data.Decimal"
	connectDate      = "org.apache.kafka.connect.data.Date"
	connectTime      = "org.apache.kafka.connect.data.Time"
	connectTimestamp = "org.apache.kafka.connect.data.Timestamp"
)

// jsonSchemaText makes the schema that ksqlDB makes of the columns: everything may be null.
func jsonSchemaText(spec Spec, cols types.Schema) (string, error) {
	var schema any
	if spec.unwrapped(cols) {
		schema = orNull(jsonSchemaOf(cols[0].Type))
	} else {
		schema = jsonObjectSchema(cols)
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return "", fmt.Errorf("the JSON schema of the columns: %w", err)
	}
	return string(text), nil
}

func orNull(schema map[string]any) map[string]any {
	return map[string]any{"oneOf": []any{map[string]any{"type": "null"}, schema}}
}

func jsonObjectSchema(cols types.Schema) map[string]any {
	properties := map[string]any{}
	for i, c := range cols {
		p := orNull(jsonSchemaOf(c.Type))
		p["connect.index"] = i
		properties[c.Name] = p
	}
	return map[string]any{"type": "object", "properties": properties}
}

func jsonSchemaOf(t *types.Type) map[string]any {
	plain := func(name, connect string) map[string]any {
		return map[string]any{"type": name, "connect.type": connect}
	}
	logical := func(name, connect, title string) map[string]any {
		m := plain(name, connect)
		m["title"], m["connect.version"] = title, 1
		return m
	}
	switch t.Kind {
	case types.Boolean:
		return map[string]any{"type": "boolean"}
	case types.Integer:
		return plain("integer", "int32")
	case types.Bigint:
		return plain("integer", "int64")
	case types.Double:
		return plain("number", "float64")
	case types.Bytes:
		return plain("string", "bytes")
	case types.Decimal:
		m := logical("number", "bytes", connectDecimal)
		m["connect.parameters"] = map[string]any{"scale": fmt.Sprint(t.Scale), "connect.decimal.precision": fmt.Sprint(t.Precision)}
		return m
	case types.Date:
		return logical("integer", "int32", connectDate)
	case types.Time:
		return logical("integer", "int32", connectTime)
	case types.Timestamp:
		return logical("integer", "int64", connectTimestamp)
	case types.Array:
		return map[string]any{"type": "array", "items": orNull(jsonSchemaOf(t.Elem))}
	case types.Map:
		return map[string]any{"type": "object", "connect.type": "map", "additionalProperties": orNull(jsonSchemaOf(t.Elem))}
	case types.Struct:
		return jsonObjectSchema(fieldsOf(t))
	}
	return map[string]any{"type": "string"}
}
