package server

import (
	"errors"
	"net/http"
	"time"

	"weir/server/wire"
	"weir/settings"
)

func (s *Server) info(w http.ResponseWriter, r *http.Request) {
	i := s.engine.Info(r.Context())
	out := wire.ServerInfo{Version: i.Version, KafkaClusterID: i.ClusterID, ServiceID: i.ServiceID, Status: wire.StateRunning}
	if i.Claim != nil {
		out.Status = wire.StateError
		out.Failed = append(out.Failed, wire.Failure{Name: i.ServiceID, Reason: i.Claim.Error()})
	}
	for _, f := range i.Failed {
		out.Failed = append(out.Failed, wire.Failure{Name: f.Name, Reason: f.Reason})
	}
	reply(w, wire.Info{Server: out})
}

// health is GET /healthcheck: 503 while Kafka is away, and once the node carries out no statements any more. A query that does not get
// on shows in the details alone: starting the node anew would not help it.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	i := s.engine.Info(r.Context())
	h := wire.Health{Healthy: i.Kafka == nil && i.Claim == nil, State: wire.StateRunning, Details: map[string]wire.HealthDetail{
		"metastore": {Healthy: true}, "kafka": {Healthy: i.Kafka == nil}, "commandRunner": {Healthy: i.Claim == nil},
		"queries": {Healthy: len(i.Failed) == 0},
	}}
	status := http.StatusOK
	if !h.Healthy {
		status, h.State = http.StatusServiceUnavailable, wire.StateError
	}
	replyAs(w, status, h)
}

// statuses are the commands of the command log, which have succeeded: a failed one leaves no trace.
func (s *Server) statuses(w http.ResponseWriter, _ *http.Request) {
	out := wire.CommandStatuses{Statuses: map[string]string{}}
	for _, c := range s.engine.Commands() {
		out.Statuses[c.ID] = wire.Success
	}
	reply(w, out)
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("type") + "/" + r.PathValue("entity") + "/" + r.PathValue("action")
	for _, c := range s.engine.Commands() {
		if c.ID == id {
			reply(w, wire.StatusOf(c.Message, c.QueryID))
			return
		}
	}
	reply(w, wire.Generic(wire.NotFound, "Command not found: "+id))
}

// live is GET /chc/live: the server answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) { reply(w, struct{}{}) }

// ready is GET /chc/ready: it also carries statements out.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	i := s.engine.Info(r.Context())
	if err := errors.Join(i.Kafka, i.Claim); err != nil {
		w.Header().Set("Retry-After", "10")
		reply(w, wire.Generic(wire.NotReady, "the server is not ready: "+err.Error()))
		return
	}
	reply(w, struct{}{})
}

// metadata is GET /v1/metadata.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	i := s.engine.Info(r.Context())
	reply(w, wire.Metadata{Version: i.Version, Cluster: wire.ClusterOf(i.ClusterID, i.ServiceID)})
}

// metadataID is GET /v1/metadata/id.
func (s *Server) metadataID(w http.ResponseWriter, r *http.Request) {
	i := s.engine.Info(r.Context())
	reply(w, wire.ClusterOf(i.ClusterID, i.ServiceID))
}

func (s *Server) isProperty(w http.ResponseWriter, r *http.Request) {
	if err := settings.Known(r.PathValue("property"), settings.Session); err != nil {
		reply(w, wire.Generic(wire.BadRequest, err.Error()))
		return
	}
	reply(w, true)
}

func (s *Server) clusterStatus(w http.ResponseWriter, r *http.Request) {
	reply(w, wire.ClusterStatus{Hosts: map[string]wire.HostStatus{
		r.Host: {Alive: true, LastUpdate: time.Now().UnixMilli(), ActiveStandby: map[string]any{}, StoreLags: map[string]any{}},
	}})
}
