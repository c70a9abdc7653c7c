package server

import (
	"context"
	"errors"
	"io"

	"weir/engine"
	"weir/server/entity"
	"weir/server/wire"
)

// The events that a client is sent.
const (
	eventBegin  = "begin"  // the columns of what follows
	eventRow    = "row"    // a row; of a table that of its key as it is now
	eventDelete = "delete" // a key of a table has no row any more
	eventReady  = "ready"  // all that the table held has been sent; changes follow
	eventReset  = "reset"  // what the client holds does not lead on to what follows
	eventEnd    = "end"    // nothing follows
	eventFailed = "failed" // nothing follows, because of an error
)

// framing is how an event is written. id and data append to what they are given; id is nil where the event has none.
type framing interface {
	event(dst []byte, name string, id, data func([]byte) []byte) []byte
	// beat is what keeps a connection alive, and its id fresh; nil for nothing.
	beat(dst []byte, id func([]byte) []byte) []byte
}

// sse are server-sent events.
type sse struct{}

func (sse) event(dst []byte, name string, id, data func([]byte) []byte) []byte {
	if id != nil {
		dst = append(id(append(dst, "id: "...)), '\n')
	}
	dst = append(append(append(dst, "event: "...), name...), "\ndata: "...)
	return append(data(dst), "\n\n"...) // JSON here has no line breaks
}

func (sse) beat(dst []byte, id func([]byte) []byte) []byte {
	if id == nil {
		return append(dst, ": still here\n\n"...)
	}
	return append(id(append(dst, ": still here\nid: "...)), "\n\n"...) // without data it is no event
}

// messages are those of a WebSocket, one for each event.
type messages struct{}

func (messages) event(dst []byte, name string, id, data func([]byte) []byte) []byte {
	dst = append(append(append(dst, `{"event":"`...), name...), '"')
	if id != nil {
		dst = append(id(append(dst, `,"id":"`...)), '"')
	}
	return append(data(append(dst, `,"data":`...)), '}')
}

func (messages) beat(dst []byte, _ func([]byte) []byte) []byte { return dst }

func jsonOf(v any) func([]byte) []byte {
	return func(dst []byte) []byte { return appendJSON(dst, v) }
}

// retry is how soon a browser comes again, in milliseconds.
const retry = "retry: 1000\n\n"

// changesFeed makes events of the changes of a stream or table.
func changesFeed(c *engine.Changes, as framing) feed {
	var begin []byte
	if _, browser := as.(sse); browser {
		begin = append(begin, retry...)
	}
	id := c.AppendPosition
	begin = as.event(begin, eventBegin, nil, jsonOf(entity.Begun(c.QueryID, c.Columns)))
	first := c.Reset
	return feed{
		begin: begin, close: c.Close,
		next: func(ctx context.Context, dst []byte) ([]byte, error) {
			if first != "" {
				reason := first
				first = ""
				return as.event(dst, eventReset, id, jsonOf(wire.Reason{Reason: reason})), nil
			}
			next, err := c.Next(ctx)
			if err != nil {
				return dst, err
			}
			switch next.Kind {
			case engine.ChangeRow:
				dst = as.event(dst, eventRow, id, func(dst []byte) []byte { return entity.AppendObject(dst, next.Values, c.Columns, false) })
			case engine.ChangeDelete:
				dst = as.event(dst, eventDelete, id, func(dst []byte) []byte { return entity.AppendObject(dst, next.Values, c.Columns, true) })
			case engine.ChangeReady:
				dst = as.event(dst, eventReady, id, jsonOf(struct{}{}))
			case engine.ChangeReset:
				dst = as.event(dst, eventReset, id, jsonOf(wire.Reason{Reason: next.Reason}))
			}
			return dst, nil
		},
		beat: func(dst []byte) []byte { return as.beat(dst, id) },
		end: func(dst []byte, err error) []byte {
			switch {
			case errors.Is(err, engine.ErrComeAgain):
				return dst // the client finds out by coming again
			case errors.Is(err, io.EOF):
				return as.event(dst, eventEnd, nil, jsonOf(wire.Reason{Reason: "the following was ended"}))
			}
			return as.event(dst, eventFailed, nil, jsonOf(failure(err, nil)))
		},
	}
}

// eventFeed makes events of the rows of a query.
func eventFeed(r *engine.Rows, as framing) feed {
	rows := int64(0)
	return feed{
		begin: as.event(nil, eventBegin, nil, jsonOf(entity.Begun(r.QueryID, r.Columns))), close: r.Close,
		next: func(ctx context.Context, dst []byte) ([]byte, error) {
			row, err := r.Next(ctx)
			if err != nil {
				return dst, err
			}
			rows++
			name := eventRow
			if row.Tombstone {
				name = eventDelete
			}
			return as.event(dst, name, nil, func(dst []byte) []byte { return entity.AppendObject(dst, row.Values, r.Columns, row.Tombstone) }), nil
		},
		beat: func(dst []byte) []byte { return as.beat(dst, nil) },
		end: func(dst []byte, err error) []byte {
			if !errors.Is(err, io.EOF) {
				return as.event(dst, eventFailed, nil, jsonOf(failure(err, nil)))
			}
			reason := wire.QueryCompleted
			if r.Limit >= 0 && rows >= r.Limit {
				reason = wire.LimitReached
			}
			return as.event(dst, eventEnd, nil, jsonOf(wire.Reason{Reason: reason}))
		},
	}
}
