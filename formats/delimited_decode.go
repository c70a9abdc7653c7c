package formats

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"weir/types"
)

// delimitedDecoder reads one line with a delimiter between the columns; a field may stand in double quotes, in which a
// double quote is written twice. An empty field is NULL. The line end, if any, is dropped.
type delimitedDecoder struct {
	arena
	cols   types.Schema
	wanted []int
	delim  []byte
}

func newDelimitedDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	delim, err := spec.delimiter()
	return &delimitedDecoder{cols: cols, wanted: wanted, delim: utf8.AppendRune(nil, delim)}, err
}

// Reset takes back the text given out so far.
func (d *delimitedDecoder) Reset() { d.reset() }

// Decode reads one line. Fields of unwanted columns are counted, but not looked into.
func (d *delimitedDecoder) Decode(data []byte, dst []types.Value) error {
	line := data
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if len(line) == 0 && len(d.cols) > 1 {
		return &Error{Format: Delimited, Offset: -1, Want: fmt.Sprintf("%d fields", len(d.cols)), Got: "an empty line"}
	}
	oneLine := bytes.IndexByte(line, '\n') < 0
	n := 0
	for at := 0; ; n++ {
		field, end, quoted, err := d.field(line, at, oneLine)
		if err != nil {
			return err
		}
		if n < len(d.cols) && d.wanted[n] >= 0 {
			if err := d.set(&dst[d.wanted[n]], field, quoted, n, at); err != nil {
				return err
			}
		}
		if end >= len(line) {
			break
		}
		at = end + len(d.delim)
	}
	if n++; n != len(d.cols) {
		return fmt.Errorf("Unexpected field count, csvFields:%d schemaFields:%d line: %s", n, len(d.cols), excerpt(data))
	}
	return nil
}

// field reads the field that begins at at; end is where the delimiter or the line's end is.
func (d *delimitedDecoder) field(line []byte, at int, oneLine bool) (field []byte, end int, quoted bool, err error) {
	if at < len(line) && line[at] == '"' {
		field, end, err = d.quoted(line, at)
		return field, end, true, err
	}
	end = d.fieldEnd(line, at)
	field = line[at:end]
	if !oneLine && bytes.IndexByte(field, '\n') >= 0 {
		err = &Error{Format: Delimited, Offset: at, Want: "one line per record", Got: excerpt(field)}
	}
	return field, end, false, err
}

func (d *delimitedDecoder) fieldEnd(line []byte, at int) int {
	var n int
	if len(d.delim) == 1 {
		n = bytes.IndexByte(line[at:], d.delim[0])
	} else {
		n = bytes.Index(line[at:], d.delim)
	}
	if n < 0 {
		return len(line)
	}
	return at + n
}

// set reads a field. An empty one is NULL; in quotes it is an empty text.
func (d *delimitedDecoder) set(slot *types.Value, field []byte, quoted bool, n, at int) error {
	c := &d.cols[n]
	if len(field) == 0 && !(quoted && (c.Type.Kind == types.String || c.Type.Kind == types.Bytes)) {
		*slot = types.NullValue
		return nil
	}
	v, err := d.scalarOfText(field, c.Type)
	if err == nil && c.Type.Kind == types.String && !utf8.Valid(field) {
		err = errNotText
	}
	if err != nil {
		return &Error{Format: Delimited, Column: c.Name, Offset: at, Want: wants(c.Type), Got: excerpt(field)}
	}
	*slot = v
	return nil
}

// quoted reads the field whose opening quote is at at; end is where the delimiter or the line's end is.
func (d *delimitedDecoder) quoted(line []byte, at int) (field []byte, end int, err error) {
	doubled := false
	end = at + 1
	for {
		q := bytes.IndexByte(line[end:], '"')
		if q < 0 {
			return nil, 0, &Error{Format: Delimited, Offset: at, Want: "a double quote that ends the field", Got: excerpt(line[at:])}
		}
		end += q + 1
		if end >= len(line) || line[end] != '"' {
			break
		}
		doubled = true
		end++
	}
	field = line[at+1 : end-1]
	if doubled {
		field = d.single(field)
	}
	for end < len(line) && line[end] == ' ' && !bytes.HasPrefix(line[end:], d.delim) {
		end++
	}
	if end < len(line) && !bytes.HasPrefix(line[end:], d.delim) {
		return nil, 0, &Error{Format: Delimited, Offset: end, Want: "a delimiter behind the closing quote", Got: excerpt(line[end:])}
	}
	return field, end, nil
}

// single writes quotes that stand twice once.
func (d *delimitedDecoder) single(field []byte) []byte {
	out := d.room(len(field))
	for {
		q := bytes.IndexByte(field, '"')
		if q < 0 {
			return append(out, field...)
		}
		out = append(out, field[:q+1]...)
		field = field[q+2:]
	}
}
