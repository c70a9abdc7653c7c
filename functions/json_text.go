package functions

import (
	"encoding/base64"
	"math"
	"strconv"

	"weir/formats/jsontext"
	"weir/types"
)

// appendJSON writes a value as JSON for people: dates and times as text.
func appendJSON(dst []byte, v types.Value, t *types.Type) []byte {
	switch v.Kind() {
	case types.Null:
		return append(dst, "null"...)
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case types.Integer, types.Bigint:
		return strconv.AppendInt(dst, v.Int(), 10)
	case types.Decimal:
		return types.AppendDecimal(dst, v)
	case types.Double:
		if f := v.Double(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(types.AppendDouble(append(dst, '"'), f), '"')
		}
		return types.AppendDouble(dst, v.Double())
	case types.Bytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case types.Array:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, item, t.Elem)
		}
		return append(dst, ']')
	case types.Map:
		dst = append(dst, '{')
		pairs := v.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendString(dst, types.Text(pairs[i], t.Key)), ':')
			dst = appendJSON(dst, pairs[i+1], t.Elem)
		}
		return append(dst, '}')
	case types.Struct:
		dst = append(dst, '{')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendString(dst, t.Fields[i].Name), ':')
			dst = appendJSON(dst, item, t.Fields[i].Type)
		}
		return append(dst, '}')
	}
	return jsontext.AppendString(dst, types.Text(v, t))
}
