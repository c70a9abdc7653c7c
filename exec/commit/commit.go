// Package commit makes durable what tasks did: their state, how far their inputs were read, and what they put out, all of
// it or nothing. There are two ways: Outbox, for the broker in this process, and Transactions, for a Kafka cluster.
package commit

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/kafka"
)

// Committer is one of the two ways. All but Stop are called from the worker's goroutine.
type Committer interface {
	// Start restores what was committed, and opens the client from which records are polled.
	Start(ctx context.Context) error
	Client() *kgo.Client
	// Commit makes state, outputs and offsets of all tasks durable together. Tasks are idle and flushed.
	Commit(ctx context.Context) error
	// Delivered waits until the broker has all that was committed.
	Delivered(ctx context.Context) error
	// Stop lets go of everything; what was not committed is lost.
	Stop()
	// Leave gives up the node's place in the query's group after Stop, which keeps it for a return.
	Leave(ctx context.Context) error
}

// Options say what a commit works with.
type Options struct {
	Cluster *kafka.Cluster
	DB      *state.DB
	Group   string // consumer group
	Node    string // this node's own name, kept over restarts: with Group it names the transactions
	// Replicas of changelog topics.
	Replicas int16
	Log      *slog.Logger
	// Budget bounds the memory of the state of all queries; nil for no bound.
	Budget *state.Budget
	// FailPoint is called between the steps of a commit, with their names; tests kill the process there.
	FailPoint func(name string)
	// Sent is told of records that the broker has.
	Sent func(records, bytes int64)
}

// Member names this node in the query's group and in its transactions.
func (o *Options) Member() string { return o.Group + "-" + o.Node }

// New chooses the way; embedded says that the broker is in this process.
func New(a *assignment.Assignment, o Options, embedded bool) Committer {
	if o.FailPoint == nil {
		o.FailPoint = func(string) {}
	}
	if o.Sent == nil {
		o.Sent = func(int64, int64) {}
	}
	if embedded {
		return &Outbox{tasks: a, opt: o}
	}
	return &Transactions{tasks: a, opt: o}
}
