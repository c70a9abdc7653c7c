package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"

	"weir/engine"
	"weir/parser"
	"weir/server/entity"
	"weir/server/wire"
)

// socketQuery is GET /ws/query?request={"ksql":"SELECT ..."}: the columns in a message, then a row in each. How it ends is said by the code with
// which the socket is closed; what can't be begun is told so too.
func (s *Server) socketQuery(w http.ResponseWriter, r *http.Request) {
	if _, can := w.(http.Hijacker); !can || !isUpgrade(r) {
		reply(w, wire.Generic(wire.BadRequest, "/ws/query is for a WebSocket, which begins with GET of HTTP/1.1"))
		return
	}
	if !s.enter(w) {
		return
	}
	defer s.leave()
	s.sockets.Add(1)
	defer s.sockets.Done()
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin has been looked at
	if err != nil {
		return // it has answered
	}
	defer s.crowd.left(r.Context())
	defer c.CloseNow()
	ctx := c.CloseRead(r.Context()) // a client that says anything else than that it leaves is cut
	in, list, err := s.socketRequest(ctx, r)
	if err == nil {
		err = s.mayStream(list, delimited{})
	}
	if err != nil {
		c.Close(refusing(err))
		return
	}
	to := socketClient{c, ctx, s.opts.WriteTimeout}
	stop := to.keep(s.opts.Heartbeat)
	defer stop()
	end := socketEnd{websocket.StatusNormalClosure, "done"}
	err = s.engine.Execute(ctx, in.session, in.text, func(_ parser.Stmt, res engine.Result) error {
		src := socketFeed(res, &end)
		if src == nil {
			return nil
		}
		defer src.close()
		return pump(ctx, to, metered(*src, principal(r)), s.flow())
	})
	if s.tell(r, err); err != nil {
		end.code, end.reason = refusing(err)
	}
	c.Close(end.code, end.reason)
}

// socketEnd is how a socket is closed.
type socketEnd struct {
	code   websocket.StatusCode
	reason string
}

// maxReason is how many bytes the reason has with which a socket is closed.
const maxReason = 123

func closing(code websocket.StatusCode, text string) (websocket.StatusCode, string) {
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason-3], "") + "..."
	}
	return code, text
}

// refusing is how a socket is closed on which nothing has begun.
func refusing(err error) (websocket.StatusCode, string) {
	e := failure(err, nil)
	switch {
	case e.Code == wire.NotCaughtUp, e.Code.Status() == http.StatusTooManyRequests, e.Code.Status() == http.StatusServiceUnavailable:
		return closing(websocket.StatusTryAgainLater, e.Message)
	case e.Code.Status() >= http.StatusInternalServerError:
		return closing(websocket.StatusInternalError, e.Message)
	}
	return closing(websocket.StatusUnsupportedData, e.Message)
}

// socketRequest reads what a client asks for in the URL.
func (s *Server) socketRequest(ctx context.Context, r *http.Request) (script, []parser.Stmt, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return script{}, nil, wire.Generic(wire.BadRequest, "Error parsing request: "+err.Error())
	}
	if v := params.Get("version"); params.Has("version") && v != "1" {
		return script{}, nil, wire.Generic(wire.BadRequest, "Received invalid api version: "+v)
	}
	if params.Get("request") == "" {
		return script{}, nil, wire.Generic(wire.BadRequest, "Error parsing request: missing request parameter")
	}
	var body sqlBody
	if err := parseJSON([]byte(params.Get("request")), &body); err != nil {
		return script{}, nil, err
	}
	in, err := body.script(session(r))
	if err == nil {
		err = s.await(ctx, in)
	}
	if err != nil {
		return in, nil, err
	}
	list, err := s.engine.Validate(in.session, in.text)
	return in, list, err
}

// socketFeed makes messages of rows or printed records; nil for other results.
func socketFeed(res engine.Result, end *socketEnd) *feed {
	failed := func(dst []byte, err error) []byte {
		if !errors.Is(err, io.EOF) {
			end.code, end.reason = closing(websocket.StatusInternalError, failure(err, nil).Message)
		}
		return dst
	}
	switch r := res.(type) {
	case *engine.Rows:
		return &feed{
			close: r.Close,
			begin: appendJSON(nil, entity.Fields(r)),
			next: func(ctx context.Context, dst []byte) ([]byte, error) {
				row, err := r.Next(ctx)
				if err != nil {
					return dst, err
				}
				return appendStreamed(dst, r, row), nil
			},
			end: failed,
		}
	case *engine.Printed:
		src := printFeed(r)
		src.end = failed
		return src
	default: // about these alone
	}
	return nil
}
