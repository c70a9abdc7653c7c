package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/server/wire"
	"weir/settings"
)

// The headers of a request that say what its record is beside its body. All others that begin with headerOfRecord are the record's headers, by what is
// behind it, in small letters: HTTP does not tell letters apart.
const (
	headerKey       = "Weir-Key"
	headerKeyBase64 = "Weir-Key-Base64"
	headerPartition = "Weir-Partition"
	headerTime      = "Weir-Timestamp"
	headerOfRecord  = "Weir-Header-"
	headerName      = "Idempotency-Key"
)

const maxName = 255 // of an Idempotency-Key

// post makes one record of a request's body.
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	p, encoding, err := readPost(r)
	if err == nil {
		err = s.engine.CheckPost(r.Context(), p.Topic)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	if err := principal(r).Bring(); err != nil {
		refuseLimit(w, err)
		reply(w, failure(err, nil))
		return
	}
	// What is taken is bounded before it is read: a body of unknown length counts as the largest, and one that is unpacked as another one beside it.
	size := s.opts.MaxBodyBytes
	if n := r.ContentLength; n >= 0 && n < size {
		size = n
	}
	if encoding != "" {
		size += s.opts.MaxBodyBytes
	}
	if now := s.posted.Add(size); now > s.opts.MaxPostedBytes && now > size { // one alone is always taken
		s.posted.Add(-size)
		w.Header().Set("Retry-After", "1")
		reply(w, wire.Generic(wire.TooManyRequests, fmt.Sprintf("records of %d bytes are being written, and there may be %d: come again later, or raise the setting %s", now-size, s.opts.MaxPostedBytes, settings.MaxPostedBytes.About().Name)))
		return
	}
	defer s.posted.Add(-size)
	if p.Value, err = s.readRecord(r, encoding); err != nil {
		s.refuse(w, err)
		return
	}
	at, err := s.engine.Post(r.Context(), p)
	if err != nil {
		s.refuse(w, err)
		return
	}
	reply(w, wire.Posted{Topic: at.Topic, Partition: at.Partition, Offset: at.Offset, Repeated: at.Repeated})
}

// refuse answers that a record is not taken.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*engine.PostError](err)
	if !ok {
		reply(w, failure(err, nil))
		return
	}
	code := wire.ServerError
	switch e.Kind {
	case engine.PostNoTopic:
		code = wire.NotFound
	case engine.PostForbidden:
		code = wire.Forbidden
	case engine.PostBad:
		code = wire.BadRequest
	case engine.PostTooLarge:
		code = wire.TooLarge
	case engine.PostOther:
		code = wire.Unprocessable
	case engine.PostUnavailable:
		w.Header().Set("Retry-After", "2")
		code = wire.Unavailable
	}
	reply(w, wire.Generic(code, e.Msg))
}

// readPost reads what a request says of its record, but for the body, and how that is to be unpacked: by an encoding, or not at all.
func readPost(r *http.Request) (p engine.Post, undo string, err error) {
	bad := func(header, format string, args ...any) (engine.Post, string, error) {
		return p, "", wire.Generic(wire.BadRequest, header+": "+fmt.Sprintf(format, args...))
	}
	p = engine.Post{Topic: r.PathValue("topic"), Partition: -1}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "Weir-") && len(values) > 1 && !strings.HasPrefix(name, headerOfRecord) {
			return bad(name, "it is there %d times", len(values))
		}
		rest, of := strings.CutPrefix(name, headerOfRecord)
		switch {
		case of && rest != "":
			for _, v := range values {
				p.Headers = append(p.Headers, kgo.RecordHeader{Key: strings.ToLower(rest), Value: []byte(v)})
			}
		case name == headerKey:
			p.Key = []byte(values[0])
		case name == headerKeyBase64:
			if p.Key, err = base64.StdEncoding.DecodeString(values[0]); err != nil {
				return bad(name, "expected base64, with its padding")
			}
		case name == headerPartition:
			n, err := strconv.ParseInt(values[0], 10, 32)
			if err != nil || n < 0 {
				return bad(name, "expected a number from 0, got '%s'", values[0])
			}
			p.Partition = int32(n)
		case name == headerTime:
			if p.Time, err = recordTime(values[0]); err != nil {
				return bad(name, "expected milliseconds since 1970, or a time such as 2020-08-01T09:00:00Z, got '%s'", values[0])
			}
		case strings.HasPrefix(name, "Weir-"):
			return bad(name, "there is no such header; there are %s, %s, %s, %s and %sNAME", headerKey, headerKeyBase64, headerPartition, headerTime, headerOfRecord)
		}
	}
	if r.Header.Get(headerKey) != "" && r.Header.Get(headerKeyBase64) != "" {
		return bad(headerKey, "%s is there too: a record has one key", headerKeyBase64)
	}
	if names := r.Header.Values(headerName); len(names) > 0 {
		if p.Idempotency = names[0]; len(names) > 1 || p.Idempotency == "" || len(p.Idempotency) > maxName {
			return bad(headerName, "expected one text of 1 to %d bytes", maxName)
		}
	}
	return readEncoding(r, p)
}

// readEncoding says what is done about Content-Encoding: it becomes a header of the record, or is undone where ?decode=true asks for that.
func readEncoding(r *http.Request, p engine.Post) (engine.Post, string, error) {
	for name := range r.URL.Query() {
		if name != "decode" {
			return p, "", wire.Generic(wire.BadRequest, "there is no parameter '"+name+"' here; there is decode")
		}
	}
	decode := r.URL.Query().Get("decode")
	if decode != "" && decode != "true" && decode != "false" {
		return p, "", wire.Generic(wire.BadRequest, "decode: expected true or false, got '"+decode+"'")
	}
	if decode == "true" {
		encoding, err := encodingOf(r)
		if e, ok := errors.AsType[*wire.Error](err); ok {
			e.Message += "; without decode=true the body is taken as it is"
		}
		return p, encoding, err
	}
	if encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ", "))); encoding != "" && encoding != "identity" {
		p.Headers = append(p.Headers, kgo.RecordHeader{Key: "content-encoding", Value: []byte(encoding)})
	}
	return p, "", nil
}

// recordTime reads milliseconds, or a time with its zone.
func recordTime(text string) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 {
		return time.UnixMilli(ms), nil
	}
	return time.Parse(time.RFC3339, text)
}

// readRecord reads the body, unpacked if an encoding is given. What is unpacked has the bound of a request.
func (s *Server) readRecord(r *http.Request, encoding string) ([]byte, error) {
	data, err := readRaw(r)
	if err != nil {
		return nil, err
	}
	return unpack(data, encoding, s.opts.MaxBodyBytes)
}
