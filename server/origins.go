package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"weir/server/wire"
	"weir/settings"
)

// origins lets pages of this server use it, and those of the origins given: * is any, and null stands for pages without one, such as files. A page in
// a browser must not reach a server on localhost behind its user's back. Who is no browser names no origin, and is let through.
func origins(allowed []string, next http.Handler) http.Handler {
	anyone := slices.Contains(allowed, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if len(allowed) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		switch {
		case isOwnPage(r):
			next.ServeHTTP(w, r)
		case origin != "" && (anyone || slices.ContainsFunc(allowed, func(o string) bool { return strings.EqualFold(o, origin) })):
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
				w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
				w.Header().Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(w, r)
		default:
			page := "a page of another origin"
			if origin != "" {
				page += ", " + origin + ","
			}
			reply(w, wire.Generic(wire.Forbidden, page+" may not use this server: the setting "+settings.Origins.About().Name+" names those that may"))
		}
	})
}

// isOwnPage says whether a request comes from a page of this server, from no page, or from a link that somebody follows to it.
func isOwnPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return site == "same-origin" || err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	return site == "" || site == "same-origin" || site == "none" || read && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}
