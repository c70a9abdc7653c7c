package server

import (
	"net/http"
	"regexp"

	"weir/server/wire"
)

// terminate is POST /ksql/terminate: all that statements have made is dropped, and the topics that are named are deleted. The server stops then.
func (s *Server) terminate(w http.ResponseWriter, r *http.Request) {
	if s.opts.Tenants != nil {
		reply(w, wire.Generic(wire.Forbidden, "several principals share this server, so none may end it for all: stop the process, and weir reset deletes what it has"))
		return
	}
	var body wire.TerminateRequest
	data, err := s.readBody(r)
	if err == nil && len(data) > 0 {
		err = parseJSON(data, &body)
	}
	var topics []*regexp.Regexp
	for _, text := range body.DeleteTopics {
		p, wrong := regexp.Compile("^(?:" + text + ")$")
		if wrong != nil {
			err = wire.Generic(wire.BadRequest, "Invalid pattern: "+text+": "+wrong.Error())
			break
		}
		topics = append(topics, p)
	}
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	last, err := s.engine.Clear(r.Context(), session(r), topics)
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	reply(w, wire.Entities{wire.Of(&wire.Status{
		CommandID: "cluster/TerminateCluster/terminate", Status: wire.StatusOf("Cluster terminated.", ""), Sequence: last,
	}, "TERMINATE CLUSTER;")})
	if s.opts.Terminated != nil {
		s.opts.Terminated()
	}
}
