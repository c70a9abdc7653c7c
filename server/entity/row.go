package entity

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"weir/engine"
	"weir/server/wire"
	"weir/types"
)

// Meta is the first line of a query's answer.
func Meta(r *engine.Rows) wire.QueryMeta {
	m := wire.QueryMeta{QueryID: optional(r.QueryID), ColumnNames: make([]string, len(r.Columns)), ColumnTypes: make([]string, len(r.Columns))}
	for i, c := range r.Columns {
		m.ColumnNames[i], m.ColumnTypes[i] = c.Name, c.Type.String()
	}
	return m
}

// Fields are the columns of rows for a WebSocket. Keys are told as in the header of an answer.
func Fields(r *engine.Rows) []wire.Field {
	columns := r.Columns
	if !r.LooksUp() {
		columns = make(types.Schema, len(r.Columns))
		for i, c := range r.Columns {
			columns[i] = types.Column{Name: c.Name, Type: c.Type}
		}
	}
	return fields(columns)
}

// Begun opens events.
func Begun(query string, columns types.Schema) wire.Begun {
	b := wire.Begun{QueryID: query, ColumnNames: []string{}, ColumnTypes: []string{}, Key: []string{}}
	for _, c := range columns {
		b.ColumnNames, b.ColumnTypes = append(b.ColumnNames, c.Name), append(b.ColumnTypes, c.Type.String())
		if c.Role == types.KeyColumn {
			b.Key = append(b.Key, c.Name)
		}
	}
	return b
}

// AppendObject writes a row as a JSON object, or its key alone.
func AppendObject(dst []byte, row []types.Value, columns types.Schema, key bool) []byte {
	dst = append(dst, '{')
	first := true
	for i, v := range row {
		if key && columns[i].Role != types.KeyColumn {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendValue(append(appendString(dst, columns[i].Name), ':'), v, columns[i].Type)
	}
	return append(dst, '}')
}

// AppendRow writes a row as a JSON array.
func AppendRow(dst []byte, row []types.Value, columns types.Schema) []byte {
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendValue(dst, v, columns[i].Type)
	}
	return append(dst, ']')
}

// AppendValue writes a value as JSON: numbers plain, times in ISO's forms (a TIME without its milliseconds), BYTES in base64, maps and
// structs as objects.
func AppendValue(dst []byte, v types.Value, t *types.Type) []byte {
	switch v.Kind() {
	case types.Null:
		return append(dst, "null"...)
	case types.Boolean, types.Integer, types.Bigint, types.Decimal:
		return types.AppendText(dst, v, t)
	case types.Double:
		if f := v.Double(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(types.AppendDouble(append(dst, '"'), f), '"')
		}
		return types.AppendDouble(dst, v.Double())
	case types.String:
		return appendString(dst, v.Str())
	case types.Bytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case types.Time:
		return append(append(append(dst, '"'), types.TimeText(v.Int()-v.Int()%1000)...), '"')
	case types.Date:
		return append(append(append(dst, '"'), types.DateText(v.Int())...), '"')
	case types.Timestamp:
		return append(append(append(dst, '"'), types.TimestampText(v.Int())...), '"')
	case types.Array:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendValue(dst, item, t.Elem)
		}
		return append(dst, ']')
	case types.Map:
		return appendMap(dst, v, t)
	case types.Struct:
		dst = append(dst, '{')
		for i, field := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, t.Fields[i].Name), ':')
			dst = AppendValue(dst, field, t.Fields[i].Type)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

func appendMap(dst []byte, v types.Value, t *types.Type) []byte {
	dst = append(dst, '{')
	pairs := v.Pairs()
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, types.Text(pairs[i], t.Key)), ':')
		dst = AppendValue(dst, pairs[i+1], t.Elem)
	}
	return append(dst, '}')
}

const hex = "0123456789abcdef"

// appendString quotes a text; what is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// Printed is a record as PRINT shows it.
func Printed(r engine.PrintedRecord) string {
	return "rowtime: " + r.Time.UTC().Format("2006/01/02 15:04:05.000") + " Z, key: " + r.Key + ", value: " + r.Value + ", partition: " + strconv.Itoa(int(r.Partition))
}
