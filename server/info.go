package server

import (
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

// commands are the statements in force, as commands that have succeeded: a failed one leaves no trace.
func (s *Server) commands() map[string]string {
	out := map[string]string{}
	for _, src := range s.engine.Snapshot().Sources() {
		out[src.Kind()+"/`"+src.Name+"`/create"] = wire.Success
	}
	return out
}

func (s *Server) statuses(w http.ResponseWriter, _ *http.Request) {
	reply(w, wire.CommandStatuses{Statuses: s.commands()})
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("type") + "/" + r.PathValue("entity") + "/" + r.PathValue("action")
	status, ok := s.commands()[id]
	if !ok {
		reply(w, wire.Generic(wire.NotFound, "Command not found: "+id))
		return
	}
	reply(w, wire.CommandStatus{Status: status, Message: ""})
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
