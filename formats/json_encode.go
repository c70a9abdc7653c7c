package formats

import (
	"encoding/base64"
	"math"
	"strconv"

	"weir/formats/jsontext"
	"weir/types"
)

// jsonEncoder writes rows as JSON objects with the columns' declared names, NULLs as null, or a bare single column.
type jsonEncoder struct {
	cols   []jsonColumn
	unwrap bool
}

type jsonColumn struct {
	lead []byte // `{"NAME":` or `,"NAME":`
	typ  *types.Type
	from int
}

func newJSONEncoder(spec Spec, cols types.Schema, from []int) Encoder {
	e := &jsonEncoder{unwrap: spec.unwrapped(cols)}
	for i, c := range cols {
		lead := []byte{','}
		if i == 0 {
			lead[0] = '{'
		}
		lead = append(jsontext.AppendString(lead, c.Name), ':')
		e.cols = append(e.cols, jsonColumn{lead, c.Type, from[i]})
	}
	return e
}

// Append writes one row.
func (e *jsonEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	if e.unwrap {
		if row[e.cols[0].from].IsNull() {
			return dst, ErrNullRecord
		}
		return AppendJSON(dst, row[e.cols[0].from], e.cols[0].typ), nil
	}
	if len(e.cols) == 0 {
		return append(dst, '{', '}'), nil
	}
	for i := range e.cols {
		c := &e.cols[i]
		dst = AppendJSON(append(dst, c.lead...), row[c.from], c.typ)
	}
	return append(dst, '}'), nil
}

// AppendJSON writes one value of the type as ksqlDB writes it into a record: DECIMAL with all its digits, DATE in days,
// TIME and TIMESTAMP in milliseconds, BYTES in base64, NaN and infinities as strings.
func AppendJSON(dst []byte, v types.Value, t *types.Type) []byte {
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
		return jsontext.AppendString(dst, v.Str())
	case types.Bytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case types.Array:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, item, t.Elem)
		}
		return append(dst, ']')
	case types.Map:
		dst = append(dst, '{')
		pairs := v.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONKey(dst, pairs[i], t.Key), ':')
			dst = AppendJSON(dst, pairs[i+1], t.Elem)
		}
		return append(dst, '}')
	case types.Struct:
		dst = append(dst, '{')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendString(dst, t.Fields[i].Name), ':')
			dst = AppendJSON(dst, item, t.Fields[i].Type)
		}
		return append(dst, '}')
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

func appendJSONKey(dst []byte, key types.Value, t *types.Type) []byte {
	if key.Kind() == types.String {
		return jsontext.AppendString(dst, key.Str())
	}
	return jsontext.AppendString(dst, types.Text(key, t))
}
