package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"weir/server/wire"
	"weir/settings"
)

// reserve is how many connections are taken beyond Options.MaxConnections. They learn how the server is, so that nobody takes one for dead that is
// busy; anything else is refused. Further ones wait to be accepted.
const reserve = 16

// crowd counts connections.
type crowd struct {
	open atomic.Int64
	most int64
}

type crowdKey struct{}

// came marks a connection that is beyond the limit.
func (c *crowd) came(ctx context.Context, _ net.Conn) context.Context {
	if c.open.Add(1) > c.most {
		return context.WithValue(ctx, crowdKey{}, true)
	}
	return ctx
}

func (c *crowd) state(_ net.Conn, s http.ConnState) {
	if s == http.StateClosed {
		c.left()
	}
}

// left counts a connection that has ended. A WebSocket's is no longer the HTTP server's, and has to be counted when it ends.
func (c *crowd) left() { c.open.Add(-1) }

// admit lets the connections beyond the limit ask for the server's health alone, once each.
func (c *crowd) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(crowdKey{}) == nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		switch r.URL.Path {
		case "/info", "/healthcheck", "/chc/live", "/chc/ready":
			next.ServeHTTP(w, r)
		default:
			reply(w, wire.Generic(wire.TooManyRequests, fmt.Sprintf("there are %d connections, as many as there may be: close some, or raise the setting %s",
				c.most, settings.MaxConnections.About().Name)))
		}
	})
}
