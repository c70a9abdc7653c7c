package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"weir/engine"
	"weir/server/entity"
	"weir/server/wire"
)

// shape is how rows are written. Each method appends to a buffer.
type shape interface {
	media() string
	// open is called before all else; what it can't write is told as an answer of its own.
	open(r *engine.Rows) error
	begin(dst []byte, r *engine.Rows) []byte
	row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error)
	fail(dst []byte, e *wire.Error) []byte
	end(dst []byte, r *engine.Rows, rows int64) []byte
}

// delimited is one JSON value per line: the columns, then the rows. Of a table whose key has gone there is a row of that key: see appendRow.
type delimited struct{}

func (delimited) media() string { return wire.Delimited }

func (delimited) open(*engine.Rows) error { return nil }

func (delimited) begin(dst []byte, r *engine.Rows) []byte {
	return append(appendJSON(dst, entity.Meta(r)), '\n')
}

func (delimited) row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error) {
	return append(appendRow(dst, r, row), '\n'), nil
}

func (delimited) fail(dst []byte, e *wire.Error) []byte { return append(appendJSON(dst, e), '\n') }

func (delimited) end(dst []byte, _ *engine.Rows, _ int64) []byte { return dst }

// gone stands behind the columns of a row whose key has gone. Clients of ksqlDB go by the names of columns, and so don't mind it; they take an object
// in place of a row for a header, or an error.
const gone = `,{"tombstone":true}]`

// appendRow writes a row as an array.
func appendRow(dst []byte, r *engine.Rows, row engine.Row) []byte {
	dst = entity.AppendRow(dst, row.Values, r.Columns)
	if row.Tombstone {
		dst = append(dst[:len(dst)-1], gone...)
	}
	return dst
}

// array is the same in one JSON array.
type array struct{}

func (array) media() string { return wire.JSON }

func (array) open(*engine.Rows) error { return nil }

func (array) begin(dst []byte, r *engine.Rows) []byte {
	return appendJSON(append(dst, '['), entity.Meta(r))
}

func (array) row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error) {
	return appendRow(append(dst, ",\n"...), r, row), nil
}

func (array) fail(dst []byte, e *wire.Error) []byte {
	return append(appendJSON(append(dst, ",\n"...), e), "]\n"...)
}

func (array) end(dst []byte, _ *engine.Rows, _ int64) []byte { return append(dst, "]\n"...) }

// streamed is the shape of /query: an array of objects, the last of which may be a message.
type streamed struct{}

func (streamed) media() string { return wire.Streamed }

func (streamed) open(*engine.Rows) error { return nil }

func (streamed) begin(dst []byte, r *engine.Rows) []byte {
	schema := r.Columns.RowString()
	if r.LooksUp() {
		schema = r.Columns.String()
	}
	return appendJSON(append(dst, '['), wire.StreamedRow{Header: &wire.Header{QueryID: r.QueryID, Schema: schema}})
}

func (streamed) row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error) {
	return appendStreamed(append(dst, ",\n"...), r, row), nil
}

// appendStreamed writes a row as an object.
func appendStreamed(dst []byte, r *engine.Rows, row engine.Row) []byte {
	dst = entity.AppendRow(append(dst, "{\"row\":{\"columns\":"...), row.Values, r.Columns)
	if row.Tombstone {
		dst = append(dst, `,"tombstone":true`...)
	}
	return append(dst, "}}"...)
}

func (streamed) fail(dst []byte, e *wire.Error) []byte {
	return append(appendJSON(append(dst, ",\n"...), wire.StreamedRow{ErrorMessage: e}), "]\n"...)
}

func (streamed) end(dst []byte, r *engine.Rows, rows int64) []byte {
	switch {
	case r.LooksUp():
	case r.Limit >= 0 && rows >= r.Limit:
		dst = appendJSON(append(dst, ",\n"...), wire.StreamedRow{FinalMessage: wire.LimitReached})
	default:
		dst = appendJSON(append(dst, ",\n"...), wire.StreamedRow{FinalMessage: wire.QueryCompleted})
	}
	return append(dst, "]\n"...)
}

func appendJSON(dst []byte, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // only values that JSON lacks, and there are none in these types
		data = []byte("null")
	}
	return append(dst, data...)
}

// feed is a stream of text for a client.
type feed struct {
	media string
	begin []byte
	// next appends the next piece; the error ends the stream, io.EOF or another one.
	next func(ctx context.Context, dst []byte) ([]byte, error)
	// beat appends what keeps the connection alive while there is nothing else; nil where that is not needed.
	beat func(dst []byte) []byte
	// end appends what comes last, after an error other than io.EOF too.
	end   func(dst []byte, err error) []byte
	close func()
	whole bool // all of it is there
}

// source makes a feed of rows or printed records; nil for other results.
func source(res engine.Result, as shape) (*feed, error) {
	switch r := res.(type) {
	case *engine.Rows:
		if err := as.open(r); err != nil {
			r.Close()
			return nil, err
		}
		return rowFeed(r, as), nil
	case *engine.Printed:
		return printFeed(r), nil
	default: // about these alone
	}
	return nil, nil
}

func rowFeed(r *engine.Rows, as shape) *feed {
	rows := int64(0)
	return &feed{
		media: as.media(), close: r.Close, whole: r.Whole,
		begin: as.begin(nil, r),
		next: func(ctx context.Context, dst []byte) ([]byte, error) {
			row, err := r.Next(ctx)
			if err != nil {
				return dst, err
			}
			rows++
			return as.row(dst, r, row)
		},
		end: func(dst []byte, err error) []byte {
			if !errors.Is(err, io.EOF) {
				return as.fail(dst, failure(err, nil))
			}
			return as.end(dst, r, rows)
		},
	}
}

// printFeed writes records as lines, after the formats that they seem to have; these are told again when they change.
func printFeed(p *engine.Printed) *feed {
	formats := ""
	return &feed{
		media: wire.Delimited, close: p.Close,
		next: func(ctx context.Context, dst []byte) ([]byte, error) {
			rec, err := p.Next(ctx)
			if err != nil {
				return dst, err
			}
			if now := "Key format: " + p.KeyFormat() + "\nValue format: " + p.ValueFormat() + "\n"; now != formats {
				formats = now
				dst = append(dst, now...)
			}
			return append(append(dst, entity.Printed(rec)...), '\n'), nil
		},
		end: func(dst []byte, err error) []byte {
			if errors.Is(err, io.EOF) {
				return dst
			}
			return append(appendJSON(dst, failure(err, nil)), '\n')
		},
	}
}
