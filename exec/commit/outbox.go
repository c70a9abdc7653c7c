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
//	flush -> batch {state, offsets, outbox, producer id} -> send outbox -> wait until it is acknowledged
//
// From the batch on it is a courier's work, in the background, one batch after the other, while the tasks go on. If it
// fails, the session begins anew from what is stored.
//
// After a crash the output topics are read from the offsets that the batch names: records with the batch's producer id
// are the part of the outbox that arrived; the rest is sent again under a new id.
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
	reached  map[assignment.TP]int64 // a copy of ends, as of the last delivery
	durable  map[assignment.TP]int64 // positions whose parcel was delivered
	told     time.Time               // when the group's offsets were last committed
	rebuild  map[assignment.TP]int64 // nothing is emitted until the sources have been read this far; nil when not rebuilding
	trimmed  map[assignment.TP]int64 // repartition topics were deleted up to here
}

type producerID struct {
	ID    int64
	Epoch int16
}

const (
	metaOffsets = "offsets"
	metaOutbox  = "outbox"  // where the records are
	metaAddress = "address" // producer id, and where the records can lie
)

func (e *Outbox) Client() *kgo.Client { return e.kgo }

func (e *Outbox) Start(ctx context.Context) error {
	*e = Outbox{tasks: e.tasks, opt: e.opt, parcels: make(chan *parcel, 1), arrived: make(chan delivery, 4), gone: make(chan struct{}),
		blobs: make(chan []byte, 2), files: e.opt.DB.Outbox(e.tasks.Query()),
		durable: map[assignment.TP]int64{}, trimmed: map[assignment.TP]int64{}}
	if err := e.opt.DB.Room(); err != nil {
		return err
	}
	if err := e.listEnds(ctx); err != nil {
		return err
	}
	if err := e.connect(ctx); err != nil {
		return err
	}
	err := e.settle(ctx)
	if err == nil {
		err = e.restore(ctx)
	}
	if err != nil {
		e.kgo.Close()
		_ = e.files.Close()
		return err
	}
	e.reached = maps.Clone(e.ends)
	go e.courier(context.WithoutCancel(ctx))
	return nil
}

func (e *Outbox) connect(ctx context.Context) error {
	var err error
	e.kgo, err = e.opt.Cluster.NewClient(
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ManualFlushing(),
		kgo.MaxBufferedRecords(2*sendChunk),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.ProducerBatchMaxBytes(8<<20),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(250*time.Millisecond),
		kgo.WithPools(fetchPool), kgo.KeepControlRecords(),
	)
	if err != nil {
		return err
	}
	id, epoch, err := e.kgo.ProducerID(ctx)
	if err != nil {
		e.kgo.Close()
		return fmt.Errorf("cannot get a producer id: %w", err)
	}
	e.producer = producerID{id, epoch}
	return nil
}

// listEnds finds the ends of the output topics.
func (e *Outbox) listEnds(ctx context.Context) error {
	e.ends = map[assignment.TP]int64{}
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
	blob, err := e.opt.DB.Meta(e.tasks.Query(), metaOffsets)
	if err != nil {
		return err
	}
	offsets, err := decodeOffsets(blob)
	if err != nil {
		return &task.FatalError{Err: fmt.Errorf("the stored offsets of %s can't be read: %w", e.tasks.Query(), err)}
	}
	if blob == nil {
		if err := e.floor(ctx); err != nil {
			return err
		}
	}
	from, to, err := e.bounds(ctx)
	if err != nil {
		return err
	}
	positions := map[string]map[int32]kgo.Offset{}
	for i := range e.tasks.Topology.Stages {
		for p := range e.tasks.Parts[i] {
			t, err := e.tasks.NewTask(i, p)
			if err != nil {
				return &task.FatalError{Err: err}
			}
			for _, f := range t.Feeds {
				e.place(f, offsets, from[f.TP.Topic][p], to[f.TP.Topic][p])
				if positions[f.TP.Topic] == nil {
					positions[f.TP.Topic] = map[int32]kgo.Offset{}
				}
				if at, shared := positions[f.TP.Topic][p]; !shared || f.Next < at.EpochOffset().Offset {
					positions[f.TP.Topic][p] = kgo.NewOffset().At(f.Next)
				}
			}
			if err := t.Load(e.opt.DB, e.tasks.Query(), e.opt.Budget); err != nil {
				return err
			}
			e.tasks.Add(t)
		}
	}
	e.kgo.AddConsumePartitions(positions)
	return nil
}

// bounds are the first offsets and the ends of all inputs.
func (e *Outbox) bounds(ctx context.Context) (from, to kafka.Offsets, err error) {
	topics := e.tasks.InputTopics()
	if from, err = e.opt.Cluster.StartOffsets(ctx, topics...); err == nil {
		to, err = e.opt.Cluster.EndOffsets(ctx, topics...)
	}
	return from, to, err
}

// place sets where a feed goes on. A new query's source is read from its beginning or its end; a rebuild reads its own
// topics from their end, since it fills them anew.
func (e *Outbox) place(f *assignment.Feed, offsets map[assignment.FeedID]int64, from, to int64) {
	at, known := offsets[f.ID()]
	switch {
	case known:
	case f.Repartitioned(), !e.tasks.FromStart(f):
		at = to
	default:
		at = from
	}
	f.Next = max(at, from)
	f.High, f.Saved = to, f.Next
}

func (e *Outbox) Commit(ctx context.Context) error {
	if err := e.collect(); err != nil {
		return err
	}
	changed := false
	for _, t := range e.tasks.Tasks {
		if e.suppress(t) {
			t.Out.Reset()
		}
		changed = changed || len(t.Out.Records)+len(t.Told.Records) > 0 || t.Moved()
	}
	e.rebuilt()
	if !changed && !e.told.IsZero() {
		return e.tell(ctx)
	}
	if err := e.opt.DB.Room(); err != nil {
		return err
	}
	p := &parcel{batch: e.opt.DB.NewBatch(), offsets: e.tasks.Positions()}
	select {
	case p.blob = <-e.blobs:
	default:
	}
	if err := e.writeState(p.batch); err != nil {
		return err
	}
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

func (e *Outbox) writeState(b *state.Batch) error {
	var offsets []byte
	for _, t := range e.tasks.Tasks {
		for _, f := range t.Feeds {
			offsets = appendOffset(offsets, f.ID(), f.Position())
		}
		if err := t.WriteStores(b, e.tasks.Query()); err != nil {
			return err
		}
	}
	return b.SetMeta(e.tasks.Query(), metaOffsets, offsets)
}

// stop waits for what is on its way, so that a clean stop leaves nothing to settle.
func (e *Outbox) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Delivered(ctx); err == nil && len(e.tasks.Tasks) > 0 {
		e.told = time.Time{}
		if err := e.tell(ctx); err != nil {
			e.opt.Log.Warn("offsets were not committed to the group", "query", e.tasks.Query(), "error", err)
		}
	}
	close(e.parcels)
	e.kgo.Close()
	<-e.gone
	_ = e.files.Close()
}

// Leave has nothing to give up: there is one node, and it takes no place in the group.
func (e *Outbox) Leave(context.Context) error { return nil }
