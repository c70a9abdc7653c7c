package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"weir/answer"
	"weir/engine"
	"weir/parser"
	"weir/server/entity"
	"weir/server/render"
	"weir/server/wire"
)

// form is how /sql answers.
type form struct {
	media  string
	format render.Format
}

const tabular = render.Tabular

// forms are those that there are, in the order in which they are offered; a wildcard is the first one that it fits.
var forms = []form{
	{wire.Text, tabular},
	{wire.JSON, render.JSON},
	{wire.CSV, render.CSV},
	{wire.Lines, render.JSONL},
	{wire.NDJSON, render.JSONL},
	{wire.Events, render.JSON},
}

// formOf is the first form that a client asks for and that there is. The error is a *wire.Error.
func formOf(r *http.Request) (form, error) {
	asked := accepted(r)
	if len(r.Header.Values("Accept")) == 0 {
		asked = []string{"*/*"}
	}
	for _, media := range asked {
		for _, f := range forms {
			if kind, any := strings.CutSuffix(media, "*"); f.media == media || media == "*/*" || any && strings.HasPrefix(f.media, kind) {
				return f, nil
			}
		}
	}
	var offered []string
	for _, f := range forms {
		offered = append(offered, f.media)
	}
	return form{}, wire.Generic(wire.NotAcceptable, fmt.Sprintf("/sql can't answer as '%s': ask for %s or %s",
		strings.Join(r.Header.Values("Accept"), ", "), strings.Join(offered[:len(offered)-1], ", "), offered[len(offered)-1]))
}

// written is the Content-Type of what is written in the form.
func (f form) written() string {
	if strings.HasPrefix(f.media, "text/") && f.media != wire.Events {
		return f.media + "; charset=utf-8"
	}
	return f.media
}

// refuse answers with an error: as text to people, and to programs as all others.
func (f form) refuse(w http.ResponseWriter, e *wire.Error) {
	if f.format != tabular {
		reply(w, e)
		return
	}
	f.write(w, e.Code.Status(), []byte(e.Message+"\n"))
}

func (f form) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", f.written())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error here is the client's connection
}

// answers gathers what the statements of a file answer that is there whole.
type answers struct {
	form
	several bool // statements: then each is told with its beginning
	list    wire.Entities
	text    bytes.Buffer
	printer render.Printer
}

func (f form) answers(in file, several bool) *answers {
	a := &answers{form: f, several: several, list: wire.Entities{}}
	a.printer = render.Printer{Out: &a.text, Format: f.format, Columns: in.columns}
	return a
}

// unbounded is a terminal that is as wide as any row.
const unbounded = 1 << 20

// columns is how wide rows may be.
func (in *file) columns() int {
	if in.width == 0 {
		return unbounded
	}
	return in.width
}

const (
	titleWidth = 38 // of a statement's beginning, beside which its answer stands
	lineWidth  = 78 // of one that has a line of its own
)

func (a *answers) add(stmt parser.Stmt, res engine.Result) error {
	e := entity.Of(stmt, res)
	if a.format == render.JSON {
		if e != nil {
			a.list = append(a.list, e)
		}
		return nil
	}
	done, isDone := res.(*engine.Done)
	switch {
	case a.format != tabular && e == nil:
		return nil
	case a.format != tabular:
		return a.printer.Entity(e)
	case isDone && a.several:
		text := strings.ReplaceAll(told(done, e), "\n", "\n"+strings.Repeat(" ", titleWidth+2))
		_, err := fmt.Fprintf(&a.text, "%-*s  %s\n", titleWidth, stmt.Short(titleWidth), text)
		return err
	case isDone:
		return a.printer.Message(told(done, e))
	case !a.several:
		return a.printer.Entity(e)
	}
	a.title(stmt)
	return a.printer.Entity(e)
}

// title stands above what takes several lines.
func (a *answers) title(stmt parser.Stmt) {
	if a.text.Len() > 0 {
		a.text.WriteByte('\n')
	}
	a.text.WriteString(stmt.Short(lineWidth) + "\n")
}

// told is what was done, in a line, and what else is to be known of it.
func told(done *engine.Done, e answer.Entity) string {
	switch {
	case done.Message != "":
		return strings.Join(append([]string{done.Message}, done.Notes...), "\n")
	case done.Warning != "":
		return done.Warning
	case e != nil:
		return strings.TrimSpace(render.Entity(e, 0))
	}
	return "done"
}

func (a *answers) reply(w http.ResponseWriter) {
	if a.format == render.JSON {
		reply(w, a.list)
		return
	}
	a.write(w, http.StatusOK, a.text.Bytes())
}

// feed is what a query that stands last gives, behind what was answered before it: people read both, programs the rows alone.
func (f form) feed(res engine.Result, in file, before *answers) sqlFeed {
	switch r := res.(type) {
	case *engine.Printed:
		src := *printFeed(r)
		src.media, src.begin = f.written(), slices.Concat(before.text.Bytes(), src.begin)
		return sqlFeed{feed: src}
	case *engine.Rows:
		switch {
		case f.media == wire.Events:
			src := eventFeed(r, sse{})
			src.media = wire.Events
			return sqlFeed{feed: src, events: true}
		case f.format == render.JSON:
			return sqlFeed{feed: *rowFeed(r, &objects{})}
		}
		one := new(single)
		src := *rowFeed(r, one)
		src.media, src.begin = f.written(), nil
		if f.format == tabular {
			src.begin = before.text.Bytes()
		}
		return sqlFeed{feed: src, lay: &layer{rows: r, form: f, one: one, columns: in.columns}}
	default: // there are no others
	}
	return sqlFeed{feed: feed{close: func() {}, next: func(_ context.Context, dst []byte) ([]byte, error) { return dst, io.EOF }}}
}
