//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// http1 is a client with one connection of HTTP/1.1 that takes little time itself: what it takes is missing to the server.
type http1 struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial1(addr string) (*http1, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &http1{conn: conn, in: bufio.NewReaderSize(conn, 4<<10)}, nil
}

// request1 is a POST as it is sent.
func request1(addr, path, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, addr, len(body), body)
}

// do sends a request and reads the body of the answer, which is valid until the next one.
func (c *http1) do(request []byte) ([]byte, error) {
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	status, length, err := c.head()
	if err != nil {
		return nil, err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.take(length)
	} else {
		err = c.chunks()
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d: %s", status, c.body)
	}
	return c.body, err
}

// head reads the head of an answer; length is -1 where the body comes in chunks.
func (c *http1) head() (status, length int, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) == 0:
			return status, length, nil
		case first && len(line) < 12:
			return 0, 0, fmt.Errorf("no status: %q", line)
		case first:
			status, err = strconv.Atoi(string(line[9:12]))
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
		if err != nil {
			return 0, 0, err
		}
	}
}

func (c *http1) take(n int) error {
	from := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

func (c *http1) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || n == 0 {
			return err
		}
	}
}
