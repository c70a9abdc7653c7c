package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
	"weir/settings"
)

// query is POST /query, with the shape of answers of old unless another one is asked for.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	for _, media := range accepted(r) {
		switch media {
		case wire.Events:
			s.streamEvents(w, r)
			return
		case wire.Delimited:
			s.stream(w, r, delimited{})
			return
		case wire.Protobuf:
			s.stream(w, r, &packed{})
			return
		case wire.JSON, wire.Streamed, "*/*", "application/*":
			s.stream(w, r, streamed{})
			return
		}
	}
	s.stream(w, r, streamed{})
}

// queryStream is POST /query-stream.
func (s *Server) queryStream(w http.ResponseWriter, r *http.Request) {
	for _, media := range accepted(r) {
		switch media {
		case wire.Events:
			s.streamEvents(w, r)
			return
		case wire.Delimited:
			s.stream(w, r, delimited{})
			return
		case wire.Protobuf:
			s.stream(w, r, &packed{})
			return
		case wire.Streamed:
			s.stream(w, r, streamed{})
			return
		case wire.JSON:
			s.stream(w, r, array{})
			return
		}
	}
	s.stream(w, r, delimited{})
}

// streamEvents is either of them, answered with events.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request) {
	in, ok := s.script(w, r)
	if !ok {
		return
	}
	s.queryEvents(w, r, in)
}

// stream runs one SELECT or PRINT and sends its rows as they come.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, as shape) {
	in, ok := s.script(w, r)
	if !ok {
		return
	}
	list, err := s.engine.Validate(in.session, in.text)
	if err == nil {
		err = s.mayStream(list, as)
	}
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	if !s.enter(w) {
		return
	}
	defer s.leave()
	begun := false
	err = s.engine.Execute(r.Context(), in.session, in.text, func(_ parser.Stmt, res engine.Result) error {
		src, err := source(res, as)
		if src == nil {
			return err
		}
		defer src.close()
		begun = true
		w.Header().Set("Content-Type", src.media)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		s.tell(r, pump(r.Context(), respond(w, r, src.media, s.opts.WriteTimeout), metered(*src, principal(r)), s.flow()))
		return nil
	})
	if err != nil && !begun { // what fails later has been told in the stream
		reply(w, failure(err, nil))
	}
}

// enter counts an answer that goes on, if there is room for it; leave has to be called at its end.
func (s *Server) enter(w http.ResponseWriter) bool {
	select {
	case s.streams <- struct{}{}:
		return true
	default:
		w.Header().Set("Retry-After", "5")
		reply(w, wire.Generic(wire.TooManyRequests, fmt.Sprintf("%d queries are being answered, which is the limit: end one first, or raise --max-streams", s.opts.MaxStreams)))
		return false
	}
}

func (s *Server) leave() { <-s.streams }

func (s *Server) flow() flow {
	return flow{pending: s.opts.MaxPending, timeout: s.opts.WriteTimeout, heartbeat: s.opts.Heartbeat}
}

// tell says of a client that it was cut because it took nothing; any other has gone.
func (s *Server) tell(r *http.Request, err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	s.slow.Add(1)
	s.opts.Log.Warn("a client has taken nothing for a while, and was cut off: the setting "+settings.WriteTimeout.About().Name+" says how long that may be",
		"client", r.RemoteAddr, "path", r.URL.Path, "after", s.opts.WriteTimeout)
}

// mayStream expects one statement that answers with a stream; others before it may only set the session.
func (s *Server) mayStream(list []parser.Stmt, as shape) error {
	if len(list) == 0 {
		return wire.Generic(wire.BadRequest, "the request holds no statement")
	}
	last := list[len(list)-1]
	for _, stmt := range list[:len(list)-1] {
		if _, ok := stmt.Node.(ast.Setting); !ok {
			return wire.Generic(wire.BadRequest, fmt.Sprintf("Expected exactly one KSQL statement; found %d instead", len(list)))
		}
	}
	if !streams(last) {
		return wire.Statement(wire.WrongEndpoint, "this endpoint takes SELECT and PRINT: send other statements to /ksql", last.Text, nil)
	}
	if _, isPrint := last.Node.(*ast.Print); isPrint {
		switch as.(type) {
		case array, *packed:
			return wire.Generic(wire.NotAcceptable, "PRINT answers with lines: ask for "+wire.Delimited)
		}
	}
	return nil
}

// closeQuery is POST /close-query.
func (s *Server) closeQuery(w http.ResponseWriter, r *http.Request) {
	var body wire.CloseRequest
	if err := s.readJSON(r, &body); err != nil {
		reply(w, failure(err, nil))
		return
	}
	if err := s.engine.CloseQuery(body.QueryID); err != nil {
		reply(w, wire.Generic(wire.BadRequest, "No query with id "+body.QueryID))
		return
	}
	w.WriteHeader(http.StatusOK)
}
