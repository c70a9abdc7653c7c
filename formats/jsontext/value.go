package jsontext

import (
	"encoding/base64"
	"math"
	"strconv"

	"weir/types"
)

// Temporal says how dates and times are written.
type Temporal uint8

// The ways to write dates and times.
const (
	Numbers Temporal = iota // DATE in days, TIME and TIMESTAMP in milliseconds, as in records
	Text                    // in quotes, as people write them
)

// AppendValue writes a value of the type: DECIMAL with all its digits, BYTES in base64, NaN and infinities as strings, MAPs
// and STRUCTs as objects, in which a NULL is null.
func AppendValue(dst []byte, v types.Value, t *types.Type, temporal Temporal) []byte {
	switch v.Kind() {
	case types.Null:
		return append(dst, "null"...)
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case types.Double:
		f := v.Double()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(types.AppendDouble(append(dst, '"'), f), '"')
		}
		return types.AppendDouble(dst, f)
	case types.Decimal:
		return types.AppendDecimal(dst, v)
	case types.String:
		return AppendString(dst, v.Str())
	case types.Bytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case types.Array:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendValue(dst, item, t.Elem, temporal)
		}
		return append(dst, ']')
	case types.Map:
		dst = append(dst, '{')
		pairs := v.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendKey(dst, pairs[i], t.Key), ':')
			dst = AppendValue(dst, pairs[i+1], t.Elem, temporal)
		}
		return append(dst, '}')
	case types.Struct:
		dst = append(dst, '{')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, t.Fields[i].Name), ':')
			dst = AppendValue(dst, item, t.Fields[i].Type, temporal)
		}
		return append(dst, '}')
	case types.Time, types.Date, types.Timestamp:
		if temporal == Text {
			return AppendString(dst, types.Text(v, t))
		}
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

// appendKey writes the key of a map: always text.
func appendKey(dst []byte, key types.Value, t *types.Type) []byte {
	if key.Kind() == types.String {
		return AppendString(dst, key.Str())
	}
	return AppendString(dst, types.Text(key, t))
}
