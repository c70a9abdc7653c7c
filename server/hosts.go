package server

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"weir/server/wire"
	"weir/settings"
)

// OwnHosts lets requests through that ask for this machine under one of its names, or one of the others given, while the server listens on
// a loopback address. A page of the web can have its own name stand for this machine, and is then of one origin with what it asks.
func OwnHosts(at net.Addr, others []string, next http.Handler) http.Handler {
	if tcp, ok := at.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() || slices.Contains(others, "*") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostName(r.Host); !isOwn(host) && !slices.ContainsFunc(others, func(o string) bool { return strings.EqualFold(o, host) }) {
			reply(w, wire.Generic(wire.Forbidden, "this server listens for its own machine, and does not answer to the name "+host+
				". The setting "+settings.Hosts.About().Name+" names others that it is to answer to"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostName is a Host header without the port and without the dot of a full name.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// isOwn says whether a name is this machine's. A request that names none comes from no browser.
func isOwn(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	own, err := os.Hostname()
	return host == "" || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") || err == nil && strings.EqualFold(host, own)
}
