package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/security"
)

// HTTPOptions configures an HTTP client.
type HTTPOptions struct {
	// User and Password are sent as basic authentication where User isn't empty. They may stand in the URL instead.
	User, Password string
	// Timeout bounds one call. Default 10 s.
	Timeout time.Duration
	// Transport makes the connections; http.DefaultTransport where nil.
	Transport http.RoundTripper
}

// HTTP is a Client of a registry over the network. Schemas are kept by their ID, since an ID never changes its meaning.
type HTTP struct {
	urls   []*url.URL
	opts   HTTPOptions
	client *http.Client

	mu   sync.RWMutex
	byID map[int]Schema
	guid map[string]Schema
}

// maxAnswerBytes bounds an answer of a registry.
const maxAnswerBytes = 64 << 20

// NewHTTP returns a client of the registry at a URL, or at several separated by commas: the next is tried when one doesn't answer.
func NewHTTP(urls string, opts HTTPOptions) (*HTTP, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = 10 * time.Second
	}
	h := &HTTP{opts: opts, client: &http.Client{Timeout: opts.Timeout, Transport: opts.Transport}, byID: make(map[int]Schema), guid: make(map[string]Schema)}
	for _, text := range strings.Split(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("the schema registry's URL %q is not of the form http://host:port", withoutUser(text))
		}
		h.urls = append(h.urls, u)
	}
	return h, nil
}

// withoutUser is an address without what may be a password.
func withoutUser(address string) string {
	return strings.TrimSpace(address[strings.LastIndexByte(address, '@')+1:])
}

// Close lets go of idle connections.
func (h *HTTP) Close() { h.client.CloseIdleConnections() }

// do sends a request to the first registry that answers. The path's parts are escaped here.
func (h *HTTP) do(ctx context.Context, method string, path []string, query string, body, into any) error {
	for _, part := range path {
		if part == "" || part == "." || part == ".." {
			return apiErrorf(codeInvalidRequest, "%q is not the name of a subject", part)
		}
	}
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	var unreachable error
	for _, base := range h.urls {
		u := base.JoinPath(escape(path)...)
		u.RawQuery = query
		user, password := h.opts.User, h.opts.Password
		if u.User != nil && user == "" {
			user = u.User.Username()
			password, _ = u.User.Password()
		}
		u.User = nil
		req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(data))
		if err != nil {
			return err
		}
		if body != nil {
			req.Header.Set("Content-Type", ContentType)
		}
		req.Header.Set("Accept", ContentType+", application/json")
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := h.client.Do(req)
		if err != nil {
			var uerr *url.Error
			if errors.As(err, &uerr) {
				err = uerr.Err
			}
			if why, ok := errors.AsType[*security.Refusal](err); ok && !why.Again {
				return fmt.Errorf("the schema registry at %s: %w", base.Redacted(), why)
			}
			unreachable = errors.Join(unreachable, fmt.Errorf("cannot reach the schema registry at %s: %w", base.Redacted(), err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		return decode(resp, base, into)
	}
	return unreachable
}

func escape(path []string) []string {
	out := make([]string, len(path))
	for i, p := range path {
		out[i] = url.PathEscape(p)
	}
	return out
}

func decode(resp *http.Response, base *url.URL, into any) error {
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("cannot read the schema registry's answer: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		var e errorBody
		_ = json.Unmarshal(data, &e) // proxies answer in other ways
		switch {
		case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
			return &Error{Code: resp.StatusCode, Message: fmt.Sprintf("the schema registry at %s does not let us in (it answers %s): ksql.schema.registry.basic.auth.credentials.source=USER_INFO with "+
				"ksql.schema.registry.basic.auth.user.info=USER:PASSWORD, or ksql.schema.registry.bearer.auth.credentials.source=STATIC_TOKEN with ksql.schema.registry.bearer.auth.token, log in", base.Redacted(), strings.TrimSpace(resp.Status+" "+e.Message))}
		case e.Code != 0:
			return &Error{Code: e.Code, Message: e.Message}
		}
		return &Error{Code: resp.StatusCode, Message: fmt.Sprintf("the schema registry at %s answers %s", base.Redacted(), resp.Status)}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the schema registry at %s gives an answer that isn't its API's: %w", base.Redacted(), err)
	}
	return nil
}

// Register implements Client. The version is asked for too, which costs a second request.
func (h *HTTP) Register(ctx context.Context, subject string, s Schema) (Schema, error) {
	var out struct {
		ID int `json:"id"`
	}
	if err := h.do(ctx, http.MethodPost, []string{"subjects", subject, "versions"}, "", toBody(s), &out); err != nil {
		return Schema{}, err
	}
	found, err := h.Lookup(ctx, subject, s)
	if err != nil {
		return Schema{}, err
	}
	found.ID = out.ID
	return found, nil
}

// SchemaByID implements Client.
func (h *HTTP) SchemaByID(ctx context.Context, id int) (Schema, error) {
	h.mu.RLock()
	s, ok := h.byID[id]
	h.mu.RUnlock()
	if ok {
		return s, nil
	}
	var b schemaBody
	if err := h.do(ctx, http.MethodGet, []string{"schemas", "ids", strconv.Itoa(id)}, "", nil, &b); err != nil {
		return Schema{}, err
	}
	s, err := b.schema()
	if err != nil {
		return Schema{}, err
	}
	s.ID, s.Subject, s.Version = id, "", 0
	h.mu.Lock()
	h.byID[id] = s
	h.mu.Unlock()
	return s, nil
}

// SchemaByGUID implements Client.
func (h *HTTP) SchemaByGUID(ctx context.Context, guid string) (Schema, error) {
	h.mu.RLock()
	s, ok := h.guid[guid]
	h.mu.RUnlock()
	if ok {
		return s, nil
	}
	var b schemaBody
	if err := h.do(ctx, http.MethodGet, []string{"schemas", "guids", guid}, "", nil, &b); err != nil {
		return Schema{}, err
	}
	s, err := b.schema()
	if err != nil {
		return Schema{}, err
	}
	s.GUID, s.Subject, s.Version = guid, "", 0
	h.mu.Lock()
	h.guid[guid] = s
	h.mu.Unlock()
	return s, nil
}

func (h *HTTP) version(ctx context.Context, subject, version, query string) (Schema, error) {
	var b schemaBody
	if err := h.do(ctx, http.MethodGet, []string{"subjects", subject, "versions", version}, query, nil, &b); err != nil {
		return Schema{}, err
	}
	return b.schema()
}

// Latest implements Client.
func (h *HTTP) Latest(ctx context.Context, subject string) (Schema, error) {
	return h.version(ctx, subject, "latest", "")
}

// Version implements Client.
func (h *HTTP) Version(ctx context.Context, subject string, version int) (Schema, error) {
	return h.version(ctx, subject, strconv.Itoa(version), "deleted=true")
}

// Versions implements Client.
func (h *HTTP) Versions(ctx context.Context, subject string) (out []int, err error) {
	err = h.do(ctx, http.MethodGet, []string{"subjects", subject, "versions"}, "", nil, &out)
	return out, err
}

// Subjects implements Client.
func (h *HTTP) Subjects(ctx context.Context) (out []string, err error) {
	err = h.do(ctx, http.MethodGet, []string{"subjects"}, "", nil, &out)
	return out, err
}

// Lookup implements Client.
func (h *HTTP) Lookup(ctx context.Context, subject string, s Schema) (Schema, error) {
	var b schemaBody
	if err := h.do(ctx, http.MethodPost, []string{"subjects", subject}, "", toBody(s), &b); err != nil {
		return Schema{}, err
	}
	return b.schema()
}

// Compatible implements Client. A subject that doesn't exist takes any schema.
func (h *HTTP) Compatible(ctx context.Context, subject string, s Schema) (bool, []string, error) {
	var b compatibleBody
	err := h.do(ctx, http.MethodPost, []string{"compatibility", "subjects", subject, "versions"}, "verbose=true", toBody(s), &b)
	if IsNotFound(err) {
		return true, nil, nil
	}
	return b.OK, b.Reasons, err
}

// Compatibility implements Client.
func (h *HTTP) Compatibility(ctx context.Context, subject string) (Level, error) {
	path, query := []string{"config"}, ""
	if subject != "" {
		path, query = append(path, subject), "defaultToGlobal=true"
	}
	var b getLevelBody
	err := h.do(ctx, http.MethodGet, path, query, nil, &b)
	return b.Level, err
}

// SetCompatibility implements Client.
func (h *HTTP) SetCompatibility(ctx context.Context, subject string, level Level) error {
	path := []string{"config"}
	if subject != "" {
		path = append(path, subject)
	}
	return h.do(ctx, http.MethodPut, path, "", putLevelBody{level}, &putLevelBody{})
}

// DeleteSubject implements Client.
func (h *HTTP) DeleteSubject(ctx context.Context, subject string, permanent bool) (out []int, err error) {
	err = h.do(ctx, http.MethodDelete, []string{"subjects", subject}, "permanent="+strconv.FormatBool(permanent), nil, &out)
	return out, err
}
