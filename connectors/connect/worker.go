// Package connect asks a Kafka Connect worker, over its REST API, for connectors of the classes that are not built in.
package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/security"
)

// Options say where the worker is.
type Options struct {
	URL       string            // of its REST API
	Timeout   time.Duration     // of a request, with all that is tried again
	Transport http.RoundTripper // makes the connections, and logs in; nil for plain ones without a login
}

// Worker is a Kafka Connect worker. What it runs is its own: nothing of it is kept here.
type Worker struct {
	opt    Options
	client *http.Client
}

// New is the worker at a URL, which is not asked yet.
func New(o Options) *Worker {
	o.URL = strings.TrimRight(o.URL, "/")
	if o.Transport == nil {
		o.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &Worker{o, &http.Client{Transport: o.Transport}}
}

// Close lets go of the connections.
func (w *Worker) Close() { w.client.CloseIdleConnections() }

// Error is what the worker answers instead of doing what it was asked for.
type Error struct {
	Status int // of HTTP
	Msg    string
}

func (e *Error) Error() string { return e.Msg }

// IsMissing says whether the worker has no such connector.
func IsMissing(err error) bool { return statusOf(err) == http.StatusNotFound }

// IsThere says whether the worker has a connector of that name already.
func IsThere(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusConflict && strings.Contains(e.Msg, alreadyThere)
}

// alreadyThere tells the conflict of two names from that of a worker which is busy.
const alreadyThere = "already exists"

// IsRefusal says whether the worker has understood, and will answer the same again.
func IsRefusal(err error) bool { s := statusOf(err); return s >= 400 && s < 500 }

func statusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

const (
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 16 << 20
	// again is how long it takes until a worker that shares out its connectors is asked again.
	again = 200 * time.Millisecond
)

// ask sends a request, again while the worker only says that it shares out its connectors anew, and reads the answer.
func (w *Worker) ask(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, w.opt.Timeout)
	defer cancel()
	for {
		err := w.once(ctx, method, path, body, into)
		if statusOf(err) != http.StatusConflict || IsThere(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(again):
		}
	}
}

func (w *Worker) once(ctx context.Context, method, path string, body, into any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, w.opt.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return w.away(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return w.away(err)
	}
	if resp.StatusCode >= 300 {
		return w.told(resp, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("what answers at %s is no Kafka Connect: %w", w.opt.URL, err)
	}
	return nil
}

// away says that nobody answers.
func (w *Worker) away(err error) error {
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err
	}
	if why, ok := errors.AsType[*security.Refusal](err); ok {
		return fmt.Errorf("Kafka Connect at %s: %w", w.opt.URL, why)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", w.opt.Timeout)
	}
	return fmt.Errorf("Kafka Connect at %s does not answer (%w): see that a worker runs there, or name another one by the setting ksql.connect.url", w.opt.URL, err)
}

// told is the error in an answer.
func (w *Worker) told(resp *http.Response, text []byte) error {
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return &Error{resp.StatusCode, fmt.Sprintf("Kafka Connect at %s does not let us in (%s): the settings ksql.connect.basic.auth.credentials.source=FILE and "+
			"ksql.connect.basic.auth.credentials.file name a file with username=... and password=..., and ksql.connect.bearer.auth.token has a token", w.opt.URL, resp.Status)}
	}
	var body struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &body) != nil || body.Message == "" {
		body.Message = fmt.Sprintf("Kafka Connect at %s answers %s: %s", w.opt.URL, resp.Status, strings.TrimSpace(string(text[:min(len(text), 300)])))
	}
	return &Error{resp.StatusCode, body.Message}
}
