package tcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync"
	"time"

	"weir/connectors/connector"
	"weir/kafka"
)

// source listens.
type source struct {
	env      connector.Env
	listen   string
	topic    connector.Topic
	key      *regexp.Regexp // nil for none
	maxLine  int
	maxConns int

	turn  int32
	bound func(net.Addr) // of tests
}

// line is what a connection brings.
type line struct {
	data    []byte
	peer    []byte
	tooLong bool
}

const (
	// waitingLines is how many lines may wait between the connections and Kafka.
	waitingLines = 1024
	// flushIdle is how long a line waits for another one.
	flushIdle = 20 * time.Millisecond
	// bufferSize is what a connection reads at once.
	bufferSize = 64 << 10
)

// Bounded implements connector.Reader.
func (s *source) Bounded() bool { return false }

// Topics implements connector.Reader.
func (s *source) Topics() []connector.Topic { return []connector.Topic{s.topic} }

// Position implements connector.Reader: there is nothing to go back to.
func (s *source) Position() any { return nil }

// Run listens until it is stopped.
func (s *source) Run(ctx context.Context, out connector.Output, _ json.RawMessage) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", s.listen, err)
	}
	if s.bound != nil {
		s.bound(listener.Addr())
	}
	s.env.Logger.Info("listening for lines", "address", listener.Addr().String())
	ctx, cancel := context.WithCancelCause(ctx)
	lines := make(chan line, waitingLines)
	var wg sync.WaitGroup
	wg.Go(func() { cancel(s.accept(ctx, listener, lines, &wg)) })
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer func() {
		cancel(nil)
		stop()
		_ = listener.Close()
		wg.Wait()
	}()
	for {
		select {
		case l := <-lines:
			if err := s.emit(ctx, out, l); err != nil {
				return err
			}
			continue
		default:
		}
		idle := time.NewTimer(flushIdle)
		select {
		case l := <-lines:
			idle.Stop()
			if err := s.emit(ctx, out, l); err != nil {
				return err
			}
		case <-idle.C:
			if err := out.Flush(ctx); err != nil {
				return err
			}
			select {
			case l := <-lines:
				if err := s.emit(ctx, out, l); err != nil {
					return err
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		case <-ctx.Done():
			idle.Stop()
			return context.Cause(ctx)
		}
	}
}

// accept takes connections until the listener is closed.
func (s *source) accept(ctx context.Context, listener net.Listener, lines chan<- line, wg *sync.WaitGroup) error {
	room := make(chan struct{}, s.maxConns)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("cannot take connections at %s: %w", s.listen, err)
		}
		select {
		case room <- struct{}{}:
		default:
			s.env.Logger.Warn("a connection is closed: there are as many as 'max.connections' allows", "peer", conn.RemoteAddr().String())
			_ = conn.Close()
			continue
		}
		wg.Go(func() {
			defer func() { <-room }()
			s.read(ctx, conn, lines)
		})
	}
}

// read brings the lines of a connection.
func (s *source) read(ctx context.Context, conn net.Conn, lines chan<- line) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	peer := []byte(conn.RemoteAddr().String())
	in := bufio.NewReaderSize(conn, bufferSize)
	for {
		data, long, err := s.line(in)
		if len(data) > 0 || long || err == nil {
			select {
			case lines <- line{data, peer, long}:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// line reads up to the next line feed. Of a line that is too long the rest is read over.
func (s *source) line(in *bufio.Reader) (data []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !long && len(data)+len(part) > s.maxLine+len("\r\n") {
			data, long = nil, true
		}
		if !long {
			data = append(data, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
		if len(data) > s.maxLine {
			data, long = nil, true
		}
		return data, long, err
	}
}

func (s *source) emit(ctx context.Context, out connector.Output, l line) error {
	if l.tooLong {
		out.Bad(fmt.Errorf("a line of %s is longer than %d bytes ('max.line.bytes'), and is left out", l.peer, s.maxLine))
		return nil
	}
	r := connector.Record{Topic: s.topic.Name, Value: l.data, Headers: []connector.Header{{Key: HeaderPeer, Value: l.peer}}}
	partitions := out.Partitions(s.topic.Name)
	if s.key != nil {
		if m := s.key.FindSubmatch(l.data); m != nil && m[1] != nil {
			r.Key = m[1]
		}
	}
	if r.Key != nil {
		r.Partition = kafka.Partition(r.Key, partitions)
	} else {
		r.Partition = s.turn % partitions
		s.turn = (s.turn + 1) % partitions
	}
	return out.Emit(ctx, &r)
}
