package file

import "bytes"

// csvField returns the n-th field of a row, from 1, without its quotes. scratch is used where quotes have to be taken out.
func csvField(row []byte, n int, delim byte, scratch []byte) (field []byte, ok bool) {
	for i := 1; ; i++ {
		var rest []byte
		var more bool
		if len(row) > 0 && row[0] == '"' {
			field, rest, more = quotedField(row[1:], delim, scratch[:0])
		} else {
			field, rest, more = bytes.Cut(row, []byte{delim})
		}
		if i == n {
			return field, true
		}
		if !more {
			return nil, false
		}
		row = rest
	}
}

// quotedField reads a field after its opening quote.
func quotedField(s []byte, delim byte, out []byte) (field, rest []byte, more bool) {
	plain := true
	for {
		i := bytes.IndexByte(s, '"')
		if i < 0 { // not closed, which the cutting of rows has seen to
			return append(out, s...), nil, false
		}
		if i+1 < len(s) && s[i+1] == '"' {
			out = append(out, s[:i+1]...)
			s, plain = s[i+2:], false
			continue
		}
		tail, after, found := bytes.Cut(s[i+1:], []byte{delim})
		if plain && len(tail) == 0 {
			return s[:i], after, found
		}
		return append(append(out, s[:i]...), tail...), after, found
	}
}

// csvNames are the columns of a header.
func csvNames(row []byte, delim byte) []string {
	var out []string
	for n := 1; ; n++ {
		f, ok := csvField(row, n, delim, nil)
		if !ok {
			return out
		}
		out = append(out, string(bytes.TrimSpace(f)))
	}
}
