package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weir/engine"
	"weir/server/wire"
	"weir/settings"
)

// readRaw reads a whole body as it was sent; the error is a *wire.Error.
func readRaw(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, wire.Generic(wire.TooLarge, fmt.Sprintf("the request is larger than %d bytes, which is the limit: raise the setting %s, or send less at once", e.Limit, settings.MaxRequestBytes.About().Name))
	}
	if err != nil {
		return nil, wire.Generic(wire.BadRequest, "cannot read the request: "+err.Error())
	}
	return data, nil
}

// readBody reads a whole body, unpacked.
func (s *Server) readBody(r *http.Request) ([]byte, error) {
	data, err := readRaw(r)
	if err != nil {
		return nil, err
	}
	encoding, err := encodingOf(r)
	if err != nil {
		return nil, err
	}
	return unpack(data, encoding, s.opts.MaxBodyBytes)
}

func (s *Server) readJSON(r *http.Request, into any) error {
	data, err := s.readBody(r)
	if err != nil {
		return err
	}
	return parseJSON(data, into)
}

// parseJSON reads JSON that a client has sent.
func parseJSON(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return wire.Generic(wire.BadRequest, "Invalid JSON in request: "+wrongJSON(err))
	}
	return nil
}

// wrongJSON says what is wrong without words of this program's own.
func wrongJSON(err error) string {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return err.Error()
	case e.Field == "":
		return "expected an object, got " + article(e.Value)
	}
	return fmt.Sprintf("%q cannot be %s", strings.TrimPrefix(e.Field, "QueryRequest."), article(e.Value))
}

func article(value string) string {
	word, _, _ := strings.Cut(value, " ")
	switch word {
	case "array", "object":
		return "an " + word
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	}
	return "a " + word
}

// script is SQL with what the client has set.
type script struct {
	text    string
	session *engine.Session
	after   *int64 // the number of the command that it is to come after
}

// session is a new one of whoever asks.
func session(r *http.Request) *engine.Session {
	s := engine.NewSession()
	s.Remote = true
	s.Principal = principal(r)
	return s
}

// sqlBody is the JSON of any endpoint that takes SQL: of the old form, or of the new one.
type sqlBody struct {
	wire.QueryRequest
	KSQL       string        `json:"ksql"`
	Properties wire.Settings `json:"streamsProperties"`
	After      *int64        `json:"commandSequenceNumber"`
}

// readScript reads a request of any endpoint that takes SQL: JSON under any content type, or the SQL itself. Browsers send JSON as text/plain
// unless they are told otherwise.
func (s *Server) readScript(r *http.Request) (script, error) {
	var body sqlBody
	data, err := s.readBody(r)
	if err != nil {
		return script{}, err
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isText := err == nil && media == wire.Text && !strings.HasPrefix(strings.TrimSpace(string(data)), "{")
	if isText || err == nil && media == wire.SQL {
		body.SQL = string(data)
	} else if err := parseJSON(data, &body); err != nil {
		return script{}, err
	}
	return body.script(session(r))
}

func (body *sqlBody) script(s *engine.Session) (script, error) {
	for _, given := range []wire.Settings{body.QueryRequest.Properties, body.Properties} {
		read, err := settings.Read(given, settings.Session)
		if err != nil {
			return script{}, wire.Generic(wire.BadRequest, err.Error())
		}
		maps.Copy(s.Properties, read)
	}
	maps.Copy(s.Variables, body.Variables)
	text := body.SQL
	if text == "" {
		text = body.KSQL
	}
	if strings.TrimSpace(text) == "" {
		return script{}, wire.Generic(wire.BadRequest, `the request holds no SQL: expected {"ksql": "..."} or {"sql": "..."}, or a script with the content type application/sql`)
	}
	return script{text, s, body.After}, nil
}

// appliedLook is how often it is looked whether a command has been carried out.
const appliedLook = 5 * time.Millisecond

// script reads a script and waits until what it is to come after has been carried out. Where that fails it has been answered.
func (s *Server) script(w http.ResponseWriter, r *http.Request) (in script, ok bool) {
	in, err := s.readScript(r)
	if err == nil {
		err = s.await(r.Context(), in)
	}
	if err != nil {
		reply(w, failure(err, nil))
	}
	return in, err == nil
}

// await waits until the command has been carried out that the request is to come after.
func (s *Server) await(ctx context.Context, in script) error {
	if in.after == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.CommandTimeout)
	defer cancel()
	for s.engine.Applied() < *in.after {
		select {
		case <-ctx.Done():
			return wire.Generic(wire.NotCaughtUp, "Timed out while waiting for a previous command to execute. command sequence number: "+strconv.FormatInt(*in.after, 10))
		case <-time.After(appliedLook):
		}
	}
	return nil
}

// accepted are the media types that a client asks for, in its order.
func accepted(r *http.Request) []string {
	var out []string
	for _, list := range r.Header.Values("Accept") {
		for _, item := range strings.Split(list, ",") {
			if t, params, err := mime.ParseMediaType(item); err == nil && params["q"] != "0" {
				out = append(out, t)
			}
		}
	}
	return out
}
