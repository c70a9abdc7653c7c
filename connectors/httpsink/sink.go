package httpsink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/connectors/connector"
	"weir/connectors/encode"
	"weir/connectors/web"
)

// sink sends requests, one after the other.
type sink struct {
	env     connector.Env
	method  string
	url     string
	body    string
	headers http.Header
	alone   bool // a request has one row
	format  string
	deletes bool
	client  *http.Client

	in     connector.In
	encs   []*encode.Encoder // one for each relation
	bodies []*template
	urls   []*template
	buf    bytes.Buffer
}

// Begin has nothing to connect to yet.
func (s *sink) Begin(_ context.Context, in connector.In) (connector.Begun, error) {
	s.in = in
	if err := s.prepare(in.Relations); err != nil {
		return connector.Begun{}, connector.Userf("%w", err)
	}
	return connector.Begun{}, nil
}

// options are how rows are encoded: an array is made of lines.
func (s *sink) options() encode.Options {
	o := encode.Options{Format: s.format, Separator: "\n", Deletes: s.deletes}
	if s.format == "array" {
		o.Format = encode.JSON
	}
	return o
}

// prepare makes what turns rows into requests.
func (s *sink) prepare(relations []connector.Relation) error {
	s.encs, s.bodies, s.urls = nil, nil, nil
	for _, rel := range relations {
		to, err := newTemplate(s.url, rel, inURL)
		if err != nil {
			return fmt.Errorf("property 'url': %w", err)
		}
		s.urls = append(s.urls, to)
		if s.body != "" {
			t, err := newTemplate(s.body, rel, insideQuotes)
			if err != nil {
				return fmt.Errorf("property 'body': %w", err)
			}
			s.bodies = append(s.bodies, t)
			continue
		}
		enc, err := encode.New(rel, s.options())
		if err != nil {
			return err
		}
		s.encs = append(s.encs, enc)
	}
	return nil
}

// Write sends a batch: a request for the rows of each topic, in order.
func (s *sink) Write(ctx context.Context, b connector.Batch) (any, error) {
	for from := 0; from < len(b.Rows); {
		to := from + 1
		for to < len(b.Rows) && b.Rows[to].Relation == b.Rows[from].Relation {
			to++
		}
		if err := s.send(ctx, b.Rows[from:to]); err != nil {
			return nil, err
		}
		from = to
	}
	return nil, nil
}

// send sends rows of one topic at once, and one by one if the server refuses them together.
func (s *sink) send(ctx context.Context, rows []connector.Row) error {
	err := s.request(ctx, rows)
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	if no.hopeless() {
		return connector.Userf("%w", err)
	}
	if len(rows) == 1 {
		return s.in.Refuse(ctx, &rows[0], err)
	}
	for i := range rows {
		if err := s.send(ctx, rows[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// refusal is an answer that says that the same need not be sent again.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return fmt.Sprintf("the server answers %s", e.text) }

// hopeless tells answers that are about the address or who asks, and not about rows.
func (e *refusal) hopeless() bool {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusGone:
		return true
	}
	return e.status < 400 // a redirect
}

func (s *sink) request(ctx context.Context, rows []connector.Row) error {
	if err := s.encode(ctx, rows); err != nil || s.buf.Len() == 0 {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, s.method, s.urls[rows[0].Relation].fill(&rows[0]), bytes.NewReader(s.buf.Bytes()))
	if err != nil {
		return connector.Userf("property 'url': %w", web.WithoutURL(err))
	}
	req.Header.Set("Content-Type", s.contentType())
	req.Header.Set("User-Agent", "weir")
	first, last := rows[0], rows[len(rows)-1]
	req.Header.Set("Idempotency-Key", fmt.Sprintf("%s/%s/%d/%d-%d", url.PathEscape(s.env.Name), s.in.Relations[first.Relation].Topic, first.Partition, first.Offset, last.Offset))
	for name, values := range s.headers {
		req.Header[name] = values
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.method, req.URL.Host, web.WithoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 512))
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // so that the connection can be used again
	switch status := answer.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case web.ComesAgain(status):
		err := fmt.Errorf("%s %s: the server answers %s %s", s.method, req.URL.Host, answer.Status, web.OneLine(text))
		return connector.Later(err, web.RetryAfter(answer.Header.Get("Retry-After"), time.Now()))
	default:
		return &refusal{status, strings.TrimSpace(answer.Status + " " + web.OneLine(text))}
	}
}

func (s *sink) contentType() string {
	if s.format == "array" || s.body != "" {
		return "application/json"
	}
	return s.options().ContentType()
}

// encode makes the body of a request; it is empty where there is nothing to send.
func (s *sink) encode(ctx context.Context, rows []connector.Row) error {
	s.buf.Reset()
	of := rows[0].Relation
	if s.body != "" {
		if rows[0].Value != nil {
			s.buf.WriteString(s.bodies[of].fill(&rows[0]))
		}
		return nil
	}
	if err := s.encs[of].Append(ctx, &s.buf, true, rows, s.in.Refuse); err != nil {
		return err
	}
	if s.format != "array" || s.buf.Len() == 0 {
		return nil
	}
	lines := bytes.Split(bytes.TrimSuffix(s.buf.Bytes(), []byte("\n")), []byte("\n")) // JSON has no line feeds within texts
	body := bytes.Join(lines, []byte(","))
	if !s.alone {
		body = append(append([]byte("["), body...), ']')
	}
	s.buf.Reset()
	s.buf.Write(body)
	return nil
}

// Close gives back the connection.
func (s *sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}
