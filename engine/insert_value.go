package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"weir/types"
)

// valueOf makes a value of a type of JSON that was read with its numbers as written. What does not fit is refused.
func valueOf(given any, t *types.Type) (types.Value, error) {
	switch v := given.(type) {
	case nil:
		return types.NullValue, nil
	case bool:
		if t.Kind == types.Boolean {
			return types.BoolValue(v), nil
		}
	case json.Number:
		return numberOf(v, t)
	case string:
		return textOf(v, t)
	case []any:
		return arrayOf(v, t)
	case map[string]any:
		switch t.Kind {
		case types.Map:
			return mapOf(v, t)
		case types.Struct:
			return structOf(v, t)
		default: // no other is written as an object
		}
	}
	return types.NullValue, notOf(given, t)
}

// notOf says that JSON is not of a type.
func notOf(given any, t *types.Type) error {
	text := fmt.Sprintf("%.80v", given)
	switch given.(type) {
	case []any:
		text = "an array"
	case map[string]any:
		text = "an object"
	}
	return fmt.Errorf("Can't coerce a field of type %s (%s) into type %s", jsonKind(given), text, t)
}

func jsonKind(given any) string {
	switch given.(type) {
	case bool:
		return "BOOLEAN"
	case json.Number:
		return "NUMBER"
	case string:
		return "STRING"
	case []any:
		return "ARRAY"
	}
	return "OBJECT"
}

func numberOf(v json.Number, t *types.Type) (types.Value, error) {
	switch t.Kind {
	case types.Integer:
		if n, err := strconv.ParseInt(v.String(), 10, 32); err == nil {
			return types.IntValue(int32(n)), nil
		}
	case types.Bigint:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return types.BigintValue(n), nil
		}
	case types.Double:
		if f, err := v.Float64(); err == nil {
			return types.DoubleValue(f), nil
		}
	case types.Decimal:
		return decimalOf(v.String(), t)
	default: // no other is a number
	}
	return types.NullValue, notOf(v, t)
}

func decimalOf(text string, t *types.Type) (types.Value, error) {
	d, err := types.ParseDecimal(text)
	if err != nil {
		return d, err
	}
	return types.FitDecimal(d, t)
}

func textOf(v string, t *types.Type) (types.Value, error) {
	var n int64
	var err error
	switch t.Kind {
	case types.String:
		return types.StringValue(v), nil
	case types.Decimal:
		return decimalOf(v, t)
	case types.Bytes:
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return types.NullValue, fmt.Errorf("BYTES are written in base64: %w", err)
		}
		return types.BytesValue(raw), nil
	case types.Timestamp:
		n, err = types.ParseTimestamp(v)
	case types.Date:
		n, err = types.ParseDate(v)
	case types.Time:
		n, err = types.ParseTime(v)
	default:
		return types.NullValue, notOf(v, t)
	}
	return types.NumberValue(t.Kind, n), err
}

func arrayOf(v []any, t *types.Type) (types.Value, error) {
	if t.Kind != types.Array {
		return types.NullValue, notOf(v, t)
	}
	items := make([]types.Value, len(v))
	for i := range v {
		var err error
		if items[i], err = valueOf(v[i], t.Elem); err != nil {
			return types.NullValue, fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return types.ArrayValue(items), nil
}

func mapOf(v map[string]any, t *types.Type) (types.Value, error) {
	pairs := make([]types.Value, 0, 2*len(v))
	cast, err := types.NewExactCaster(types.TString, t.Key)
	if err != nil {
		return types.NullValue, err
	}
	for name, given := range v {
		key, err := cast(types.StringValue(name))
		if err != nil {
			return types.NullValue, err
		}
		value, err := valueOf(given, t.Elem)
		if err != nil {
			return types.NullValue, fmt.Errorf("entry %q: %w", name, err)
		}
		pairs = append(pairs, key, value)
	}
	return types.MapValue(pairs), nil
}

func structOf(v map[string]any, t *types.Type) (types.Value, error) {
	given := make(map[string]any, len(v))
	for name, x := range v {
		given[identifier(name)] = x
	}
	fields := make([]types.Value, len(t.Fields))
	for i, f := range t.Fields {
		var err error
		if fields[i], err = valueOf(given[f.Name], f.Type); err != nil {
			return types.NullValue, fmt.Errorf("field %s: %w", types.QuoteName(f.Name), err)
		}
	}
	return types.StructValue(fields), nil
}
