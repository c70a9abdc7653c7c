package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"weir/server/wire"
)

// isUpgrade says whether a client wants a WebSocket.
func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// socket is follow over a WebSocket: a message for each event. What can't be opened is told as an answer of HTTP.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, open func(as framing, send func(feed)) error) {
	if _, can := w.(http.Hijacker); !can || r.Method != http.MethodGet {
		reply(w, wire.Generic(wire.BadRequest, "a WebSocket begins with GET of HTTP/1.1"))
		return
	}
	s.sockets.Add(1)
	defer s.sockets.Done()
	begun := false
	err := open(messages{}, func(src feed) {
		defer src.close()
		begun = true
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin has been looked at
		if err != nil {
			return // it has answered
		}
		defer s.crowd.left(r.Context())
		defer c.CloseNow()
		ctx := c.CloseRead(r.Context()) // a client that says anything else than that it leaves is cut
		to := socketClient{c, ctx, s.opts.WriteTimeout}
		stop := to.keep(s.opts.Heartbeat)
		err = pump(ctx, to, metered(src, principal(r)), s.flow())
		stop()
		if err == nil {
			c.Close(websocket.StatusNormalClosure, "")
		}
		s.tell(r, err)
	})
	if err != nil && !begun {
		reply(w, failure(err, nil))
	}
}

// socketClient is a client at a WebSocket.
type socketClient struct {
	conn    *websocket.Conn
	ctx     context.Context // ends with the client
	timeout time.Duration
}

func (c socketClient) send(batch []byte, cuts []int) error {
	from := 0
	for _, to := range cuts {
		ctx, cancel := context.WithTimeout(c.ctx, c.timeout)
		err := c.conn.Write(ctx, websocket.MessageText, batch[from:to])
		cancel()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

// keep asks the client now and then whether it is still there, and ends the connection where it is not.
func (c socketClient) keep(every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(c.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
			}
			answer, cancel := context.WithTimeout(ctx, c.timeout)
			err := c.conn.Ping(answer)
			cancel()
			if err != nil && ctx.Err() == nil {
				c.conn.CloseNow()
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
