package server

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"weir/engine"
	"weir/parser"
	"weir/server/wire"
	"weir/settings"
)

// tableChanges is GET /tables/{name}/changes.
func (s *Server) tableChanges(w http.ResponseWriter, r *http.Request) {
	s.changes(w, r, r.PathValue("name"), true)
}

// streamChanges is GET /streams/{name}/changes.
func (s *Server) streamChanges(w http.ResponseWriter, r *http.Request) {
	s.changes(w, r, r.PathValue("name"), false)
}

// queryChanges is GET /queries/{id}/changes: those of what a persistent query makes.
func (s *Server) queryChanges(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	now := s.engine.Snapshot()
	for _, q := range now.Queries() {
		if src, ok := now.Source(q.Sink); ok && strings.EqualFold(q.ID, id) {
			s.changes(w, r, src.Name, src.IsTable)
			return
		}
	}
	reply(w, wire.Generic(wire.NotFound, "There is no persistent query "+id+": SHOW QUERIES names them. A query of your own is GET /queries?sql=SELECT ..."))
}

func (s *Server) changes(w http.ResponseWriter, r *http.Request, name string, table bool) {
	o := engine.ChangesOf{Name: name, Table: table, Principal: principal(r)}
	params, err := readParams(r, "from", "after")
	if err == nil {
		if o.From, err = engine.ReadPlace(params["from"], table); err != nil {
			err = wire.Generic(wire.BadRequest, err.Error())
		}
	}
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	if o.After = params["after"]; r.Header.Get("Last-Event-ID") != "" {
		o.After = r.Header.Get("Last-Event-ID")
	}
	s.follow(w, r, func(as framing, send func(feed)) error {
		c, err := s.engine.Changes(r.Context(), o)
		if err != nil {
			return refusal(err)
		}
		send(changesFeed(c, as))
		return nil
	})
}

// refusal is why there are no changes of something; no statement has been given.
func refusal(err error) error {
	e, ok := errors.AsType[*engine.Error](err)
	switch {
	case ok && e.Kind == engine.Limited:
		return wire.Generic(wire.TooManyRequests, e.Error())
	case ok && e.Kind == engine.NotFound:
		return wire.Generic(wire.NotFound, e.Error())
	case ok:
		return wire.Generic(wire.BadRequest, e.Error())
	}
	return err
}

// events is GET /queries?sql=SELECT ...: other parameters are properties, such as auto.offset.reset=earliest.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	params, err := readParams(r)
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	in := script{text: params["sql"], session: session(r)}
	delete(params, "sql")
	if strings.TrimSpace(in.text) == "" {
		reply(w, wire.Generic(wire.BadRequest, "the request holds no SQL: expected /queries?sql=SELECT ..., as a URL writes it"))
		return
	}
	if !strings.HasSuffix(strings.TrimSpace(in.text), ";") {
		in.text += ";"
	}
	if in.session.Properties, err = settings.Read(params, settings.Session); err != nil {
		reply(w, wire.Generic(wire.BadRequest, err.Error()))
		return
	}
	s.queryEvents(w, r, in)
}

// queryEvents answers a query with events.
func (s *Server) queryEvents(w http.ResponseWriter, r *http.Request, in script) {
	list, err := s.engine.Validate(in.session, in.text)
	if err == nil {
		err = s.mayStream(list, array{})
	}
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	s.follow(w, r, func(as framing, send func(feed)) error {
		return s.engine.Execute(r.Context(), in.session, in.text, func(_ parser.Stmt, res engine.Result) error {
			if rows, ok := res.(*engine.Rows); ok {
				send(eventFeed(rows, as))
			}
			return nil
		})
	})
}

// readParams reads what stands in the URL; names are those that there are, or none for any.
func readParams(r *http.Request, names ...string) (map[string]string, error) {
	out := map[string]string{}
	for name, values := range r.URL.Query() {
		if len(values) > 1 {
			return nil, wire.Generic(wire.BadRequest, fmt.Sprintf("the parameter %s is there %d times", name, len(values)))
		}
		if len(names) > 0 && !slices.Contains(names, name) {
			return nil, wire.Generic(wire.BadRequest, "there is no parameter '"+name+"' here; there are "+strings.Join(names, " and "))
		}
		out[name] = values[0]
	}
	return out, nil
}

// follow answers with events, over a WebSocket where the client asks for one. What is opened ends with the client.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, open func(as framing, send func(feed)) error) {
	if !s.enter(w) {
		return
	}
	defer s.leave()
	if isUpgrade(r) {
		s.socket(w, r, open)
		return
	}
	begun := false
	err := open(sse{}, func(src feed) {
		defer src.close()
		begun = true
		h := w.Header()
		h.Set("Content-Type", wire.Events)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Accel-Buffering", "no") // of nginx
		if r.Method == http.MethodHead {
			return
		}
		s.tell(r, pump(r.Context(), respond(w, r, wire.Events, s.opts.WriteTimeout), metered(src, principal(r)), s.flow()))
	})
	if err != nil && !begun { // what fails later has been told in the stream
		reply(w, failure(err, nil))
	}
}
