package faulty

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A frame is its size, and for requests the kind, its version and a number, which the answer repeats.
const (
	sizeLen   = 4
	headerLen = 8
)

// exchanges is how many requests may be under way on one connection.
const exchanges = 1024

// conn cuts what the client writes into requests, and what it reads into answers, which come in the order of the requests.
type conn struct {
	net.Conn
	d     *Dialer
	out   []byte // written and not yet a whole request: the writer's
	in    []byte // of an answer, not yet read: the reader's
	sent  chan exchange
	done  chan struct{}
	close func() error
	late  sync.Mutex // held while a request is late
}

// exchange is a request whose answer the client waits for.
type exchange struct {
	answer []byte                       // instead of the broker's; nil to ask it
	spoil  func([]byte) ([]byte, error) // changes the broker's answer
	lose   bool                         // the connection ends when the broker has answered
}

func newConn(d *Dialer, inner net.Conn) *conn {
	c := &conn{Conn: inner, d: d, sent: make(chan exchange, exchanges), done: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.done)
		d.forget(c)
		if !c.late.TryLock() {
			go func() {
				c.late.Lock()
				_ = inner.Close()
			}()
			return nil
		}
		return inner.Close()
	})
	return c
}

func (c *conn) Close() error { return c.close() }

// Write passes whole requests on, but for those that a rule spoils.
func (c *conn) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	for len(c.out) >= sizeLen {
		n := sizeLen + int(binary.BigEndian.Uint32(c.out))
		if n < sizeLen+headerLen {
			return 0, fmt.Errorf("faulty: a request of %d bytes is too short", n-sizeLen)
		}
		if len(c.out) < n {
			break
		}
		if err := c.request(c.out[:n]); err != nil {
			return 0, err
		}
		c.out = c.out[:copy(c.out, c.out[n:])]
	}
	return len(p), nil
}

// request carries out what the rules say of a request. One that is written after the connection ended was never seen.
func (c *conn) request(frame []byte) error {
	select {
	case <-c.done:
		return net.ErrClosed
	default:
	}
	req := &request{frame: frame}
	rule := c.d.judge(req.key(), req.parse)
	var x exchange
	if rule != nil {
		switch rule.Do {
		case Cut:
			return c.Close() // the client finds out when it reads
		case Lose:
			x.lose = true
		case Delay:
			select {
			case <-time.After(rule.For):
			case <-c.done:
				return net.ErrClosed
			}
		case Late:
			c.late.Lock()
			go func(frame []byte) {
				defer c.late.Unlock()
				time.Sleep(rule.For)
				_, _ = c.Conn.Write(frame) // who waits for the answer finds out
			}(bytes.Clone(frame))
			return c.expect(exchange{})
		case Refuse:
			var err error
			if x, err = refuse(req, rule.Code); err != nil {
				return err
			}
		}
	}
	if x.answer == nil {
		c.late.Lock() // behind a late one
		_, err := c.Conn.Write(frame)
		c.late.Unlock()
		if err != nil {
			return err
		}
		if !req.answered() {
			return nil
		}
	}
	return c.expect(x)
}

// expect notes that an answer is to come.
func (c *conn) expect(x exchange) error {
	select {
	case c.sent <- x:
		return nil
	case <-c.done:
		return net.ErrClosed
	}
}

// Read gives answers in the order of their requests.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(c.in) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

// next brings the next answer.
func (c *conn) next() error {
	var x exchange
	select {
	case x = <-c.sent:
	case <-c.done:
		return io.EOF
	}
	if c.in = x.answer; c.in != nil {
		return nil
	}
	var size [sizeLen]byte
	if _, err := io.ReadFull(c.Conn, size[:]); err != nil {
		return err
	}
	frame := make([]byte, sizeLen+binary.BigEndian.Uint32(size[:]))
	copy(frame, size[:])
	if _, err := io.ReadFull(c.Conn, frame[sizeLen:]); err != nil {
		return err
	}
	if x.lose {
		_ = c.Close()
		return io.EOF
	}
	if x.spoil != nil {
		var err error
		if frame, err = x.spoil(frame); err != nil {
			return err
		}
	}
	c.in = frame
	return nil
}

// request is a request's frame.
type request struct {
	frame  []byte
	parsed kmsg.Request
}

func (r *request) key() kmsg.Key { return kmsg.Key(binary.BigEndian.Uint16(r.frame[sizeLen:])) }

func (r *request) number() uint32 { return binary.BigEndian.Uint32(r.frame[sizeLen+4:]) }

// parse gives the request itself; nil if it can't be read.
func (r *request) parse() kmsg.Request {
	if r.parsed != nil {
		return r.parsed
	}
	req := r.key().Request()
	if req == nil {
		return nil
	}
	src := kbin.Reader{Src: bytes.Clone(r.frame[sizeLen+headerLen:])}
	src.NullableString() // the client's id
	req.SetVersion(int16(binary.BigEndian.Uint16(r.frame[sizeLen+2:])))
	if req.IsFlexible() {
		kmsg.SkipTags(&src)
	}
	if !src.Ok() || req.ReadFrom(src.Src) != nil {
		return nil
	}
	r.parsed = req
	return req
}

// answered says whether the broker answers: it does not where a producer asks for no acknowledgement.
func (r *request) answered() bool {
	if r.key() != kmsg.Produce {
		return true
	}
	req, ok := r.parse().(*kmsg.ProduceRequest)
	return !ok || req.Acks != 0
}
