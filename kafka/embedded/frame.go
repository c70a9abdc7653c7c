package embedded

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A frame is a 4-byte size, then the request's key, version and correlation id.
const (
	sizeLen   = 4
	headerLen = 8
)

// frameConn passes whole requests with a known key and a believable size on, and ends the connection at anything else.
// kfake allocates whatever size it reads and panics at a key it doesn't know. Responses go out completed.
type frameConn struct {
	net.Conn
	maxFrame int
	log      *slog.Logger
	closed   func()
	once     sync.Once
	inside   bool // the client is one of this process
	answers  *answers
	awaited  awaited

	head []byte // checked, not yet passed on
	left int    // bytes of the frame after head
	buf  [sizeLen + headerLen]byte
}

func (c *frameConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.head) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	if len(p) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	c.left -= n
	return n, err
}

func (c *frameConn) next() error {
	if _, err := io.ReadFull(c.Conn, c.buf[:]); err != nil {
		return err
	}
	if err := checkFrame(c.buf[:], c.maxFrame); err != nil {
		c.log.Warn("connection closed: not a Kafka client?", "remote", c.RemoteAddr().String(), "reason", err.Error())
		return err
	}
	c.head, c.left = c.buf[:], int(binary.BigEndian.Uint32(c.buf[:]))-headerLen
	if c.answers.looks(kmsg.Key(binary.BigEndian.Uint16(c.buf[sizeLen:]))) {
		return c.look()
	}
	return nil
}

// look reads the rest of a request whose response may have to be completed.
func (c *frameConn) look() error {
	var whole bytes.Buffer // grows as the bytes come, whatever size was announced
	whole.Write(c.buf[:])
	if _, err := io.CopyN(&whole, c.Conn, int64(c.left)); err != nil {
		return io.ErrUnexpectedEOF
	}
	c.head, c.left = whole.Bytes(), 0
	in := kbin.Reader{Src: c.head[sizeLen:]}
	w := await{key: in.Int16(), version: in.Int16(), correlation: in.Uint32()}
	req := kmsg.RequestForKey(w.key)
	req.SetVersion(w.version)
	in.NullableString() // the client's id
	if req.IsFlexible() {
		kmsg.SkipTags(&in)
	}
	if !in.Ok() || req.ReadFrom(in.Src) != nil {
		return nil // kfake ends the connection
	}
	head := whole.Len() - len(in.Src)
	if w.then = c.answers.of(req, c.inside); w.then != nil {
		c.awaited.add(w)
		c.head = req.AppendTo(c.head[:head:head])
		binary.BigEndian.PutUint32(c.head, uint32(len(c.head)-sizeLen))
	}
	return nil
}

// Write takes a response, which kfake writes whole.
func (c *frameConn) Write(p []byte) (int, error) {
	if len(p) < sizeLen+4 {
		return c.Conn.Write(p)
	}
	w, ok := c.awaited.take(binary.BigEndian.Uint32(p[sizeLen:]))
	if !ok {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(w.complete(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// checkFrame judges the first 12 bytes of a request.
func checkFrame(b []byte, maxFrame int) error {
	size := int64(binary.BigEndian.Uint32(b))
	key := int16(binary.BigEndian.Uint16(b[4:]))
	version := int16(binary.BigEndian.Uint16(b[6:]))
	switch {
	case size < headerLen:
		return fmt.Errorf("a request of %d bytes is too short", size)
	case size > int64(maxFrame):
		return fmt.Errorf("a request of %d bytes is over the limit of %d", size, maxFrame)
	case kmsg.RequestForKey(key) == nil:
		return fmt.Errorf("unknown API key %d", key)
	case version < 0:
		return fmt.Errorf("API version %d", version)
	}
	return nil
}

func (c *frameConn) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}
