package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"weir/engine"
	"weir/server/entity"
	"weir/server/render"
	"weir/server/wire"
	"weir/tenants"
)

// sqlFeed is a feed of /sql, with what lays its rows out; nil where they are written as they come.
type sqlFeed struct {
	feed
	lay    *layer
	events bool // a failure is an event
}

// cutAtFailure has a feed note that it ended by an error.
func cutAtFailure(src *sqlFeed) *bool {
	failed := new(bool)
	if end := src.end; end != nil && !src.events {
		src.end = func(dst []byte, err error) []byte {
			*failed = !errors.Is(err, io.EOF)
			return end(dst, err)
		}
	}
	return failed
}

// metered is the feed with its rows counted for a principal, and laid out.
func (f sqlFeed) metered(p *tenants.Principal) feed {
	src := metered(f.feed, p)
	if f.lay == nil {
		return src
	}
	return f.lay.over(src)
}

// objects writes rows as one array of objects.
type objects struct{ behind bool }

func (*objects) media() string { return wire.JSON }

func (*objects) open(*engine.Rows) error { return nil }

func (*objects) begin(dst []byte, _ *engine.Rows) []byte { return append(dst, '[') }

func (o *objects) next(dst []byte) []byte {
	if o.behind {
		dst = append(dst, ",\n"...)
	}
	o.behind = true
	return dst
}

func (o *objects) row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error) {
	return entity.AppendObject(o.next(dst), row.Values, r.Columns, false), nil
}

func (o *objects) fail(dst []byte, e *wire.Error) []byte {
	return append(appendJSON(o.next(dst), e), "]\n"...)
}

func (*objects) end(dst []byte, _ *engine.Rows, _ int64) []byte { return append(dst, "]\n"...) }

// single gives rows one by one, each an array, to who lays them out; it is told beside them that one has left its table.
type single struct{ gone bool }

func (*single) media() string { return wire.Text }

func (*single) open(*engine.Rows) error { return nil }

func (*single) begin(dst []byte, _ *engine.Rows) []byte { return dst }

func (s *single) row(dst []byte, r *engine.Rows, row engine.Row) ([]byte, error) {
	s.gone = row.Tombstone
	return entity.AppendRow(dst, row.Values, r.Columns), nil
}

func (*single) fail(dst []byte, e *wire.Error) []byte { return append(dst, e.Message...) }

func (*single) end(dst []byte, _ *engine.Rows, _ int64) []byte { return dst }

// rowsWait is how long rows for people wait for others that come with them, so that they are laid out together.
const rowsWait = 50 * time.Millisecond

// layer lays rows out.
type layer struct {
	rows *engine.Rows
	form
	one     *single
	columns func() int
	printer render.Printer
	text    bytes.Buffer
	row     []byte
	ended   error // what the rows ended with, told once all before has been taken
}

// over is a feed of text over one of single rows.
func (l *layer) over(src feed) feed {
	l.printer = render.Printer{Out: &l.text, Format: l.format, Columns: l.columns}
	_ = l.printer.Header(entity.Meta(l.rows)) // a buffer takes all
	inner, end := src.next, src.end
	src.next = func(ctx context.Context, dst []byte) ([]byte, error) { return l.next(ctx, dst, inner) }
	src.end = func(dst []byte, err error) []byte { return l.end(dst, err, end) }
	return src
}

// next is the text of the rows that come together: the first one is waited for, and the others a moment.
func (l *layer) next(ctx context.Context, dst []byte, inner func(context.Context, []byte) ([]byte, error)) ([]byte, error) {
	if l.ended != nil {
		return dst, l.ended
	}
	var err error
	if l.row, err = inner(ctx, l.row[:0]); err != nil {
		return dst, err
	}
	together, cancel := context.WithTimeout(ctx, rowsWait)
	defer cancel()
	for {
		if err := l.printer.Row(l.row, l.one.gone); err != nil {
			return dst, err
		}
		if l.format != tabular || l.text.Len() > 0 { // nothing to be laid out together, or it was as much as goes at once
			break
		}
		if l.row, err = inner(together, l.row[:0]); err == nil {
			continue
		}
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			l.ended = err
		}
		break
	}
	err = l.printer.Flush()
	return l.take(dst), err
}

func (l *layer) take(dst []byte) []byte {
	dst = append(dst, l.text.Bytes()...)
	l.text.Reset()
	return dst
}

// end tells how many rows there were, or what went wrong. CSV has no room for that.
func (l *layer) end(dst []byte, err error, inner func([]byte, error) []byte) []byte {
	if errors.Is(err, io.EOF) {
		_ = l.printer.End()
		return inner(l.take(dst), err)
	}
	_ = l.printer.Flush()
	dst = l.take(dst)
	switch failed := inner(nil, err); l.format {
	case render.CSV:
	case render.JSONL:
		dst = append(appendJSON(dst, failure(err, nil)), '\n')
	case render.Tabular, render.Vertical, render.JSON:
		dst = append(append(append(dst, "Error: "...), failed...), '\n')
	}
	return dst
}
