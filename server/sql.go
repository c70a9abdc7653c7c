package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
	"weir/settings"
)

// file is what is sent to /sql: statements as a person writes them.
type file struct {
	name    string // as errors call it; empty for none
	text    string
	width   int // columns of the terminal that shows the answer; 0 for as many as it takes
	session *engine.Session
}

// sql is POST /sql: statements as they are, answered as a person reads them, or in a format for programs. A file is carried out whole or not at all,
// as far as that can be. A query may stand last.
func (s *Server) sql(w http.ResponseWriter, r *http.Request) {
	form, err := formOf(r)
	if err != nil {
		reply(w, err)
		return
	}
	in, err := s.readFile(w, r)
	if err != nil {
		form.refuse(w, failure(err, nil))
		return
	}
	list, err := s.engine.Validate(in.session, in.text)
	if err == nil {
		err = form.takes(list)
	}
	if err != nil {
		form.refuse(w, in.failure(err, true))
		return
	}
	if streams(list[len(list)-1]) {
		if !s.enter(w) {
			return
		}
		defer s.leave()
	}
	answered := form.answers(in, len(list) > 1)
	var open engine.Result // what the query that stands last has begun
	err = s.engine.ExecuteWhole(r.Context(), in.session, in.text, func(stmt parser.Stmt, res engine.Result) error {
		switch res.(type) {
		case *engine.Rows, *engine.Printed:
			open = res
			if len(list) > 1 {
				answered.title(stmt)
			}
			return nil
		default: // it is there whole
		}
		return answered.add(stmt, res)
	})
	if err != nil {
		refuseLimit(w, err)
		form.refuse(w, in.failure(err, false))
		return
	}
	if open == nil {
		answered.reply(w)
		return
	}
	src := form.feed(open, in, answered)
	defer src.close()
	h := w.Header()
	h.Set("Content-Type", src.media)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	failed := cutAtFailure(&src)
	s.tell(r, pump(r.Context(), respond(w, r, src.media, s.opts.WriteTimeout), src.metered(principal(r)), s.flow()))
	if *failed {
		panic(http.ErrAbortHandler) // the client shall not take what it has for the whole
	}
}

// readFile reads what is sent to /sql, and its parameters: those that are none of its own are properties.
func (s *Server) readFile(w http.ResponseWriter, r *http.Request) (file, error) {
	in := file{session: session(r)}
	media := ""
	if given := r.Header.Get("Content-Type"); given != "" {
		var err error
		if media, _, err = mime.ParseMediaType(given); err != nil {
			media = given
		}
	}
	if media != "" && media != wire.SQL && media != wire.Text {
		w.Header().Set("Accept-Post", wire.SQL+", "+wire.Text)
		return in, wire.Generic(wire.UnsupportedMedia, fmt.Sprintf("/sql takes SQL as it is, not %s: send it with the header 'Content-Type: %s'", media, wire.SQL))
	}
	params, err := readParams(r)
	if err != nil {
		return in, err
	}
	in.name = params["file"]
	if text, ok := params["width"]; ok {
		if in.width, err = strconv.Atoi(text); err != nil || in.width < 0 {
			return in, wire.Generic(wire.BadRequest, "width: expected a number of columns, got '"+text+"'")
		}
	}
	delete(params, "file")
	delete(params, "width")
	read, err := settings.Read(params, settings.Session)
	if err != nil {
		return in, wire.Generic(wire.BadRequest, err.Error())
	}
	maps.Copy(in.session.Properties, read)
	data, err := s.readBody(r)
	if err != nil {
		return in, err
	}
	in.text = string(data)
	if strings.TrimSpace(in.text) == "" {
		return in, wire.Generic(wire.BadRequest, "the request holds no SQL: send statements as its body, as by: curl --data-binary @file.sql -H 'Content-Type: application/sql' URL/sql")
	}
	if p := parser.Split(in.text); p.Open == parser.InStatement && len(p.Statements) == 0 {
		in.text += "\n;" // one statement alone, as it is typed
	}
	return in, nil
}

// failure is an error with its place in the file, and what became of the file.
func (in *file) failure(err error, before bool) *wire.Error {
	e := failure(err, nil)
	if of, ok := errors.AsType[*engine.Error](err); ok {
		e.Message = of.Masked().Told(in.name)
	}
	half, begun := errors.AsType[*engine.HalfDone](err)
	switch {
	case begun:
		e.Message += "\n" + half.Account(in.name)
		e.Undone, e.Stands = deeds(half.Undone), deeds(half.Stands)
	case (before || !inDoubt(err)) && in.several():
		e.Message += "\nNothing of it has been carried out."
	}
	return e
}

// inDoubt says whether it may not be known what became of the statement that failed.
func inDoubt(err error) bool {
	of, ok := errors.AsType[*engine.Error](err)
	return !ok || of.Kind == engine.System || of.Err != nil && errors.Is(of.Err, context.Canceled)
}

// several says whether it is more than one statement.
func (in *file) several() bool {
	p := parser.Split(in.text)
	return len(p.Statements) > 1 || len(p.Statements) == 1 && p.Open != parser.Complete
}

func deeds(list []engine.Deed) []wire.Deed {
	var out []wire.Deed
	for _, d := range list {
		out = append(out, wire.Deed{Line: d.Stmt.Pos.Line, Column: d.Stmt.Pos.Col, StatementText: d.Stmt.Masked(), Reason: d.Why})
	}
	return out
}

// takes sees that statements can be answered in a form.
func (f form) takes(list []parser.Stmt) error {
	if len(list) == 0 {
		return wire.Generic(wire.BadRequest, "the request holds no statement")
	}
	last := list[len(list)-1]
	for _, stmt := range list[:len(list)-1] {
		if streams(stmt) {
			return &engine.Error{Stmt: stmt.Text, Pos: stmt.Pos, Msg: "a query stands last in what is sent, and there are statements behind this one: send them before it, or by themselves"}
		}
	}
	_, prints := last.Node.(*ast.Print)
	switch {
	case prints && f.format != tabular:
		return wire.Statement(wire.NotAcceptable, "PRINT answers with lines: ask for "+wire.Text, last.Text, nil)
	case f.media == wire.Events && !streams(last):
		return wire.Statement(wire.NotAcceptable, wire.Events+" is for rows, and there is no SELECT at the end: ask for "+wire.Text+" or "+wire.JSON, last.Masked(), nil)
	}
	return nil
}
