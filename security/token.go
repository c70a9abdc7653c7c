package security

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Grant is what tokens are asked for with: OAuth's client credentials.
type Grant struct {
	Endpoint string // http or https
	ID       string // of the client
	Secret   string
	Scope    string // empty for none
	// Encode says that the id and the secret are encoded as in URLs, as OAuth has it and some servers don't.
	Encode bool
}

// Tokens gets tokens, and keeps each until shortly before it expires. All methods may be called from several goroutines.
type Tokens struct {
	grant   Grant
	name    string // of the property that has the endpoint
	trust   *TLS
	mu      sync.Mutex
	token   string
	renewAt time.Time
}

const (
	// tokenTimeout bounds asking for a token.
	tokenTimeout = 10 * time.Second
	// maxTokenAnswer bounds what is read of an answer.
	maxTokenAnswer = 1 << 20
	// unknownLife is for how long a token is used that does not say when it expires.
	unknownLife = time.Minute
)

// NewTokens checks the grant; nothing is asked for yet. property names the setting of the endpoint.
func NewTokens(g Grant, property string, trust *TLS) (*Tokens, error) {
	u, err := url.Parse(g.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%s: expected a URL such as https://login.example.com/oauth2/token, without a user and a password", property)
	}
	return &Tokens{grant: g, name: property, trust: trust}, nil
}

// Token is one that is valid for some time to come.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && time.Now().Before(t.renewAt) {
		return t.token, nil
	}
	token, life, err := t.ask(ctx)
	if err != nil {
		return "", &Refusal{Text: fmt.Sprintf("no token for Kafka: %s does not give one: %v", t.grant.Endpoint, t.clean(err)), Err: err, Again: again(err)}
	}
	// As Kafka's clients have it: a token is got anew after four fifths of its life.
	t.token, t.renewAt = token, time.Now().Add(life*4/5)
	return token, nil
}

// again says whether asking once more may help: nobody answered, or the server has a fault.
func again(err error) bool {
	var netErr net.Error
	var bad *tokenError
	return errors.As(err, &bad) && bad.status >= 500 || errors.As(err, &netErr)
}

// clean takes the secret out of what the server has said.
func (t *Tokens) clean(err error) string {
	text := err.Error()
	for _, s := range []string{t.grant.Secret, url.QueryEscape(t.grant.Secret)} {
		text = strings.ReplaceAll(text, s, "[hidden]")
	}
	return text
}

// tokenError is an answer without a token.
type tokenError struct {
	status int
	text   string
}

func (e *tokenError) Error() string { return e.text }

func (t *Tokens) ask(ctx context.Context) (token string, life time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.grant.Scope != "" {
		form.Set("scope", t.grant.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.grant.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	id, secret := t.grant.ID, t.grant.Secret
	if t.grant.Encode {
		id, secret = url.QueryEscape(id), url.QueryEscape(secret)
	}
	req.SetBasicAuth(id, secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	config, err := t.trust.Config()
	if err != nil {
		return "", 0, err
	}
	// Tokens are few: no connection is kept, and each one sees the certificates of its day.
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		if how := t.trust.Explain(err); how != nil {
			err = how
		}
		return "", 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	if err != nil {
		return "", 0, err
	}
	return readToken(resp, data)
}

// readToken takes the token out of an answer.
func readToken(resp *http.Response, data []byte) (string, time.Duration, error) {
	var body struct {
		Token       string  `json:"access_token"`
		Expires     float64 `json:"expires_in"` // seconds
		Error       string  `json:"error"`
		Description string  `json:"error_description"`
	}
	err := json.Unmarshal(data, &body)
	switch {
	case resp.StatusCode/100 == 2 && err == nil && body.Token != "" && !strings.ContainsAny(body.Token, " \x01\r\n"):
	case resp.StatusCode/100 == 2:
		return "", 0, &tokenError{resp.StatusCode, "its answer has no access_token"}
	case resp.StatusCode == http.StatusUnauthorized || body.Error == "invalid_client":
		return "", 0, &tokenError{resp.StatusCode, strings.TrimSpace(fmt.Sprintf("it answers %s %s %s", resp.Status, body.Error, body.Description)) + ". See that the client's id and secret are right"}
	default:
		return "", 0, &tokenError{resp.StatusCode, strings.TrimSpace(fmt.Sprintf("it answers %s %s %s", resp.Status, body.Error, body.Description))}
	}
	life := time.Duration(min(body.Expires, 1e9) * float64(time.Second))
	if at, ok := claim[float64](body.Token, "exp"); ok && life <= 0 {
		life = time.Until(time.Unix(int64(at), 0))
	}
	if life <= 0 {
		life = unknownLife
	}
	return body.Token, life, nil
}

// claim is one of a token's claims, where it is a JWT. Nothing is verified: whoever takes the token does that.
func claim[T any](token, name string) (T, bool) {
	var none T
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return none, false
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return none, false
	}
	var claims map[string]any
	if json.Unmarshal(data, &claims) != nil {
		return none, false
	}
	v, ok := claims[name].(T)
	return v, ok
}

// principal is whom the latest token speaks of, as brokers have it unless told otherwise; empty where there is none yet.
func (t *Tokens) principal() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if who, ok := claim[string](t.token, "sub"); ok {
		return "User:" + who
	}
	return ""
}
