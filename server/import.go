package server

import (
	"fmt"
	"net/http"

	"weir/engine"
	"weir/server/wire"
)

// imports is POST /import: it says what becomes of the statements of another system, and carries them out where it is to.
func (s *Server) imports(w http.ResponseWriter, r *http.Request) {
	var body wire.ImportRequest
	if err := s.readJSON(r, &body); err != nil {
		reply(w, failure(err, nil))
		return
	}
	in, err := importOf(body)
	if err != nil {
		reply(w, err)
		return
	}
	report, failed := s.engine.Import(r.Context(), session(r), in)
	if failed != nil {
		reply(w, failure(failed, nil))
		return
	}
	out := wire.ImportReport{Statements: []wire.Imported{}, Created: report.Created, Blocked: report.Blocked, Running: report.Running}
	for _, one := range report.Statements {
		out.Statements = append(out.Statements, wire.Imported{Verdict: string(one.Verdict), QueryID: one.QueryID, Begins: one.Begins,
			Differences: one.Differences, Reason: one.Reason, Do: one.Do, Created: one.Created})
	}
	reply(w, out)
}

func importOf(body wire.ImportRequest) (engine.Import, *wire.Error) {
	in := engine.Import{Stateful: engine.Stateful(body.Stateful), Apply: body.Apply, SkipRefused: body.SkipRefused, WhileRunning: body.WhileRunning}
	switch body.Begin {
	case "", wire.BeginGroup:
	case wire.BeginStart:
		in.FromStart = true
	default:
		return in, wire.Generic(wire.BadRequest, fmt.Sprintf("begin: expected %q or %q, got %q", wire.BeginGroup, wire.BeginStart, body.Begin))
	}
	switch in.Stateful {
	case engine.Undecided, engine.Rebuild, engine.Continue:
	default:
		return in, wire.Generic(wire.BadRequest, fmt.Sprintf("stateful: expected %q or %q, got %q", engine.Rebuild, engine.Continue, body.Stateful))
	}
	for i, f := range body.Statements {
		switch f.Reset {
		case "", "earliest", "latest":
		default:
			return in, wire.Generic(wire.BadRequest, fmt.Sprintf("statements[%d].reset: expected earliest or latest, got %q", i, f.Reset))
		}
		in.Statements = append(in.Statements, engine.Foreign{Text: f.SQL, Properties: f.Properties, QueryID: f.QueryID, Group: f.Group, Reset: f.Reset, Schema: f.Schema, Paused: f.Paused, Ended: f.Ended})
	}
	return in, nil
}
