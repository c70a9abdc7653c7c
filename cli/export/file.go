// Package export writes the rows of a query to a file of the user's: CSV, JSON lines or Parquet. Rows come as the HTTP API has them, so that those of an
// engine in this process and of a server make the same file.
package export

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"weir/answer"
	"weir/disk"
	"weir/server/wire"
)

// Stdout is the name that stands for the standard output.
const Stdout = "-"

// File takes the rows of one query. It is a display of answers, so that whatever shows rows writes files. Commit or Discard it.
type File struct {
	path    string
	options Options
	whole   *disk.Whole // nil where rows go to the standard output
	size    counter
	buf     *bufio.Writer
	packed  *gzip.Writer // nil where it is not packed
	rows    rowWriter    // nil before the names of the columns are known
	n       int64
	told    func(rows, bytes int64)
}

// rowWriter writes rows in one format.
type rowWriter interface {
	// row takes the values of a row, one for each column, as JSON.
	row(values []json.RawMessage, size int) error
	// end writes what stands behind the last row.
	end() error
}

// counter counts what goes through.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// Create begins a file. A path of Stdout stands for stdout. told, where it is not nil, is called from time to time with what has been taken.
func Create(path string, o Options, stdout io.Writer, told func(rows, bytes int64)) (*File, error) {
	if path == "" {
		return nil, errors.New("the name of the file is empty")
	}
	f := &File{path: path, options: o, told: told}
	if path == Stdout {
		f.size.to = stdout
	} else {
		whole, err := disk.Create(path, o.Overwrite)
		if err != nil {
			return nil, f.cannot(err)
		}
		f.whole, f.size.to = whole, whole
	}
	f.buf = bufio.NewWriterSize(&f.size, 64<<10)
	return f, nil
}

// cannot is an error of the file's.
func (f *File) cannot(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name another file, or say OVERWRITE=TRUE (weir export --force) to replace it", f.path)
	}
	return fmt.Errorf("cannot write %s: %w", f.path, err)
}

// out is where a format writes.
func (f *File) out() io.Writer {
	if f.options.Compression == "gzip" && f.options.Format != Parquet {
		f.packed = gzip.NewWriter(f.buf)
		return f.packed
	}
	return f.buf
}

// Header begins the rows.
func (f *File) Header(meta wire.QueryMeta) (err error) {
	if f.rows != nil {
		return errors.New("the answer has two headers")
	}
	switch f.options.Format {
	case Parquet:
		f.rows, err = newParquet(f.buf, meta, f.options)
	case JSONL:
		f.rows, err = newObjects(f.out(), meta.ColumnNames), nil
	case CSV:
		f.rows, err = newCSV(f.out(), meta.ColumnNames, f.options)
	}
	return err
}

// toldEvery is how many rows come between two calls of told.
const toldEvery = 1000

// Row writes one row: a JSON array. Of a row that left a table all columns are null that are not of its key.
func (f *File) Row(columns json.RawMessage, _ bool) error {
	if f.rows == nil {
		return errors.New("a row came before the names of its columns")
	}
	var values []json.RawMessage
	if err := json.Unmarshal(columns, &values); err != nil {
		return fmt.Errorf("a row is not an array: %w", err)
	}
	if err := f.rows.row(values, len(columns)); err != nil {
		return f.wrong(err)
	}
	if f.n++; f.n%toldEvery == 0 && f.told != nil {
		f.told(f.n, f.size.n)
	}
	return nil
}

// wrong tells a value that does not fit from a file that can't be written.
func (f *File) wrong(err error) error {
	if _, ok := errors.AsType[*valueError](err); ok {
		return fmt.Errorf("row %d of %s: %w", f.n+1, f.path, err)
	}
	return f.cannot(err)
}

// End implements a display: the file is complete with Commit.
func (*File) End() error { return nil }

// Line refuses what is no row.
func (f *File) Line(text string) error {
	return fmt.Errorf("the answer is not made of rows: %.200s", text)
}

// Entity implements a display: rows have none.
func (*File) Entity(answer.Entity) error { return nil }

// Message implements a display: that a query has ended goes without saying.
func (*File) Message(string) error { return nil }

// Commit has the file in its place, with all rows that it was given, and tells how many they are and how many bytes it has.
func (f *File) Commit() (rows, bytes int64, err error) {
	if f.rows == nil {
		return 0, 0, errors.Join(errors.New("the query gave no columns"), f.Discard())
	}
	err = f.rows.end()
	if f.packed != nil && err == nil {
		err = f.packed.Close()
	}
	if err == nil {
		err = f.buf.Flush()
	}
	switch {
	case err != nil:
		return 0, 0, errors.Join(f.cannot(err), f.Discard())
	case f.whole == nil:
		return f.n, f.size.n, nil
	}
	if err := f.whole.Commit(); err != nil {
		return 0, 0, f.cannot(err)
	}
	return f.n, f.size.n, nil
}

// Rows is how many rows the file was given.
func (f *File) Rows() int64 { return f.n }

// Discard leaves nothing of the file; what went to the standard output stays there.
func (f *File) Discard() error {
	if f.whole == nil {
		return f.buf.Flush()
	}
	return f.whole.Discard()
}
