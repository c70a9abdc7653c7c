package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"weir/server/wire"
	"weir/settings"
	"weir/tenants"
)

// reserve is how many connections are taken beyond Options.MaxConnections. They learn how the server is, so that nobody takes one for dead that is
// busy; anything else is refused. Further ones wait to be accepted.
const reserve = 16

// crowd counts connections, and whose they are.
type crowd struct {
	open   atomic.Int64
	most   int64
	visits sync.Map // *visit by net.Conn
}

type visitKey struct{}

// visit is a connection.
type visit struct {
	conn   net.Conn
	beyond bool // the limit

	mu    sync.Mutex
	owner *tenants.Principal // whose request it had last; nil for nobody's
	ended bool
}

// came takes in a connection.
func (c *crowd) came(ctx context.Context, conn net.Conn) context.Context {
	v := &visit{conn: conn, beyond: c.open.Add(1) > c.most}
	c.visits.Store(conn, v)
	return context.WithValue(ctx, visitKey{}, v)
}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

func (c *crowd) state(conn net.Conn, s http.ConnState) {
	if v, ok := c.visits.Load(conn); ok && s == http.StateClosed {
		c.end(v.(*visit))
	}
}

// left ends the connection of a request that is no longer the HTTP server's, as a WebSocket's.
func (c *crowd) left(ctx context.Context) {
	if v := visitOf(ctx); v != nil {
		c.end(v)
	}
}

func (c *crowd) end(v *visit) {
	if _, there := c.visits.LoadAndDelete(v.conn); !there {
		return
	}
	c.open.Add(-1)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.owner.Disconnect()
	v.owner, v.ended = nil, true
}

// belongs counts the connection of a request among those of a principal, unless that has too many.
func (c *crowd) belongs(ctx context.Context, p *tenants.Principal) error {
	v := visitOf(ctx)
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.owner == p || v.ended {
		return nil
	}
	if err := p.Connect(); err != nil {
		return err
	}
	v.owner.Disconnect()
	v.owner = p
	return nil
}

// admit lets the connections beyond the limit ask for the server's health alone, once each.
func (c *crowd) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r.Context()); v == nil || !v.beyond {
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
