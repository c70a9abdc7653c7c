package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"strings"

	"weir/engine"
	"weir/server/wire"
	"weir/settings"
)

// readBody reads a whole body; the error is a *wire.Error.
func readBody(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, wire.Generic(wire.TooLarge, fmt.Sprintf("the request is larger than %d bytes, which is the limit", e.Limit))
	}
	if err != nil {
		return nil, wire.Generic(wire.BadRequest, "cannot read the request: "+err.Error())
	}
	return data, nil
}

func readJSON(r *http.Request, into any) error {
	data, err := readBody(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return wire.Generic(wire.BadRequest, "the request is not the JSON expected here: "+err.Error())
	}
	return nil
}

// script is SQL with what the client has set.
type script struct {
	text    string
	session *engine.Session
}

// session is a new one of whoever asks.
func session(r *http.Request) *engine.Session {
	s := engine.NewSession()
	s.Remote = true
	s.Principal = r.RemoteAddr
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		s.Principal = host
	}
	return s
}

// readScript reads a request of any endpoint that takes SQL: JSON of the old or the new form, or the SQL itself.
func readScript(r *http.Request) (script, error) {
	var body struct {
		wire.QueryRequest
		KSQL       string        `json:"ksql"`
		Properties wire.Settings `json:"streamsProperties"`
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (media == wire.SQL || media == wire.Text) {
		data, err := readBody(r)
		if err != nil {
			return script{}, err
		}
		body.SQL = string(data)
	} else if err := readJSON(r, &body); err != nil {
		return script{}, err
	}
	s := session(r)
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
	return script{text, s}, nil
}

// accepts says whether the client asks for a media type by name.
func accepts(r *http.Request, media string) bool {
	for _, list := range r.Header.Values("Accept") {
		for _, item := range strings.Split(list, ",") {
			if t, _, err := mime.ParseMediaType(item); err == nil && t == media {
				return true
			}
		}
	}
	return false
}
