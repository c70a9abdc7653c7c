package exec

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/kafka"
)

// embedded commits on the broker in this process, whose transactions don't survive a kill. State, offsets and an outbox
// of the encoded outputs go into one batch of the database, and only then to the topics:
//
//	flush -> batch {state, offsets, outbox, producer id} -> send outbox -> wait until it is acknowledged
//
// From the batch on it is a courier's work, in the background, one batch after the other, while the tasks go on. If it
// fails, the session begins anew from what is stored.
//
// After a crash the output topics are read from the offsets that the batch names: records with the batch's producer id
// are the part of the outbox that arrived; the rest is sent again under a new id.
type embedded struct {
	w        *Worker
	kgo      *kgo.Client
	outbox   *state.Outbox
	blobs    chan []byte // memory of outboxes, to be used again
	producer producerID
	parcels  chan *parcel // to the courier
	underway int          // parcels that the courier has not brought yet
	arrived  chan delivery
	gone     chan struct{} // closed when the courier has left
	ends     map[TP]int64  // first offset at which our next record can lie, per output partition: the courier's
	reached  map[TP]int64  // a copy of ends, as of the last delivery
	durable  map[TP]int64  // positions whose parcel was delivered
	told     time.Time     // when the group's offsets were last committed
	rebuild  map[TP]int64  // nothing is emitted until the sources have been read this far; nil when not rebuilding
	trimmed  map[TP]int64  // repartition topics were deleted up to here
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

func (e *embedded) client() *kgo.Client { return e.kgo }

func (e *embedded) start(ctx context.Context) error {
	*e = embedded{w: e.w, parcels: make(chan *parcel, 1), arrived: make(chan delivery, 4), gone: make(chan struct{}),
		blobs: make(chan []byte, 2), outbox: e.w.opt.DB.Outbox(e.w.topo.Query.ID),
		durable: map[TP]int64{}, trimmed: map[TP]int64{}}
	if err := e.w.opt.DB.Room(); err != nil {
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
		_ = e.outbox.Close()
		return err
	}
	e.reached = maps.Clone(e.ends)
	go e.courier(context.WithoutCancel(ctx))
	return nil
}

func (e *embedded) connect(ctx context.Context) error {
	var err error
	e.kgo, err = e.w.opt.Cluster.NewClient(
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
func (e *embedded) listEnds(ctx context.Context) error {
	e.ends = map[TP]int64{}
	for _, s := range e.w.topo.Stages {
		topics := s.Outputs(e.w.env)
		if len(topics) == 0 {
			continue
		}
		ends, err := e.w.opt.Cluster.EndOffsets(ctx, topics...)
		if err != nil {
			return err
		}
		for topic, parts := range ends {
			for p, at := range parts {
				e.ends[TP{topic, p}] = at
			}
		}
	}
	return nil
}

// restore makes the tasks and puts state and offsets back.
func (e *embedded) restore(ctx context.Context) error {
	blob, err := e.w.opt.DB.Meta(e.w.topo.Query.ID, metaOffsets)
	if err != nil {
		return err
	}
	offsets, err := decodeOffsets(blob)
	if err != nil {
		return &FatalError{fmt.Errorf("the stored offsets of %s can't be read: %w", e.w.topo.Query.ID, err)}
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
	for i := range e.w.topo.Stages {
		for p := range e.w.parts[i] {
			t, err := e.w.newTask(i, p)
			if err != nil {
				return &FatalError{err}
			}
			for _, f := range t.feeds {
				e.place(f, offsets, from[f.tp.Topic][p], to[f.tp.Topic][p])
				if positions[f.tp.Topic] == nil {
					positions[f.tp.Topic] = map[int32]kgo.Offset{}
				}
				if at, shared := positions[f.tp.Topic][p]; !shared || f.next < at.EpochOffset().Offset {
					positions[f.tp.Topic][p] = kgo.NewOffset().At(f.next)
				}
			}
			if err := t.load(e.w.opt.DB, e.w.topo.Query.ID, e.w.opt.Budget); err != nil {
				return err
			}
			e.w.add(t)
		}
	}
	e.kgo.AddConsumePartitions(positions)
	return nil
}

// bounds are the first offsets and the ends of all inputs.
func (e *embedded) bounds(ctx context.Context) (from, to kafka.Offsets, err error) {
	topics := e.w.inputTopics()
	if from, err = e.w.opt.Cluster.StartOffsets(ctx, topics...); err == nil {
		to, err = e.w.opt.Cluster.EndOffsets(ctx, topics...)
	}
	return from, to, err
}

// place sets where a feed goes on. A new query's source is read from its beginning or its end; a rebuild reads its own
// topics from their end, since it fills them anew.
func (e *embedded) place(f *feed, offsets map[feedID]int64, from, to int64) {
	at, known := offsets[f.id()]
	switch {
	case known:
	case f.task.inputs[f.input].repartitioned, !e.w.earliest(f):
		at = to
	default:
		at = from
	}
	f.next = max(at, from)
	f.high, f.saved = to, f.next
}

// floor finds out whether the query ran before and lost its state: then it emits nothing until it is where it was.
func (e *embedded) floor(ctx context.Context) error {
	committed, err := e.w.opt.Cluster.CommittedOffsets(ctx, e.w.opt.Group)
	if err != nil {
		return err
	}
	rebuild := map[TP]int64{}
	for _, topic := range e.w.topo.Sources() {
		for p, at := range committed[topic] {
			rebuild[TP{topic, p}] = at
		}
	}
	if len(rebuild) == 0 {
		return nil
	}
	e.rebuild = rebuild
	e.w.opt.Log.Warn("the state of a query is missing: it is made anew from the query's source. Streams may repeat the records after the last commit.",
		"query", e.w.topo.Query.ID)
	return nil
}

func (e *embedded) commit(ctx context.Context) error {
	if err := e.collect(); err != nil {
		return err
	}
	changed := false
	for _, t := range e.w.tasks {
		if e.suppress(t) {
			t.Out.Reset()
		}
		changed = changed || len(t.Out.Records)+len(t.Told.Records) > 0 || t.moved()
	}
	e.rebuilt()
	if !changed && !e.told.IsZero() {
		return e.tell(ctx)
	}
	if err := e.w.opt.DB.Room(); err != nil {
		return err
	}
	p := &parcel{batch: e.w.opt.DB.NewBatch(), offsets: e.w.positions()}
	select {
	case p.blob = <-e.blobs:
	default:
	}
	if err := e.writeState(p.batch); err != nil {
		return err
	}
	for _, out := range outputs(e.w.plainTasks()) {
		p.add(out)
	}
	e.w.opt.FailPoint("batched")
	for _, t := range e.w.tasks {
		t.committed()
	}
	if err := e.hand(ctx, p); err != nil {
		return err
	}
	return e.tell(ctx)
}

// suppress says whether what a task put out is not to be emitted, because it was before the state was lost.
func (e *embedded) suppress(t *running) bool {
	return e.rebuild != nil && !isRepartition(t.Stage.End)
}

// rebuilt ends a rebuild once the sources are read to the floor and nothing is on its way between the stages.
func (e *embedded) rebuilt() {
	if e.rebuild == nil {
		return
	}
	for _, t := range e.w.tasks {
		for _, f := range t.feeds {
			if floor, ok := e.rebuild[f.tp]; ok && f.position() < floor && f.position() < f.high {
				return
			}
			if t.inputs[f.input].repartitioned && f.position() < f.high {
				return
			}
		}
		if isRepartition(t.Stage.End) && len(t.Out.Records)+len(t.Told.Records) > 0 {
			return
		}
	}
	e.rebuild = nil
	e.w.opt.Log.Info("the state of a query is complete again", "query", e.w.topo.Query.ID)
}

func (e *embedded) writeState(b *state.Batch) error {
	var offsets []byte
	for _, t := range e.w.tasks {
		for _, f := range t.feeds {
			offsets = appendOffset(offsets, f.id(), f.position())
		}
		if err := writeStores(b, e.w.topo.Query.ID, t.Task); err != nil {
			return err
		}
	}
	return b.SetMeta(e.w.topo.Query.ID, metaOffsets, offsets)
}

// tell commits the offsets, as they were before the batch that is on its way, to the query's group about once a second, for lag and as the floor of a rebuild, and trims
// repartition topics of what was consumed.
func (e *embedded) tell(ctx context.Context) error {
	if time.Since(e.told) < time.Second {
		return nil
	}
	e.told = time.Now()
	offsets := kafka.Offsets{}
	for tp, at := range e.durable {
		offsets.Set(tp.Topic, tp.Partition, at)
	}
	if err := e.w.opt.Cluster.CommitOffsets(ctx, e.w.opt.Group, offsets); err != nil {
		return err
	}
	e.w.opt.FailPoint("told")
	return e.trim(ctx)
}

// trimEvery is how many records a repartition topic collects before they are deleted.
const trimEvery = 100_000

func (e *embedded) trim(ctx context.Context) error {
	for _, s := range e.w.topo.Stages {
		if !isRepartition(s.End) {
			continue
		}
		topic := s.Output(e.w.env)
		below := map[int32]int64{}
		for tp, at := range e.durable {
			// What an outbox refers to lies at or above the end that was known when it was written.
			if at = min(at, e.reached[tp]); tp.Topic == topic && at-e.trimmed[tp] >= trimEvery {
				below[tp.Partition], e.trimmed[tp] = at, at
			}
		}
		if len(below) > 0 {
			if err := e.w.opt.Cluster.DeleteRecords(ctx, topic, below); err != nil {
				return err
			}
		}
	}
	return nil
}

// stop waits for what is on its way, so that a clean stop leaves nothing to settle.
func (e *embedded) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.delivered(ctx); err == nil && len(e.w.tasks) > 0 {
		e.told = time.Time{}
		if err := e.tell(ctx); err != nil {
			e.w.opt.Log.Warn("offsets were not committed to the group", "query", e.w.topo.Query.ID, "error", err)
		}
	}
	close(e.parcels)
	e.kgo.Close()
	<-e.gone
	_ = e.outbox.Close()
}
