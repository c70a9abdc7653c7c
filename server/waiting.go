package server

import (
	"net/http"

	"weir/server/wire"
)

// Waiting answers while a node waits for Kafka at its start, and has no engine yet: /info, what asks for its health, and that nothing else can be done. It tells nothing
// that a login would be needed for.
func Waiting(version, serviceID string) http.Handler {
	health := wire.Health{State: wire.StateWaiting, Details: map[string]wire.HealthDetail{
		"metastore": {}, "kafka": {}, "commandRunner": {}, "queries": {Healthy: true},
	}}
	later := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "10")
		reply(w, wire.Generic(wire.NotReady, "the server is not ready: it waits for Kafka, which is away; its log tells why"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/info", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, wire.Info{Server: wire.ServerInfo{Version: version, ServiceID: serviceID, Status: wire.StateWaiting}})
	}))
	mux.HandleFunc("/healthcheck", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { replyAs(w, http.StatusServiceUnavailable, health) }))
	mux.HandleFunc("/chc/live", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { reply(w, struct{}{}) }))
	mux.HandleFunc("/", later)
	return mux
}
