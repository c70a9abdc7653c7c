package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// rows cuts a stream of bytes into rows.
type rows struct {
	r       io.Reader
	whole   bool // all there is is one row
	msgpack bool // rows are MessagePack values
	csv     bool
	delim   byte
	skip    bool // empty lines are no rows
	partial bool // the last row may lack its line break
	max     int

	buf      []byte
	from, to int   // what of buf is not cut yet
	offset   int64 // of from in the stream
	lines    int64 // line breaks before from, or values
	eof      bool
}

var errTooLong = errors.New("too long")

// next returns the next row without its line break; it is good until the next call. At the end of what there is, the error is io.EOF; more
// may come later.
func (r *rows) next() ([]byte, error) {
	if r.whole {
		return r.all()
	}
	if r.msgpack {
		return r.value()
	}
	for {
		row, size, err := r.cut()
		if err != nil {
			return nil, err
		}
		r.lines += int64(bytes.Count(r.buf[r.from:r.from+size], newline))
		r.from += size
		r.offset += int64(size)
		if r.offset == int64(size) {
			row = bytes.TrimPrefix(row, bom)
		}
		if len(row) > 0 || !r.skip {
			return row, nil
		}
	}
}

var (
	newline = []byte{'\n'}
	bom     = []byte("\xef\xbb\xbf")
)

// cut finds the next row, and how many bytes it takes with its line break.
func (r *rows) cut() (row []byte, size int, err error) {
	var q quotes
	for searched := 0; ; {
		rest := r.buf[r.from+searched : r.to]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line := rest[:i]
			searched += i + 1
			if r.csv && q.open(line, r.delim) {
				continue
			}
			if searched-1 > r.max {
				return nil, 0, r.tooLong()
			}
			return bytes.TrimSuffix(r.buf[r.from:r.from+searched-1], carriage), searched, nil
		}
		if r.eof {
			return r.last(q, rest)
		}
		// What is searched stays searched: a CSV row is only looked at line by line.
		if r.to-r.from > r.max+1 {
			return nil, 0, r.tooLong()
		}
		if err := r.fill(); err != nil {
			return nil, 0, err
		}
	}
}

// all is everything up to the end; an empty file has no row.
func (r *rows) all() ([]byte, error) {
	for !r.eof {
		if r.to-r.from > r.max {
			return nil, fmt.Errorf("the file is longer than %d bytes: %w", r.max, errTooLong)
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	row := r.buf[r.from:r.to]
	r.from = r.to
	r.offset += int64(len(row))
	switch {
	case len(row) == 0:
		return nil, io.EOF
	case len(row) > r.max:
		return nil, fmt.Errorf("the file is longer than %d bytes: %w", r.max, errTooLong)
	}
	return row, nil
}

var carriage = []byte{'\r'}

// last is what follows the last line break.
func (r *rows) last(q quotes, rest []byte) ([]byte, int, error) {
	r.eof = false // the file may grow
	size := r.to - r.from
	if size == 0 || !r.partial {
		return nil, 0, io.EOF
	}
	if r.csv && q.open(rest, r.delim) {
		return nil, 0, errors.New("a quote is not closed before the end of the file")
	}
	if size > r.max {
		return nil, 0, r.tooLong()
	}
	return bytes.TrimSuffix(r.buf[r.from:r.to], carriage), size, nil
}

func (r *rows) tooLong() error {
	what := "the row"
	if r.csv {
		what = "the row, or a quoted field that isn't closed,"
	}
	return fmt.Errorf("%s is longer than %d bytes: %w", what, r.max, errTooLong)
}

// fill reads more. Rows handed out before become invalid.
func (r *rows) fill() error {
	const first = 256 << 10
	if r.buf == nil {
		r.buf = make([]byte, first)
	}
	if r.from > 0 {
		copy(r.buf, r.buf[r.from:r.to])
		r.from, r.to = 0, r.to-r.from
	}
	if r.to == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.r.Read(r.buf[r.to:])
	r.to += n
	if errors.Is(err, io.EOF) {
		r.eof = true
		return nil
	}
	return err
}

// quotes follows the quotes of one CSV row over its lines.
type quotes struct{ inside bool }

// open takes the next line and tells whether it ends within quotes. A quote opens only at the start of a field, so that a stray one, as
// in 5" pipe, does no harm.
func (q *quotes) open(line []byte, delim byte) bool {
	if !q.inside && bytes.IndexByte(line, '"') < 0 {
		return false
	}
	for i := 0; i < len(line); {
		if !q.inside {
			if line[i] == '"' {
				q.inside = true
				i++
				continue
			}
			next := bytes.IndexByte(line[i:], delim)
			if next < 0 {
				return false
			}
			i += next + 1
			continue
		}
		end := bytes.IndexByte(line[i:], '"')
		if end < 0 {
			return true
		}
		i += end + 1
		if i < len(line) && line[i] == '"' {
			i++ // two quotes stand for one
			continue
		}
		q.inside = false
		next := bytes.IndexByte(line[i:], delim)
		if next < 0 {
			return false
		}
		i += next + 1
	}
	return q.inside
}
