package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"weir/engine"
	"weir/server/wire"
	"weir/settings"
)

// maxUnacked is how many rows of a client may be under way.
const maxUnacked = 256

// insertsStream is POST /inserts-stream: the first line of the body says into what, the others are rows. Each is answered by a line; after an error
// nothing more is read.
func (s *Server) insertsStream(w http.ResponseWriter, r *http.Request) {
	in, first, err := s.insertLines(r)
	if err == nil && !s.enter(w) {
		return
	}
	if err != nil {
		reply(w, failure(err, nil))
		return
	}
	defer s.leave()
	to, err := s.insertsTo(r, first)
	if err != nil {
		if e, ok := errors.AsType[*engine.Error](err); ok {
			err = wire.Generic(codeOf(e.Kind), e.Error())
		}
		reply(w, failure(err, nil))
		return
	}
	as := acks{}
	for _, media := range accepted(r) {
		if media == wire.Delimited || media == wire.JSON {
			as.array = media == wire.JSON
			break
		}
	}
	w.Header().Set("Content-Type", as.media())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	ctl := http.NewResponseController(w)
	ctl.EnableFullDuplex() // HTTP/2 is so anyway
	w.WriteHeader(http.StatusOK)
	ctl.Flush() // some clients send rows only when they have been let in
	ctx, cancel := context.WithCancel(r.Context())
	rows, read := &insertedRows{make(chan insertedRow, maxUnacked), semaphore.NewWeighted(int64(s.opts.MaxPending)), int64(s.opts.MaxPending)}, make(chan struct{})
	go func() {
		defer close(read)
		rows.read(ctx, to, in)
	}()
	s.tell(r, pump(ctx, respond(w, r, as.media(), s.opts.WriteTimeout), ackFeed(rows, as), s.flow()))
	cancel()
	select {
	case <-read:
	default:
		ctl.SetReadDeadline(time.Now()) // nothing more is read, whatever the client has to say
		<-read
	}
}

// insertLines are the lines of the body, and the first of them.
func (s *Server) insertLines(r *http.Request) (*lineReader, []byte, error) {
	encoding, err := encodingOf(r)
	if err != nil {
		return nil, nil, err
	}
	plain, err := unpacker(r.Body, encoding, s.opts.MaxBodyBytes)
	if err != nil {
		return nil, nil, wire.Generic(wire.BadRequest, "the body is not what Content-Encoding '"+encoding+"' says: "+err.Error())
	}
	in := &lineReader{in: bufio.NewReader(plain), most: int(s.opts.MaxBodyBytes)}
	first, err := in.next()
	if errors.Is(err, io.EOF) {
		err = wire.Generic(wire.BadRequest, `the request is empty: expected a line {"target": "STREAM"}, and a line for each row`)
	}
	return in, first, err
}

// insertsTo begins what the first line asks for.
func (s *Server) insertsTo(r *http.Request, first []byte) (*engine.Inserts, error) {
	var args wire.InsertsRequest
	if err := parseJSON(first, &args); err != nil {
		return nil, err
	}
	if args.Target == "" {
		return nil, wire.Generic(wire.BadRequest, `Invalid JSON in request: the first line names no target: expected {"target": "STREAM"}`)
	}
	sess := session(r)
	read, err := settings.Read(args.Properties, settings.Session)
	if err != nil {
		return nil, wire.Generic(wire.BadRequest, err.Error())
	}
	sess.Properties = read
	return s.engine.Inserts(r.Context(), sess, args.Target)
}

// lineReader reads lines of at most so many bytes; what it gives holds until the next one.
type lineReader struct {
	in   *bufio.Reader
	most int
	line []byte
}

// next is the next line that is not empty; io.EOF after the last one.
func (l *lineReader) next() ([]byte, error) {
	for {
		l.line = l.line[:0]
		for {
			part, err := l.in.ReadSlice('\n')
			if l.line = append(l.line, part...); len(l.line) > l.most {
				return nil, wire.Generic(wire.TooLarge, fmt.Sprintf("a line is larger than %d bytes, which is the limit: raise the setting %s", l.most, settings.MaxRequestBytes.About().Name))
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if text := bytes.TrimSpace(l.line); len(text) > 0 {
				return text, nil // an error comes again
			}
			if err != nil {
				return nil, err
			}
			break
		}
	}
}

// acks is how rows that were written are told.
type acks struct{ array bool }

func (a acks) media() string {
	if a.array {
		return wire.JSON
	}
	return wire.Delimited
}

func (a acks) append(dst []byte, first bool, v wire.InsertAck) []byte {
	switch {
	case !a.array:
		return append(appendJSON(dst, v), '\n')
	case first:
		return appendJSON(append(dst, '['), v)
	}
	return appendJSON(append(dst, ",\n"...), v)
}

// ackFeed tells what has become of rows, in their order.
func ackFeed(rows *insertedRows, as acks) feed {
	seq, failed := int64(-1), false
	return feed{
		media: as.media(), close: func() {},
		next: func(ctx context.Context, dst []byte) ([]byte, error) {
			if failed {
				return dst, io.EOF
			}
			var err error
			select {
			case row, more := <-rows.list:
				if !more {
					return dst, io.EOF
				}
				select {
				case err = <-row.done:
					rows.room.Release(row.size)
				case <-ctx.Done():
					return dst, ctx.Err()
				}
			case <-ctx.Done():
				return dst, ctx.Err()
			}
			seq++
			ack := wire.InsertAck{Status: "ok", Seq: seq}
			if failed = err != nil; failed {
				ack = failedInsert(seq, err)
			}
			return as.append(dst, seq == 0, ack), nil
		},
		end: func(dst []byte, _ error) []byte {
			switch {
			case !as.array:
				return dst
			case seq < 0:
				dst = append(dst, '[')
			}
			return append(dst, "]\n"...)
		},
	}
}

// insertedRows are the rows of a client that are under way, in their order.
type insertedRows struct {
	list chan insertedRow
	room *semaphore.Weighted // bytes
	most int64
}

type insertedRow struct {
	done chan error // takes what becomes of it
	size int64
}

// read hands rows on until one is wrong or there are no more.
func (rows *insertedRows) read(ctx context.Context, to *engine.Inserts, in *lineReader) {
	defer close(rows.list)
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			return
		}
		row := insertedRow{make(chan error, 1), min(int64(len(line)), rows.most)} // a larger one is alone
		if rows.room.Acquire(ctx, row.size) != nil {
			return
		}
		select {
		case rows.list <- row:
		case <-ctx.Done():
			return
		}
		if err == nil {
			err = to.Insert(ctx, line, func(err error) { row.done <- err })
		}
		if err != nil {
			row.done <- err
			return
		}
	}
}

func failedInsert(seq int64, err error) wire.InsertAck {
	e := failure(err, nil)
	code := e.Code
	if fault, ok := errors.AsType[*engine.Error](err); ok && fault.Kind == engine.BadStatement {
		code = wire.BadRequest // it is the row, and no statement
	}
	return wire.InsertAck{Status: "error", Seq: seq, Code: code, Message: e.Message}
}
