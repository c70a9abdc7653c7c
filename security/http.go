package security

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"

	"weir/settings"
)

// HTTP is how requests to a server are encrypted, and who makes them. It is an http.RoundTripper; its errors are a *Refusal where the reason is a certificate,
// the login, or a token that there is none of.
type HTTP struct {
	prefix string
	tls    *TLS
	login  func(*http.Request) error // puts it on; nil for none
	inner  *http.Transport
}

// ForHTTP reads what requests to a server need. prefix stands before the names of the properties, for errors. What kafka says of ssl.* holds where p does not
// say otherwise, as it does with ksqlDB.
func ForHTTP(p, kafka Properties, prefix string, log *slog.Logger) (*HTTP, error) {
	all := Properties{}
	for name, value := range kafka {
		if strings.HasPrefix(name, "ssl.") {
			all[name] = value
		}
	}
	maps.Copy(all, p)
	h := &HTTP{prefix: prefix}
	var err error
	if h.tls, err = NewTLS(all, prefix, log); err != nil {
		return nil, err
	}
	if h.login, err = h.newLogin(p, kafka); err != nil {
		return nil, err
	}
	h.inner = http.DefaultTransport.(*http.Transport).Clone()
	h.inner.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		config, err := h.tls.Config()
		if err != nil {
			return nil, err
		}
		config.ServerName = host
		return (&tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: config}).DialContext(ctx, network, addr)
	}
	return h, nil
}

// RoundTrip implements http.RoundTripper.
func (h *HTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.login != nil && ours(r) {
		r = r.Clone(r.Context())
		if err := h.login(r); err != nil {
			return nil, err
		}
	}
	resp, err := h.inner.RoundTrip(r)
	if err != nil {
		if why := h.tls.Explain(err); why != nil {
			return nil, why
		}
	}
	return resp, err
}

// ours says whether a request goes to the server that was named: what that one redirects to others does not carry a login there.
func ours(r *http.Request) bool {
	first := r
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	return first.URL.Scheme == r.URL.Scheme && first.URL.Host == r.URL.Host
}

// CloseIdleConnections lets go of the connections that nobody uses.
func (h *HTTP) CloseIdleConnections() { h.inner.CloseIdleConnections() }

// newLogin finds out who makes the requests.
func (h *HTTP) newLogin(p, kafka Properties) (func(*http.Request) error, error) {
	basic, bearer := strings.ToUpper(p["basic.auth.credentials.source"]), strings.ToUpper(p["bearer.auth.credentials.source"])
	if bearer != "" && (basic == "USER_INFO" || basic == "FILE" || basic == "SASL_INHERIT") {
		return nil, fmt.Errorf("%sbearer.auth.credentials.source and %sbasic.auth.credentials.source=%s are set: expected one of them", h.prefix, h.prefix, basic)
	}
	switch {
	case bearer == "STATIC_TOKEN":
		token := p["bearer.auth.token"]
		if token == "" || strings.ContainsAny(token, " \r\n") {
			return nil, fmt.Errorf("%sbearer.auth.credentials.source=STATIC_TOKEN needs %sbearer.auth.token", h.prefix, h.prefix)
		}
		return h.bearer(p, func(context.Context) (string, error) { return token, nil }), nil
	case bearer == "OAUTHBEARER":
		g := Grant{Endpoint: p["bearer.auth.issuer.endpoint.url"], ID: p["bearer.auth.client.id"], Secret: p["bearer.auth.client.secret"], Scope: p["bearer.auth.scope"]}
		if g.Endpoint == "" || g.ID == "" || g.Secret == "" {
			return nil, fmt.Errorf("%sbearer.auth.credentials.source=OAUTHBEARER needs %sbearer.auth.issuer.endpoint.url, .client.id and .client.secret", h.prefix, h.prefix)
		}
		tokens, err := NewTokens(g, h.prefix+"bearer.auth.issuer.endpoint.url", h.tls)
		if err != nil {
			return nil, err
		}
		return h.bearer(p, tokens.Token), nil
	case basic == "USER_INFO" || basic == "" && p["basic.auth.user.info"] != "":
		user, password, ok := strings.Cut(p["basic.auth.user.info"], ":")
		if !ok || user == "" {
			return nil, fmt.Errorf("%sbasic.auth.user.info: expected USER:PASSWORD", h.prefix)
		}
		return func(r *http.Request) error { r.SetBasicAuth(user, password); return nil }, nil
	case basic == "SASL_INHERIT":
		entry, err := parseJAAS(kafka["sasl.jaas.config"])
		if err != nil || entry.options["username"] == "" {
			return nil, fmt.Errorf("%sbasic.auth.credentials.source=SASL_INHERIT needs a user name and a password in sasl.jaas.config", h.prefix)
		}
		return func(r *http.Request) error {
			r.SetBasicAuth(entry.options["username"], entry.options["password"])
			return nil
		}, nil
	case basic == "FILE":
		file := p["basic.auth.credentials.file"]
		if file == "" {
			return nil, fmt.Errorf("%sbasic.auth.credentials.source=FILE needs %sbasic.auth.credentials.file", h.prefix, h.prefix)
		}
		return func(r *http.Request) error { return h.fromFile(r, file) }, nil
	}
	return nil, nil
}

// bearer puts tokens on requests.
func (h *HTTP) bearer(p Properties, token func(context.Context) (string, error)) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r.Context())
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+t)
		if id := p["bearer.auth.logical.cluster"]; id != "" {
			r.Header.Set("target-sr-cluster", id)
		}
		if id := p["bearer.auth.identity.pool.id"]; id != "" {
			r.Header.Set("Confluent-Identity-Pool-Id", id)
		}
		return nil
	}
}

// fromFile gives a request the user and password of a file. It is read each time: passwords change.
func (h *HTTP) fromFile(r *http.Request, file string) error {
	refuse := func(err error) error {
		return &Refusal{Text: fmt.Sprintf("the credentials in %s can't be used: %v", file, err), Err: err}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return refuse(err)
	}
	list, err := settings.ReadProperties(string(data))
	if err != nil {
		return refuse(err)
	}
	values := map[string]string{}
	for _, p := range list {
		values[p.Name] = strings.TrimSpace(p.Value)
	}
	if values["username"] == "" || values["password"] == "" {
		return refuse(errors.New("expected a line username=... and a line password=..."))
	}
	r.SetBasicAuth(values["username"], values["password"])
	return nil
}
