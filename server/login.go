package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"weir/server/wire"
	"weir/tenants"
)

type principalKey struct{}

// principal is who sends a request; nil where nobody has to say so.
func principal(r *http.Request) *tenants.Principal {
	p, _ := r.Context().Value(principalKey{}).(*tenants.Principal)
	return p
}

// forAll are the paths that say no more than how the server is: whoever keeps it running has no token.
var forAll = []string{"/healthcheck", "/chc/live", "/chc/ready"}

// login lets those in who give a token of the file of principals.
func (s *Server) login(next http.Handler) http.Handler {
	if s.opts.Tenants == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(forAll, r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		p := s.who(r)
		if p == nil {
			w.Header().Add("WWW-Authenticate", `Basic realm="weir", charset="UTF-8"`)
			w.Header().Add("WWW-Authenticate", `Bearer realm="weir"`)
			reply(w, wire.Generic(wire.Unauthorized, "Unauthorized: a token of the server's file of principals is needed, as Authorization: Bearer TOKEN, or as the password of the principal that it belongs to"))
			return
		}
		if err := s.crowd.belongs(r.Context(), p); err != nil {
			w.Header().Set("Connection", "close")
			refuseLimit(w, err)
			reply(w, failure(err, nil))
			return
		}
		ctx, stop := p.While(context.WithValue(r.Context(), principalKey{}, p))
		defer stop()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// who is the principal whose token a request has: of its own, or as the password beside its name.
func (s *Server) who(r *http.Request) *tenants.Principal {
	if name, password, ok := r.BasicAuth(); ok {
		if p := s.opts.Tenants.Find(password); p.Name() == name {
			return p
		}
		return nil
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return s.opts.Tenants.Find(strings.TrimSpace(token))
}
