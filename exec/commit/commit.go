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
	// Changes brings what the worker has to do with its tasks because partitions come or go.
	Changes() <-chan Change
	// Stop lets go of everything, within the time that the context gives; what was not committed is lost.
	Stop(ctx context.Context)
	// Leave gives up the node's place in the query's group after Stop, which keeps it for a return.
	Leave(ctx context.Context) error
}

// Problems are entries for the processing log that wait to be sent.
type Problems interface {
	// Flush sends them; the broker has them when it returns.
	Flush(ctx context.Context) error
	// Forget drops them: they are of records that will be read again.
	Forget()
}

type noProblems struct{}

func (noProblems) Flush(context.Context) error { return nil }
func (noProblems) Forget()                     {}

// Counting counts the rows of a commit, which is called once all of it is where it belongs, and not at all where it is done again.
// leftOut are the topics of records that it was to write and that were left out after all, and ends how far the topics reach that have been
// written in the session.
type Counting func(leftOut []string, ends map[assignment.TP]int64)

// Change is something to be done in the worker's goroutine, while the tasks are idle.
type Change struct {
	// Commit says that the tasks are to be committed first: they go away.
	Commit bool
	Do     func(ctx context.Context) error
	Done   chan<- struct{} // closed when it is done, or the session ends
}

// Options say what a commit works with.
type Options struct {
	Cluster *kafka.Cluster
	State   *state.Keeper
	Group   string // consumer group
	Node    string // this node's own name, kept over restarts: with Group it names the transactions
	// Replicas of changelog topics.
	Replicas int16
	Log      *slog.Logger
	// Budget bounds the memory of the state of all queries; nil for no bound.
	Budget *state.Budget
	// FailPoint is called between the steps of a commit, with their names; tests kill the process there.
	FailPoint func(name string)
	// FailOnLost ends the query where records are gone; otherwise it goes on without them.
	FailOnLost bool
	// Gone are records that the broker in this process has lost.
	Gone []Lost
	// Durable has what topics hold up to these offsets on disk, and not only with the system; nil where the brokers see to that.
	Durable func(context.Context, map[string]map[int32]int64) error
	// Compacted is the number of the last record that a producer had written to a partition when that was last compacted, and its offset: the batches
	// need not be there any more. Nil where the brokers keep the last batch of each producer.
	Compacted func(topic string, partition int32, producer int64, epoch int16) (sequence int32, offset int64, ok bool)
	// Problems are the entries of the query for the processing log.
	Problems Problems
	// Wake makes the worker look at Changes.
	Wake func()
	// Count is called when the tasks are flushed, and gives what counts their rows once the commit is through.
	Count func() Counting
	db    *state.DB // the one of the session
}

// Member names this node in the query's group and in its transactions.
func (o *Options) Member() string { return o.Group + "-" + o.Node }

// Complete fills in what was left out.
func (o *Options) Complete() {
	if o.FailPoint == nil {
		o.FailPoint = func(string) {}
	}
	if o.Count == nil {
		o.Count = func() Counting { return func([]string, map[assignment.TP]int64) {} }
	}
	if o.Durable == nil {
		o.Durable = func(context.Context, map[string]map[int32]int64) error { return nil }
	}
	if o.Compacted == nil {
		o.Compacted = func(string, int32, int64, int16) (int32, int64, bool) { return 0, 0, false }
	}
	if o.Problems == nil {
		o.Problems = noProblems{}
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
}

// New chooses the way; embedded says that the broker is in this process.
func New(a *assignment.Assignment, o Options, embedded bool) Committer {
	if embedded {
		return &Outbox{tasks: a, opt: o}
	}
	return &Transactions{tasks: a, opt: o}
}

// batchBytes is how large the client may make a batch for a topic.
func batchBytes(a *assignment.Assignment) func(topic string) int32 {
	const most, least = 90 << 20, 512
	return func(topic string) int32 {
		if limit := a.Topics[topic].Limits.Bytes; limit > 0 {
			return int32(min(max(limit, least), most))
		}
		return 1_000_012
	}
}
