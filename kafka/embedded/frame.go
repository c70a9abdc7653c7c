package embedded

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A frame is a 4-byte size, then the request's key, version and correlation id.
const (
	sizeLen   = 4
	headerLen = 8
)

// frameConn passes whole requests with a known key and a believable size on, and ends the connection at anything else.
// kfake allocates whatever size it reads and panics at a key it doesn't know.
type frameConn struct {
	net.Conn
	maxFrame int
	log      *slog.Logger
	closed   func()
	once     sync.Once

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
	return nil
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
