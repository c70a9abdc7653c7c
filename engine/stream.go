package engine

import (
	"context"
	"io"
)

// stream hands what comes of a running query to its client.
type stream[T any] struct {
	pieces  chan []T
	current []T
	err     error // why it ended; nil at its end. Valid once pieces is closed
}

// streamPieces is how many pieces may wait for a client; a piece takes about a megabyte, or a single row.
const streamPieces = 4

func newStream[T any]() *stream[T] { return &stream[T]{pieces: make(chan []T, streamPieces)} }

// first waits for the first rows, or for the end: what fails before is the statement's own error.
func (s *stream[T]) first(ctx context.Context) error {
	select {
	case rows, ok := <-s.pieces:
		if !ok {
			return s.err
		}
		s.current = rows
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give waits until the client has room.
func (s *stream[T]) give(ctx context.Context, rows []T) error {
	select {
	case s.pieces <- rows:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next gives the client a row.
func (s *stream[T]) next(ctx context.Context) (row T, err error) {
	for len(s.current) == 0 {
		select {
		case rows, ok := <-s.pieces:
			if !ok && s.err != nil {
				return row, s.err
			}
			if !ok {
				return row, io.EOF
			}
			s.current = rows
		case <-ctx.Done():
			return row, ctx.Err()
		}
	}
	row = s.current[0]
	s.current = s.current[1:]
	return row, nil
}

// empty says whether the client has been given all that has come.
func (s *stream[T]) empty() bool { return len(s.current) == 0 && len(s.pieces) == 0 }
