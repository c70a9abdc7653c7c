// Package connector is what a connector's implementation and the runtime that drives it agree on.
package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Kind is the direction of a connector: SOURCE into Kafka, SINK out of it.
type Kind string

// The directions.
const (
	Source Kind = "SOURCE"
	Sink   Kind = "SINK"
)

// Class is one entry of the list of built-in connectors.
//
// Open, or OpenSink for a sink, checks the values of the properties and returns a connector that has not started. It neither reads nor
// writes anything.
type Class struct {
	Name       string   // the value of connector.class
	Aliases    []string // other values, such as the name of the class of Kafka Connect that does the same
	Kind       Kind
	Doc        string
	Properties []Property
	Example    string // a whole CREATE statement
	Open       func(Env, Values) (Reader, error)
	OpenSink   func(Env, Values) (Opened, error)
}

// Opened is a sink with what it asks of the runtime.
type Opened struct {
	Writer
	Columns      bool // it needs the columns of the rows, and so a stream or table over each topic
	Bare         bool // with Columns: it also takes records of topics without a stream or table, and gets no columns of these
	PerPartition bool // each batch is of one partition
	// Check says what is wrong with relations, before anything runs; nil where all will do.
	Check func([]Relation) error
}

// Env is what a connector is told of its surroundings.
type Env struct {
	Name    string // the connector's
	BaseDir string // what relative paths are relative to
	// Confined says that only files below Root may be read and written; none where that is empty. Relative paths are relative to it.
	Confined bool
	Root     string
	Logger   *slog.Logger // never nil
}

// Reader is a source that is ready to run, once.
type Reader interface {
	// Bounded tells whether the source comes to an end by itself.
	Bounded() bool
	// Topics are the topics that records will go to; missing ones are created.
	Topics() []Topic
	// Run emits records until the source ends (nil) or something fails. An error made by Userf fails the connector; after any other it is
	// opened and run again. resume is the position stored last, nil at the first start; all before it is in Kafka.
	Run(ctx context.Context, out Output, resume json.RawMessage) error
	// Position is where to resume after the record emitted last, as a value for encoding/json. It is called within Emit, when it has to
	// count the record that Emit was given, within Flush and after Run: so a source moves it right before Emit, after any waiting.
	Position() any
}

// Topic is a topic that a source writes. Partitions counts where the topic is created; 0 is the cluster's default.
type Topic struct {
	Name       string
	Partitions int32
	Replicas   int16
}

// Record is a record of a source. Emit copies all of it.
type Record struct {
	Topic     string
	Partition int32
	Key       []byte // nil for none
	Value     []byte
	Timestamp int64 // milliseconds since 1970; 0 is now
	Headers   []Header
}

// Header is one header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Output takes a source's records to Kafka, in order within a partition. It is for one goroutine.
type Output interface {
	// Emit takes a record; it is sent with others, later. It waits while too much is on its way.
	Emit(ctx context.Context, r *Record) error
	// Flush sends what has been emitted now, without waiting for the answer. Sources call it before they pause.
	Flush(ctx context.Context) error
	// Partitions is the number of partitions of a topic.
	Partitions(topic string) int32
	// SetTotal tells how many rows there are to come in all, those of earlier runs included.
	SetTotal(rows int64)
	// Bad counts a row whose key or time could not be read; it is emitted without. The first reasons are logged.
	Bad(reason error)
}

type userError struct{ err error }

func (e *userError) Error() string { return e.err.Error() }
func (e *userError) Unwrap() error { return e.err }

// Userf is an error that trying again will not cure: the connector fails, and the user is to read the text.
func Userf(format string, args ...any) error { return &userError{fmt.Errorf(format, args...)} }

type laterError struct {
	err   error
	after time.Duration
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// Later is an error after which it is of no use to try again before so much time has passed.
func Later(err error, after time.Duration) error { return &laterError{err, after} }

// After is how much later an error made by Later is to be followed by the next try; 0 for others.
func After(err error) time.Duration {
	var l *laterError
	if errors.As(err, &l) {
		return l.after
	}
	return 0
}

// IsUser tells the errors made by Userf.
func IsUser(err error) bool {
	var u *userError
	return errors.As(err, &u)
}
