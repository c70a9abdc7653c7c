package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"weir/connectors/connector"
	"weir/parser/suggest"
)

// reading is an open file.
type reading struct {
	st   *fileState
	f    *os.File
	gz   bool
	rows *rows
	head head
	base []byte
}

// head recognises a file by how it begins.
type head struct {
	Len int    `json:"len"`
	CRC uint32 `json:"crc"`

	bytes []byte
}

const headBytes = 256

func (h head) len() int { return h.Len }

// continues tells whether a file that begins with h can be the one that once began with was.
func (h head) continues(was head) bool {
	return len(h.bytes) >= was.Len && crc32.ChecksumIEEE(h.bytes[:was.Len]) == was.CRC
}

func readHead(f *os.File) (head, error) {
	b := make([]byte, headBytes)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return head{}, err
	}
	return head{Len: n, CRC: crc32.ChecksumIEEE(b[:n]), bytes: b[:n]}, nil
}

func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, `*?[`) }

// match lists the files that the path names, sorted.
func (s *source) match() ([]string, error) {
	p := s.opts.pattern
	if _, err := os.Stat(p); err == nil { // a name with * in it is still a name
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			return nil, connector.Userf("%s is a directory: name the files in it, such as %s", p, filepath.Join(p, "*"))
		}
		return []string{p}, nil
	} else if !hasMeta(p) && !s.opts.follow {
		return nil, s.openError(p, err)
	}
	found, err := filepath.Glob(p)
	if err != nil {
		return nil, connector.Userf("'%s' is not a pattern for file names: %w", p, err)
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !info.Mode().IsRegular()
	})
	if len(found) == 0 && !s.opts.follow {
		return nil, connector.Userf("no file matches %s", p)
	}
	return found, nil
}

func (s *source) openError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return connector.Userf("there is no file %s", path)
	case errors.Is(err, fs.ErrPermission):
		return connector.Userf("no permission to read %s", path)
	}
	return connector.Userf("cannot read %s: %w", path, err)
}

// open opens a file at an offset of what it unpacks to.
func (s *source) open(st *fileState, offset int64) (*reading, error) {
	if err := s.within(st.Path); err != nil {
		return nil, err
	}
	f, err := os.Open(st.Path)
	if err != nil {
		return nil, s.openError(st.Path, err)
	}
	r := &reading{st: st, f: f, base: []byte(filepath.Base(st.Path))}
	if r.head, err = readHead(f); err != nil {
		r.close()
		return nil, s.openError(st.Path, err)
	}
	in, err := r.unpack(offset, s.opts.format == formatBytes)
	if err != nil {
		r.close()
		return nil, err
	}
	r.rows = &rows{r: in, whole: s.opts.format == formatBytes, msgpack: s.opts.format == formatMsgpack, csv: s.opts.format == "csv", delim: s.opts.delim, skip: s.opts.format != "lines", partial: !s.opts.follow, max: s.opts.maxLine, offset: offset}
	if offset > 0 {
		r.rows.lines = st.Line
	}
	return r, nil
}

// unpack returns a reader that starts at offset. What is read as it is is not unpacked.
func (r *reading) unpack(offset int64, asItIs bool) (io.Reader, error) {
	if asItIs {
		_, err := r.f.Seek(offset, io.SeekStart)
		return r.f, err
	}
	r.gz = bytes.HasPrefix(r.head.bytes, []byte{0x1f, 0x8b})
	if !r.gz {
		if strings.EqualFold(filepath.Ext(r.st.Path), ".gz") {
			return nil, connector.Userf("%s is not a gzip file, though its name ends in .gz", r.st.Path)
		}
		_, err := r.f.Seek(offset, io.SeekStart)
		return r.f, err
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(r.f, 1<<16))
	if err != nil {
		return nil, r.fail(err)
	}
	if _, err := io.CopyN(io.Discard, z, offset); err != nil {
		return nil, r.fail(err)
	}
	return z, nil
}

func (r *reading) close() { r.f.Close() }

// at says that an error is about the row that is next to be emitted.
func (r *reading) at(err error) error {
	return fmt.Errorf("%s, row %d: %w", r.st.Path, r.st.Row+1, err)
}

// fail explains an error of reading.
func (r *reading) fail(err error) error {
	what := "line"
	if r.rows != nil && r.rows.msgpack {
		what = "value"
	}
	switch {
	case r.gz && (errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || corrupt(err)):
		return connector.Userf("%s is a damaged gzip file: %w", r.st.Path, err)
	case errors.Is(err, errTooLong):
		return connector.Userf("%s, %s %d: %w; 'max.line.bytes' sets the limit, and topics have one of their own", r.st.Path, what, r.rows.lines+1, err)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot read %s: %w", r.st.Path, err)
	}
	if r.rows != nil {
		return connector.Userf("%s, %s %d: %w", r.st.Path, what, r.rows.lines+1, err)
	}
	return connector.Userf("%s: %w", r.st.Path, err)
}

func corrupt(err error) bool { return strings.Contains(err.Error(), "flate:") }

// columns are the numbers of CSV columns, from 1; 0 where there is none.
type columns struct{ key, time int }

// columns finds the columns that are given by name in the file's header.
func (s *source) columns(st *fileState) (columns, error) {
	c := columns{s.opts.key.column, s.opts.time.column}
	if !s.needsNames() {
		return c, nil
	}
	r, err := s.open(st, 0)
	if err != nil {
		return c, err
	}
	defer r.close()
	row, err := r.rows.next()
	if errors.Is(err, io.EOF) {
		return c, nil // an empty file has no rows either
	}
	if err != nil {
		return c, r.fail(err)
	}
	return s.named(st, row)
}

func (s *source) needsNames() bool {
	byName := func(sel selector) bool { return sel.name != "" && sel.column == 0 }
	return s.opts.format == "csv" && s.opts.header && (byName(s.opts.key) || byName(s.opts.time))
}

// named looks columns up in a header.
func (s *source) named(st *fileState, header []byte) (columns, error) {
	c := columns{s.opts.key.column, s.opts.time.column}
	names := csvNames(header, s.opts.delim)
	for _, want := range []struct {
		sel selector
		at  *int
	}{{s.opts.key, &c.key}, {s.opts.time, &c.time}} {
		if want.sel.name == "" || *want.at > 0 {
			continue
		}
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, want.sel.name) })
		if i < 0 {
			hint := ""
			if near, ok := suggest.Suggest(want.sel.name, names); ok {
				hint = fmt.Sprintf(" (did you mean '%s'?)", near)
			}
			return c, connector.Userf("%s has no column '%s'%s. Its columns are: %s", st.Path, want.sel.name, hint, strings.Join(names, ", "))
		}
		*want.at = i + 1
	}
	return c, nil
}
