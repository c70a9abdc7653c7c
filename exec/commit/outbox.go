package commit

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
)

// Outbox commits on the broker in this process, whose transactions don't survive a kill. State, offsets and an outbox
// of the encoded outputs go into one batch of the database, and only then to the topics:
//
//	flush -> batch {state, offsets, outbox, address} -> send outbox -> wait until it is acknowledged -> "delivered"
//
// From the batch on it is a courier's work, in the background, one batch after the other, while the tasks go on. If it
// fails, the session begins anew from what is stored.
//
// The address is the producer that sends, and for each output partition the first offset at which its records can lie and the
// number of the first one among all that the producer writes there. Brokers keep that number with each batch, so that
// after a crash the topics say which records of the outbox arrived; the rest is sent again under a new producer.
type Outbox struct {
	tasks    *assignment.Assignment
	opt      Options
	kgo      *kgo.Client
	files    *state.Outbox
	blobs    chan []byte // memory of outboxes, to be used again
	producer producerID
	parcels  chan *parcel // to the courier
	underway int          // parcels that the courier has not brought yet
	arrived  chan delivery
	gone     chan struct{}           // closed when the courier has left
	ends     map[assignment.TP]int64 // first offset at which our next record can lie, per output partition: the courier's
	sent     map[assignment.TP]int64 // records that the producer has written there: the courier's
	reached  map[assignment.TP]int64 // a copy of ends, as of the last delivery
	durable  map[assignment.TP]int64 // positions whose parcel was delivered
	told     time.Time               // when the group's offsets were last committed
	rebuild  map[assignment.TP]int64 // nothing is emitted until topics have been read this far; nil when not rebuilding
	behind   bool                    // rebuilding begins with a state that is older than what was emitted, not without any
	anew     bool                    // the database says that the state is being made anew
	trimmed  map[assignment.TP]int64 // repartition topics were deleted up to here
	owed     *owed                   // the parcel that is in the database and has not arrived: the courier's; it outlives the session
}

type producerID struct {
	ID    int64
	Epoch int16
}

const (
	metaOutbox  = "outbox"   // where the records are; empty once they are delivered
	metaAddress = "producer" // who sends them, and where they lie
	metaSeq     = "sent"     // number of the last outbox
	metaRebuild = "rebuild"  // there while the state is made anew
)

// Client is the client from which records are polled.
func (e *Outbox) Client() *kgo.Client { return e.kgo }

// Start settles what the last session left, makes the tasks, and lets the courier begin.
func (e *Outbox) Start(ctx context.Context) error {
	var err error
	if e.opt.db, err = e.opt.State.DB(); err != nil {
		return err
	}
	*e = Outbox{tasks: e.tasks, opt: e.opt, owed: e.owed, parcels: make(chan *parcel, 1), arrived: make(chan delivery, 4), gone: make(chan struct{}),
		blobs: make(chan []byte, 2), files: e.opt.db.Outbox(e.tasks.Query()), ends: map[assignment.TP]int64{}, sent: map[assignment.TP]int64{},
		durable: map[assignment.TP]int64{}, trimmed: map[assignment.TP]int64{}}
	if err := e.opt.db.Room(); err != nil {
		return err
	}
	if err := e.listEnds(ctx); err != nil {
		return err
	}
	if err := e.connect(ctx); err != nil {
		return err
	}
	left, err := e.recall(ctx)
	if err == nil {
		err = e.settle(ctx, left)
	}
	if err == nil {
		err = e.restore(ctx)
	}
	if err != nil {
		kafka.Close(e.kgo)
		_ = e.files.Close()
		return err
	}
	e.reached = maps.Clone(e.ends)
	go e.courier(ctx)
	return nil
}

func (e *Outbox) connect(ctx context.Context) error {
	var err error
	e.kgo, err = e.opt.Cluster.NewClient(
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ManualFlushing(),
		kgo.MaxBufferedRecords(2*sendChunk),
		kafka.LZ4(),
		kgo.ProducerBatchMaxBytesFn(batchBytes(e.tasks)),
		// After a refusal nothing more may be written: what arrived has to be the beginning of what was sent.
		kgo.StopProducerOnDataLossDetected(),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(250*time.Millisecond),
		kgo.WithPools(FetchPool), kgo.KeepControlRecords(),
	)
	if err != nil {
		return err
	}
	id, epoch, err := e.kgo.ProducerID(ctx)
	if err != nil {
		kafka.Close(e.kgo)
		return fmt.Errorf("cannot get a producer id: %w", err)
	}
	e.producer = producerID{id, epoch}
	return nil
}

// listEnds finds the ends of the output topics.
func (e *Outbox) listEnds(ctx context.Context) error {
	for _, s := range e.tasks.Topology.Stages {
		topics := s.Outputs(e.tasks.Env)
		if len(topics) == 0 {
			continue
		}
		ends, err := e.opt.Cluster.EndOffsets(ctx, topics...)
		if err != nil {
			return err
		}
		for topic, parts := range ends {
			for p, at := range parts {
				e.ends[assignment.TP{Topic: topic, Partition: p}] = at
			}
		}
	}
	return nil
}

// restore makes the tasks and puts state and offsets back.
func (e *Outbox) restore(ctx context.Context) error {
	positions, err := e.opt.positions(e.tasks)
	if err != nil {
		return err
	}
	if positions == nil {
		if err := e.floor(ctx); err != nil {
			return err
		}
	}
	if err := e.unmakable(ctx, positions == nil); err != nil {
		return err
	}
	topics := e.tasks.InputTopics()
	from, err := e.opt.Cluster.StartOffsets(ctx, topics...)
	if err != nil {
		return err
	}
	to, err := e.opt.Cluster.EndOffsets(ctx, topics...)
	if err != nil {
		return err
	}
	for i := range e.tasks.Topology.Stages {
		for p := range e.tasks.Parts[i] {
			t, err := e.tasks.NewTask(i, p)
			if err != nil {
				return &task.FatalError{Err: err}
			}
			for _, f := range t.Feeds {
				b := bounds{from[f.TP.Topic][p], to[f.TP.Topic][p]}
				if err := e.opt.place(e.tasks, f, positions[f.ID()], b, e.fresh(f, b)); err != nil {
					return err
				}
				if err := e.opt.passOver(e.tasks, f); err != nil {
					return err
				}
				f.Until, f.Bounded = e.rebuild[f.TP], e.rebuild != nil && (e.behind || !f.Repartitioned())
			}
			if err := t.Load(e.opt.db, e.tasks.Query(), e.opt.Budget); err != nil {
				return err
			}
			e.tasks.Add(t)
		}
	}
	e.kgo.AddConsumePartitions(e.tasks.Offsets())
	return nil
}

// fresh is where a feed begins that has no position: a source at its beginning or its end, as the query says. A rebuild reads the
// query's own topics from their end, since it fills them anew.
func (e *Outbox) fresh(f *assignment.Feed, b bounds) int64 {
	switch floor, rebuilt := e.rebuild[f.TP]; {
	case f.Repartitioned():
		return b.to
	case e.tasks.FromStart(f):
		return b.from
	case rebuilt: // where it began is not known any more
		return min(max(floor, b.from), b.to)
	}
	return b.to
}

// Commit writes down what tasks did and gives it to the courier.
func (e *Outbox) Commit(ctx context.Context) error {
	if err := e.collect(); err != nil {
		return err
	}
	for _, t := range e.tasks.Tasks {
		if e.suppress(t) {
			t.Out.Reset()
		}
	}
	e.rebuilt()
	if !e.tasks.Changed() && !e.told.IsZero() {
		return e.tell(ctx)
	}
	if err := e.opt.db.Room(); err != nil {
		return err
	}
	p := &parcel{batch: e.opt.db.NewBatch(), offsets: e.tasks.Positions(), read: e.read(), places: e.emitted(), topics: encodeTopics(e.tasks), known: e.rebuild == nil}
	select {
	case p.blob = <-e.blobs:
	default:
	}
	if err := e.writeState(p.batch); err != nil {
		return err
	}
	if err := e.noteRebuild(p.batch); err != nil {
		return err
	}
	p.count = e.opt.Count()
	for _, out := range e.tasks.Outputs() {
		p.add(out)
	}
	e.opt.FailPoint("batched")
	for _, t := range e.tasks.Tasks {
		t.Committed()
	}
	if err := e.hand(ctx, p); err != nil {
		return err
	}
	return e.tell(ctx)
}

// read is how far the inputs have been read, what waits for others included.
func (e *Outbox) read() kafka.Offsets {
	out := kafka.Offsets{}
	for tp, feeds := range e.tasks.Feeds {
		for _, f := range feeds {
			out.Set(tp.Topic, tp.Partition, max(out[tp.Topic][tp.Partition], f.Next))
		}
	}
	return out
}

func (e *Outbox) writeState(b *state.Batch) error {
	for _, t := range e.tasks.Tasks {
		if err := t.WriteStores(b, e.tasks.Query()); err != nil {
			return err
		}
	}
	return writePositions(b, e.tasks)
}

// Stop waits for what is on its way, so that a clean stop leaves nothing to settle.
func (e *Outbox) Stop(ctx context.Context) {
	if err := e.Delivered(ctx); err == nil && len(e.tasks.Tasks) > 0 {
		e.told = time.Time{}
		if err := e.tell(ctx); err != nil {
			e.opt.Log.Warn("offsets were not committed to the group", "query", e.tasks.Query(), "error", err)
		}
	}
	close(e.parcels)
	kafka.Close(e.kgo)
	<-e.gone
	_ = e.files.Close()
}

// Changes never gives anything: the one node has all partitions.
func (e *Outbox) Changes() <-chan Change { return nil }

// Leave has nothing to give up: there is one node, and it takes no place in the group.
func (e *Outbox) Leave(context.Context) error { return nil }
