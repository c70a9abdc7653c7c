package formats

import (
	"bytes"
	"unicode/utf8"
)

// DelimitedFields takes a line of DELIMITED apart, as the format reads it, for who knows of no columns. Quotes around a field are gone.
func DelimitedFields(line []byte, delim rune) ([]string, error) {
	if !utf8.Valid(line) {
		return nil, &Error{Format: Delimited, Offset: -1, Want: "text in UTF-8", Got: excerpt(line)}
	}
	line = bytes.TrimRight(line, "\r\n")
	d := &delimitedDecoder{delim: utf8.AppendRune(nil, delim)}
	oneLine := bytes.IndexByte(line, '\n') < 0
	var out []string
	for at := 0; ; {
		field, end, _, err := d.field(line, at, oneLine)
		if err != nil {
			return nil, err
		}
		out = append(out, string(field))
		if end >= len(line) {
			return out, nil
		}
		at = end + len(d.delim)
	}
}
