// Package changes follows the topic of a stream or table for clients: what a table holds and what becomes of it, row by row, from any place that a
// client had come to. What one of them has not taken yet lies in the topic, and in no memory.
package changes

import (
	"context"
	"errors"

	"weir/exec/task"
	"weir/kafka"
	"weir/types"
)

// Kind says what a Change is.
type Kind uint8

// The kinds.
const (
	Row    Kind = iota // a row of a stream, or the row that a key of a table has now
	Delete             // a key of a table has no row any more
	Ready              // all that the table held when the client came has been given; changes follow
	Reset              // what the client has seen does not lead on to what follows: see Reason. Of a table all rows follow anew
)

// Change is one step for a client.
type Change struct {
	Kind      Kind
	Partition int32
	Offset    int64
	Timestamp int64         // event time, milliseconds
	Values    []types.Value // of Row and Delete; there NULL but for the key
	Reason    string        // of Reset
	// Position is where the client stands then, of Ready and Reset.
	Position *Position
	// Current is when all that was there had been given, in seconds since 1970: it may be some time ago.
	Current int64
}

// Source is what is followed.
type Source struct {
	Cluster *kafka.Cluster
	Topic   string
	Table   bool
	Width   int                        // columns that NewRows reads
	NewRows func() (*task.Rows, error) // for one goroutine each
	// Durable has what the topic holds up to these offsets on disk: a client must not see what a power loss takes away. Nil where the brokers
	// see to that.
	Durable func(context.Context, map[string]map[int32]int64) error
	Bad     func(task.BadRecord) // is told of records that cannot be read, once each
	Still   func() bool          // says whether the stream or table is still what it was
	// MaxBytes is how much memory the keys of one partition may take while the rows of a table are found.
	MaxBytes int64
}

// ErrMoved ends the following where the stream or table, or its topic, is no longer what it was: whoever comes again goes on.
var ErrMoved = errors.New("the stream or table has changed, or its topic has: come again")
