package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/exec/task"
	"weir/fault"
	"weir/functions"
	"weir/kafka"
	"weir/types"
)

// ReaderOptions say how a query reads for a client.
type ReaderOptions struct {
	Cluster *kafka.Cluster
	// Earliest begins with the first record of each topic; otherwise with what comes from now on. Tables that are joined are read whole.
	Earliest bool
	// Bounded ends the query at the ends that the topics have when it begins.
	Bounded bool
	// Interval is for how long a table's changes are held back; 0 hands on each.
	Interval time.Duration
	// MaxBytes is how much memory the query's state and the records that wait may take; above it, Exceeded is told and the query ends.
	MaxBytes int64
	Exceeded func(error)
	// Give takes rows that are ready, and waits while the client has no room.
	Give func(ctx context.Context, rows []Row) error
}

// Reader runs a query over all partitions of its topics in memory: no group, no topics of its own, no commits. All of it is gone when Run
// ends.
type Reader struct {
	collector
	ctx    context.Context // of Run
	opt    ReaderOptions
	local  *Local
	client *kgo.Client
	topics []string
	at     kafka.Offsets // next offsets
	ends   kafka.Offsets // of a bounded query
	quiet  int           // polls in a row that brought nothing
	drain  atomic.Bool   // end once everything that is there has been read
	read   atomic.Int64
	sent   atomic.Int64
	late   atomic.Int64
	bad    atomic.Int64
}

// quietPolls is after how many polls without a record rows wait no longer for another input of theirs.
const quietPolls = 10

// pollTime is how long a poll waits for records.
const pollTime = 100 * time.Millisecond

// NewReader opens the client and finds out where to begin. Run has to be called to close it again.
func NewReader(ctx context.Context, topo *task.Topology, env *task.Env, o ReaderOptions) (*Reader, error) {
	r := &Reader{opt: o, collector: collecting(topo.Query), topics: topo.Sources(), at: kafka.Offsets{}}
	parts, err := topo.Partitions(func(topic string) (int32, error) {
		found, err := o.Cluster.Topic(ctx, topic)
		return int32(len(found.Partitions)), err
	}, nil)
	if err != nil {
		return nil, err
	}
	r.piece = func() error { return r.hand(r.ctx) }
	if r.local, err = NewLocal(topo, env, parts, 1, 0, r.take); err != nil {
		return nil, err
	}
	return r, r.begin(ctx, topo.Whole())
}

// begin opens the client. whole names topics that are needed from their beginning in any case.
func (r *Reader) begin(ctx context.Context, whole []string) error {
	starts, err := r.opt.Cluster.StartOffsets(ctx, r.topics...)
	if err != nil {
		return err
	}
	ends, err := r.opt.Cluster.StableOffsets(ctx, r.topics...)
	if err != nil {
		return err
	}
	positions := map[string]map[int32]kgo.Offset{}
	for _, topic := range r.topics {
		from := ends
		if r.opt.Earliest || r.opt.Bounded || slices.Contains(whole, topic) {
			from = starts
		}
		positions[topic] = map[int32]kgo.Offset{}
		for p, at := range from[topic] {
			r.at.Set(topic, p, at)
			r.local.Expect(topic, p, at < ends[topic][p])
			positions[topic][p] = kgo.NewOffset().At(at)
		}
	}
	if r.opt.Bounded {
		r.ends = ends
	}
	r.client, err = r.opt.Cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(pollTime),
		kgo.ConsumePartitions(positions))
	return err
}

// Finish ends the query once everything that is there has been read.
func (r *Reader) Finish() { r.drain.Store(true) }

// Figures of a Reader so far: records read, rows handed out, rows that were late, records and rows that could not be used.
type Figures struct{ Read, Sent, Late, Bad int64 }

// Figures are those of the query.
func (r *Reader) Figures() Figures {
	return Figures{r.read.Load(), r.sent.Load(), r.late.Load(), r.bad.Load()}
}

// count takes the figures of the tasks.
func (r *Reader) count() {
	var all op.Counts
	for _, t := range r.local.Tasks() {
		all.Add(t.Counts())
	}
	r.late.Store(all.Late)
	r.bad.Store(all.Bad)
}

// Limit is how many rows there are at most; -1 for no limit.
func (r *Reader) Limit() int64 { return r.limit }

// Run reads until the query ends: at its limit, at the ends of a bounded one, or with the context.
func (r *Reader) Run(ctx context.Context) (err error) {
	defer kafka.Close(r.client)
	r.ctx = ctx
	defer fault.Caught(&err, "the query's operators")
	err = r.loop(ctx)
	if errors.Is(err, errEnough) || err == nil {
		err = r.hand(ctx)
	}
	return err
}

func (r *Reader) loop(ctx context.Context) error {
	if r.limit == 0 {
		return nil
	}
	next := time.Now().Add(r.opt.Interval)
	for {
		if end, err := r.ended(ctx); err != nil {
			return err
		} else if end {
			return r.finish()
		}
		if err := r.poll(ctx); err != nil {
			return err
		}
		if !time.Now().Before(next) {
			if err := r.local.Flush(); err != nil {
				return err
			}
			if err := r.fits(); err != nil {
				return err
			}
			next = time.Now().Add(r.opt.Interval)
		}
		if err := r.hand(ctx); err != nil {
			return err
		}
	}
}

// ended says whether there is nothing more to read for a query that ends there.
func (r *Reader) ended(ctx context.Context) (bool, error) {
	if r.ends != nil && r.past(r.ends) {
		return true, nil
	}
	if !r.drain.Load() {
		return false, nil
	}
	ends, err := r.opt.Cluster.StableOffsets(ctx, r.topics...)
	return err == nil && r.past(ends), err
}

func (r *Reader) past(ends kafka.Offsets) bool {
	for topic, parts := range ends {
		for p, end := range parts {
			if r.at[topic][p] < end {
				return false
			}
		}
	}
	return true
}

func (r *Reader) poll(ctx context.Context) error {
	polling, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	fetches := r.client.PollFetches(polling)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed error
	fetches.EachError(func(topic string, p int32, err error) {
		var large *kgo.ErrDecompressTooLarge
		if errors.As(err, &large) {
			err = kafka.Oversized(large)
		}
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			failed = fmt.Errorf("reading %s, partition %d: %w", topic, p, r.opt.Cluster.Denied(err, kafka.OnTopic("Read", topic)))
		}
	})
	if r.quiet++; !fetches.Empty() {
		r.quiet = 0
	} else if r.quiet == quietPolls {
		// What was expected does not come, such as records of a transaction that was aborted.
		failed = errors.Join(failed, r.local.Drain())
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for recs := p.Records; len(recs) > 0 && failed == nil; {
			n := piece(recs)
			r.read.Add(int64(n))
			next := recs[n-1].Offset + 1
			if failed = r.local.Offer(recs[:n], next < p.HighWatermark); failed == nil {
				failed = errors.Join(r.hand(ctx), r.fits())
			}
			r.at.Set(p.Topic, p.Partition, next)
			recs = recs[n:]
		}
	})
	return failed
}

// pieceRecords is how many bytes of records are taken before it is looked how much the query's state has become.
const pieceRecords = 1 << 20

// piece is how many records are taken at once.
func piece(recs []*kgo.Record) int {
	n, size := 0, 0
	for n < min(len(recs), types.BatchRows) && size < pieceRecords {
		size += len(recs[n].Key) + len(recs[n].Value)
		n++
	}
	return n
}

// fits ends the query where it takes too much memory.
func (r *Reader) fits() error {
	n := int64(0)
	for _, t := range r.local.Tasks() {
		n += t.Held()
	}
	if r.opt.MaxBytes == 0 || n <= r.opt.MaxBytes {
		return nil
	}
	err := functions.QueryLimit("the state of the query", r.opt.MaxBytes)
	r.opt.Exceeded(err)
	return err
}

// finish closes the windows and puts out what is left: the input has ended.
func (r *Reader) finish() error {
	if err := r.local.Drain(); err != nil {
		return err
	}
	if err := r.local.Flush(); err != nil {
		return err
	}
	if r.ends == nil {
		if err := r.local.CloseAll(); err != nil {
			return err
		}
	}
	return r.local.Flush()
}

// hand gives the client what there is.
func (r *Reader) hand(ctx context.Context) error {
	r.count()
	if err := ctx.Err(); err != nil {
		return err // what was computed since it ended counts for nothing
	}
	if len(r.rows) == 0 {
		return nil
	}
	if err := r.opt.Give(ctx, r.rows); err != nil {
		return err
	}
	r.sent.Add(int64(len(r.rows)))
	r.rows, r.bytes = nil, 0
	return nil
}
