package formats

import (
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
		return jsontext.AppendValue(dst, row[e.cols[0].from], e.cols[0].typ, jsontext.Numbers), nil
	}
	if len(e.cols) == 0 {
		return append(dst, '{', '}'), nil
	}
	for i := range e.cols {
		c := &e.cols[i]
		dst = jsontext.AppendValue(append(dst, c.lead...), row[c.from], c.typ, jsontext.Numbers)
	}
	return append(dst, '}'), nil
}
