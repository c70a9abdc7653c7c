package formats

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"weir/types"
)

// delimitedEncoder writes rows as lines without a line end. Fields are quoted where reading them back needs it, and, as
// ksqlDB's library does, also where a line begins with anything but a letter or a digit.
type delimitedEncoder struct {
	from  []int
	delim []byte
}

func newDelimitedEncoder(spec Spec, _ types.Schema, from []int) (Encoder, error) {
	delim, err := spec.delimiter()
	return &delimitedEncoder{from, utf8.AppendRune(nil, delim)}, err
}

// Append writes one line.
func (e *delimitedEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	for i, from := range e.from {
		if i > 0 {
			dst = append(dst, e.delim...)
		}
		if v := row[from]; !v.IsNull() {
			at := len(dst)
			dst = appendScalar(dst, v)
			if e.needsQuotes(dst[at:], i == 0) {
				dst = quote(dst, at)
			}
		}
	}
	return dst, nil
}

// appendScalar writes a scalar as text: dates and times as numbers, bytes in base64.
func appendScalar(dst []byte, v types.Value) []byte {
	switch v.Kind() {
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case types.Double:
		return types.AppendDouble(dst, v.Double())
	case types.Decimal:
		return types.AppendDecimal(dst, v)
	case types.String:
		return append(dst, v.Str()...)
	case types.Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes())
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

func (e *delimitedEncoder) needsQuotes(field []byte, first bool) bool {
	if len(field) == 0 {
		return first
	}
	c := field[0]
	alnum := c-'0' <= 9 || c|0x20-'a' < 26
	return first && !alnum || c <= '#' || field[len(field)-1] <= ' ' || bytes.ContainsAny(field, "\"\r\n") || bytes.Contains(field, e.delim)
}

// quote puts what stands from at on into double quotes.
func quote(dst []byte, at int) []byte {
	quotes := bytes.Count(dst[at:], []byte{'"'})
	n := len(dst)
	for range quotes + 2 {
		dst = append(dst, '"')
	}
	w := len(dst) - 1
	for r := n - 1; r >= at; r-- {
		w--
		dst[w] = dst[r]
		if dst[r] == '"' {
			w--
			dst[w] = '"'
		}
	}
	dst[at] = '"'
	return dst
}
