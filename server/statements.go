package server

import (
	"net/http"

	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/entity"
	"weir/server/wire"
)

// statements is POST /ksql: all are checked first, then carried out in order until one fails.
func (s *Server) statements(w http.ResponseWriter, r *http.Request) {
	in, ok := s.script(w, r)
	if !ok {
		return
	}
	list, err := s.engine.Validate(in.session, in.text)
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	for _, stmt := range list {
		if streams(stmt) {
			reply(w, wire.Statement(wire.WrongEndpoint, "SELECT and PRINT answer with a stream: send them to /query-stream or /query", stmt.Text, nil))
			return
		}
	}
	out := wire.Entities{}
	err = s.engine.Execute(r.Context(), in.session, in.text, func(stmt parser.Stmt, res engine.Result) error {
		if e := entity.Of(stmt, res); e != nil {
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		refuseLimit(w, err)
		reply(w, failure(err, out))
		return
	}
	reply(w, out)
}

// streams tells the statements that answer with a stream.
func streams(stmt parser.Stmt) bool {
	switch stmt.Node.(type) {
	case *ast.Query, *ast.Print:
		return true
	default: // about these alone
	}
	return false
}
