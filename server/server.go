// Package server answers ksqlDB's REST API over an engine.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"weir/catalog"
	"weir/connectors"
	"weir/engine"
	"weir/parser"
	"weir/server/wire"
	"weir/settings"
	"weir/tenants"
)

// Engine is what the server needs of an engine.
type Engine interface {
	Execute(ctx context.Context, s *engine.Session, text string, each func(parser.Stmt, engine.Result) error) error
	ExecuteWhole(ctx context.Context, s *engine.Session, text string, each func(parser.Stmt, engine.Result) error) error
	Validate(s *engine.Session, text string) ([]parser.Stmt, error)
	CloseQuery(id string) error
	Snapshot() *catalog.Snapshot
	Queries() []engine.Query
	Connectors() *connectors.Runtime
	Info(ctx context.Context) engine.Info
	CheckPost(ctx context.Context, topic string) error
	Post(ctx context.Context, p engine.Post) (engine.Posted, error)
	Changes(ctx context.Context, o engine.ChangesOf) (*engine.Changes, error)
	Inserts(ctx context.Context, s *engine.Session, target string) (*engine.Inserts, error)
	Commands() []engine.Command
	Applied() int64
	Import(ctx context.Context, s *engine.Session, in engine.Import) (*engine.ImportReport, error)
	Clear(ctx context.Context, s *engine.Session, topics []*regexp.Regexp) (int64, error)
}

// Options are what a server is to do, and its limits. Zero values stand for the defaults, which settings has.
type Options struct {
	MaxBodyBytes   int64            // of a request
	MaxConnections int              // a few further ones learn how the server is, and nothing else
	MaxPostedBytes int64            // of records that are posted to topics, under way at the same time
	MaxStreams     int              // answers that go on, at the same time: SELECTs, PRINTs and changes, over all clients
	MaxPending     int              // bytes that may wait for each of their clients
	WriteTimeout   time.Duration    // a client that takes no rows for so long is dropped
	Heartbeat      time.Duration    // how often events say that the connection is alive
	CommandTimeout time.Duration    // how long a request waits for the command that it is to come after
	Hosts          []string         // beside this machine's own names: see OwnHosts
	Origins        []string         // whose pages may use the server, beside its own: see origins
	Tenants        *tenants.Tenants // who may use the server; nil for everybody
	Files          http.Handler     // answers what is no path of the API; nil for nothing
	TLS            *tls.Config      // nil for none: then HTTP/2 is spoken by prior knowledge
	Terminated     func()           // called once /ksql/terminate has been answered; nil where the server goes on
	Log            *slog.Logger     // nil discards
}

const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 10 * time.Minute
	maxHeaderBytes = 64 << 10
)

// Server is an http.Handler, and can listen by itself.
type Server struct {
	engine  Engine
	opts    Options
	handler http.Handler
	streams chan struct{} // one token per SELECT or PRINT that runs
	http    *http.Server
	stop    context.CancelFunc
	crowd   crowd
	posted  atomic.Int64 // bytes of posts that are under way
	slow    atomic.Int64 // clients that were cut because they took nothing
	sockets sync.WaitGroup
}

// New returns a server that does not listen yet.
func New(e Engine, o Options) *Server {
	o.MaxBodyBytes = cmp.Or(o.MaxBodyBytes, settings.MaxRequestBytes.In(nil))
	o.MaxConnections = cmp.Or(o.MaxConnections, int(settings.MaxConnections.In(nil)))
	o.MaxPostedBytes = cmp.Or(o.MaxPostedBytes, settings.MaxPostedBytes.In(nil))
	o.MaxStreams = cmp.Or(o.MaxStreams, int(settings.MaxStreams.In(nil)))
	o.MaxPending = cmp.Or(o.MaxPending, int(settings.MaxPendingBytes.In(nil)))
	o.WriteTimeout = cmp.Or(o.WriteTimeout, settings.WriteTimeout.In(nil))
	o.Heartbeat = cmp.Or(o.Heartbeat, settings.Heartbeat.In(nil))
	o.CommandTimeout = cmp.Or(o.CommandTimeout, settings.CommandTimeout.In(nil))
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{engine: e, opts: o, streams: make(chan struct{}, o.MaxStreams)}
	s.crowd.most = int64(o.MaxConnections)
	s.handler = s.crowd.admit(s.guard(origins(o.Origins, s.login(s.routes()))))
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler: s, Protocols: protocols, TLSConfig: o.TLS,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		BaseContext: func(net.Listener) context.Context { return ctx }, ConnContext: s.crowd.came, ConnState: s.crowd.state,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers requests until Shutdown; then it returns nil. HTTP/1.1 and HTTP/2 are spoken, the latter by prior knowledge, or as TLS agrees on it.
func (s *Server) Serve(ln net.Listener) error {
	s.http.Handler = OwnHosts(ln.Addr(), s.opts.Hosts, s)
	ln = netutil.LimitListener(ln, s.opts.MaxConnections+reserve)
	var err error
	if s.opts.TLS != nil {
		err = s.http.ServeTLS(ln, "", "")
	} else {
		err = s.http.Serve(ln)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown ends the streams and waits for the other requests, at most until the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	err := s.http.Shutdown(ctx)
	left := make(chan struct{})
	go func() { s.sockets.Wait(); close(left) }()
	select {
	case <-left:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	return err
}

// guard turns a panic into an answer.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.opts.Log.Error("a request failed: this is a bug", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			reply(w, wire.Generic(wire.ServerError, fmt.Sprintf("internal error: %v", v)))
		}()
		next.ServeHTTP(w, r)
	})
}
