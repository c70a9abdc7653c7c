package server

import (
	"net/http"

	"weir/server/wire"
)

// imports is POST /import: it says what becomes of the statements of another system, and carries them out where it is to.
func (s *Server) imports(w http.ResponseWriter, r *http.Request) {
	var body wire.ImportRequest
	if err := s.readJSON(r, &body); err != nil {
		reply(w, failure(err, nil))
		return
	}
	in, wrong := body.Import()
	if wrong != nil {
		reply(w, wrong)
		return
	}
	report, err := s.engine.Import(r.Context(), session(r), in)
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	reply(w, wire.ImportReportOf(report))
}
