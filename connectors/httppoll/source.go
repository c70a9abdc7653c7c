package httppoll

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/connectors/connector"
	"weir/connectors/web"
	"weir/kafka"
)

// source asks.
type source struct {
	env      connector.Env
	url      string
	method   string
	body     string
	headers  http.Header
	client   *http.Client
	interval time.Duration
	polls    int64 // 0 for no end
	format   string
	path     []string
	key      string
	cursor   string
	maxBytes int64
	topic    connector.Topic

	at   position
	turn int32
}

// position is what has been loaded.
type position struct {
	Request  string `json:"request,omitempty"` // what the answer was to, as a sum
	Answer   string `json:"answer,omitempty"`  // its content, as a sum
	Rows     int    `json:"rows,omitempty"`    // of it that were loaded
	Whole    bool   `json:"whole,omitempty"`   // all of it was
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Cursor   string `json:"cursor,omitempty"`
	Polls    int64  `json:"polls,omitempty"` // answers that were loaded, or were the one before
}

// Bounded implements connector.Reader.
func (s *source) Bounded() bool { return s.polls > 0 }

// Topics implements connector.Reader.
func (s *source) Topics() []connector.Topic { return []connector.Topic{s.topic} }

// Position implements connector.Reader.
func (s *source) Position() any { return s.at }

// Run asks until it is stopped.
func (s *source) Run(ctx context.Context, out connector.Output, resume json.RawMessage) error {
	defer s.client.CloseIdleConnections()
	if resume != nil {
		if err := json.Unmarshal(resume, &s.at); err != nil {
			return connector.Userf("the position of the connector can't be read: %w", err)
		}
	}
	for s.polls == 0 || s.at.Polls < s.polls {
		if err := s.poll(ctx, out); err != nil {
			return err
		}
		s.at.Polls++
		if err := out.Flush(ctx); err != nil {
			return err
		}
		if s.at.Polls == s.polls {
			return nil
		}
		if err := connector.Sleep(ctx, s.interval); err != nil {
			return err
		}
	}
	return nil
}

// poll asks once, and loads what is new.
func (s *source) poll(ctx context.Context, out connector.Output) error {
	req, sum, err := s.request(ctx)
	if err != nil {
		return connector.Userf("property 'url': %w", web.WithoutURL(err))
	}
	answer, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s %s: %w", s.method, req.URL.Host, web.WithoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNotModified {
		return nil
	}
	if answer.StatusCode < 200 || answer.StatusCode >= 300 {
		return s.refused(req, answer)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, s.maxBytes+1))
	if err != nil {
		return fmt.Errorf("%s %s: the answer breaks off: %w", s.method, req.URL.Host, web.WithoutURL(err))
	}
	if int64(len(text)) > s.maxBytes {
		return fmt.Errorf("%s %s: the answer is larger than %d bytes, as 'max.bytes' has it", s.method, req.URL.Host, s.maxBytes)
	}
	content := sha256.Sum256(text)
	if hash := hex.EncodeToString(content[:]); s.at.Request != sum || s.at.Answer != hash {
		s.at.Request, s.at.Answer, s.at.Rows, s.at.Whole, s.at.ETag, s.at.Modified = sum, hash, 0, false, "", ""
	}
	if s.at.Whole {
		return nil
	}
	rows, err := s.rows(text)
	if err != nil {
		s.at.Answer = "" // it may be right the next time
		return fmt.Errorf("%s %s: %w", s.method, req.URL.Host, err)
	}
	for _, row := range rows[min(s.at.Rows, len(rows)):] {
		if err := s.emit(ctx, out, row); err != nil {
			return err
		}
	}
	s.at.Whole, s.at.ETag, s.at.Modified = true, answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")
	return nil
}

// request makes the next request, and a sum of what it asks for.
func (s *source) request(ctx context.Context) (*http.Request, string, error) {
	inBody, err := json.Marshal(s.at.Cursor)
	if err != nil {
		return nil, "", err
	}
	to := strings.ReplaceAll(s.url, placeCursor, url.QueryEscape(s.at.Cursor))
	body := strings.ReplaceAll(s.body, placeCursor, string(inBody[1:len(inBody)-1]))
	hash := sha256.Sum256([]byte(s.method + "\n" + to + "\n" + body))
	sum := hex.EncodeToString(hash[:])
	req, err := http.NewRequestWithContext(ctx, s.method, to, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("User-Agent", "weir")
	if s.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.at.Request == sum && s.at.Whole {
		if s.at.ETag != "" {
			req.Header.Set("If-None-Match", s.at.ETag)
		}
		if s.at.Modified != "" {
			req.Header.Set("If-Modified-Since", s.at.Modified)
		}
	}
	for name, values := range s.headers {
		req.Header[name] = values
	}
	return req, sum, nil
}

// refused is the error of an answer that has nothing to load.
func (s *source) refused(req *http.Request, answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 512))
	err := fmt.Errorf("%s %s: the server answers %s", s.method, req.URL.Host, strings.TrimSpace(answer.Status+" "+web.OneLine(text)))
	if web.ComesAgain(answer.StatusCode) {
		return connector.Later(err, web.RetryAfter(answer.Header.Get("Retry-After"), time.Now()))
	}
	return connector.Userf("%w", err)
}

// rows are the records of an answer.
func (s *source) rows(text []byte) ([][]byte, error) {
	switch s.format {
	case formatBody:
		if len(text) == 0 {
			return nil, nil
		}
		return [][]byte{text}, nil
	case formatLines:
		var out [][]byte
		for line := range bytes.Lines(text) {
			if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
				out = append(out, line)
			}
		}
		return out, nil
	}
	return elements(text, s.path)
}

// emit loads a record, and moves the position behind it.
func (s *source) emit(ctx context.Context, out connector.Output, row []byte) error {
	r := connector.Record{Topic: s.topic.Name, Value: row}
	cursor := s.at.Cursor
	if s.key != "" || s.cursor != "" {
		fields, err := fieldsOf(row)
		if err != nil {
			out.Bad(err)
		}
		if s.key != "" && err == nil {
			var ok bool
			if r.Key, ok = textOf(fields[s.key]); !ok {
				out.Bad(fmt.Errorf("an element has no field '%s' for its key", s.key))
			}
		}
		if text, ok := textOf(fields[s.cursor]); s.cursor != "" && ok {
			cursor = string(text)
		}
	}
	partitions := out.Partitions(s.topic.Name)
	if r.Key != nil {
		r.Partition = kafka.Partition(r.Key, partitions)
	} else {
		r.Partition = s.turn % partitions
		s.turn = (s.turn + 1) % partitions
	}
	s.at.Rows++
	s.at.Cursor = cursor
	return out.Emit(ctx, &r)
}
