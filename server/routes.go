package server

import (
	"net/http"
	"strings"

	"weir/server/wire"
)

// route is an endpoint. docs/rest.md has all of them: a test compares.
type route struct {
	method, path string
	serve        http.HandlerFunc
	body         bound
}

// bound is what the size of a body is held to.
type bound uint8

const (
	whole bound = iota // to the limit of a request
	lines              // each of its lines to that limit, since it goes on
)

func (s *Server) table() []route {
	return []route{
		{"POST", "/sql", s.sql, whole},
		{"POST", "/ksql", s.statements, whole},
		{"POST", "/ksql/terminate", s.terminate, whole},
		{"POST", "/import", s.imports, whole},
		{"POST", "/query", s.query, whole},
		{"POST", "/query-stream", s.queryStream, whole},
		{"POST", "/close-query", s.closeQuery, whole},
		{"POST", "/inserts-stream", s.insertsStream, lines},
		{"GET", "/ws/query", s.socketQuery, whole},
		{"POST", "/topics/{topic}", s.post, whole},
		{"GET", "/queries", s.events, whole},
		{"GET", "/queries/{id}/changes", s.queryChanges, whole},
		{"GET", "/tables/{name}/changes", s.tableChanges, whole},
		{"GET", "/streams/{name}/changes", s.streamChanges, whole},
		{"GET", "/info", s.info, whole},
		{"GET", "/healthcheck", s.health, whole},
		{"GET", "/chc/live", s.live, whole},
		{"GET", "/chc/ready", s.ready, whole},
		{"GET", "/status", s.statuses, whole},
		{"GET", "/status/{type}/{entity}/{action}", s.status, whole},
		{"GET", "/is_valid_property/{property}", s.isProperty, whole},
		{"GET", "/clusterStatus", s.clusterStatus, whole},
		{"GET", "/v1/metadata", s.metadata, whole},
		{"GET", "/v1/metadata/id", s.metadataID, whole},
		{"GET", "/metrics", s.metricsHandler().ServeHTTP, whole},
	}
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range s.table() {
		serve := only(r.method, r.serve)
		if r.body == whole {
			serve = s.bounded(serve)
		}
		mux.HandleFunc(r.path, serve)
	}
	if s.opts.Files != nil {
		mux.Handle("/", s.opts.Files)
		return mux
	}
	mux.HandleFunc("/", nothing)
	mux.HandleFunc("/{$}", only(http.MethodGet, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/info", http.StatusTemporaryRedirect)
	}))
	return mux
}

func nothing(w http.ResponseWriter, r *http.Request) {
	reply(w, wire.Generic(wire.NotFound, "Not Found: there is nothing at "+r.URL.Path))
}

// bounded lets a handler read no more of the body than a request may have.
func (s *Server) bounded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, s.opts.MaxBodyBytes)
		next(w, r)
	}
}

// only refuses other methods. HEAD is GET without the body.
func only(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && !(method == http.MethodGet && r.Method == http.MethodHead) {
			w.Header().Set("Allow", method)
			reply(w, wire.Generic(wire.MethodNotAllowed, r.URL.Path+" takes "+method+", not "+strings.ToUpper(r.Method)))
			return
		}
		h(w, r)
	}
}
