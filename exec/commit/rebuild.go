package commit

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
)

// leftover is the last outbox that a session has left, and how many records of it each partition has got.
type leftover struct {
	*decoded
	places  []byte
	arrived map[assignment.TP]int64
}

// recall finds what of the last outbox is still to be sent. Where outboxes were sent of which the database knows nothing, it has lost
// commits: it was damaged, and perhaps put aside. What they put out is not put out again. An outbox that the database doesn't know and
// of which nothing arrived is none: the process ended before its commit.
func (e *Outbox) recall(ctx context.Context) (*leftover, error) {
	query := e.tasks.Query()
	if err := e.forgetHalf(); err != nil {
		return nil, err
	}
	at, err := e.opt.db.Meta(query, metaOffsets)
	if err != nil {
		return nil, err
	}
	blob, err := e.opt.db.Meta(query, metaSeq)
	if err != nil {
		return nil, err
	}
	seq, _ := binary.Uvarint(blob)
	files, err := e.files.Keep(seq)
	if err != nil {
		return nil, err
	}
	given := false // an outbox that was written, and given up before its commit
	for _, k := range files {
		if k.Seq <= seq {
			break
		}
		address, places, positions, err := decodeNote(k.Note)
		if err != nil {
			return nil, &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
		}
		o, err := decodeOutbox(address, k.Data)
		if err != nil {
			return nil, &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
		}
		arrived, err := e.arrivals(ctx, o)
		if err != nil {
			return nil, err
		}
		if arrives := slices.ContainsFunc(slices.Collect(maps.Values(arrived)), func(n int64) bool { return n > 0 }); !arrives && !given || len(positions) == 0 {
			given = true
			if err := e.files.Drop(k); err != nil {
				return nil, err
			}
			continue
		}
		e.goOnFrom(positions, at != nil)
		if given { // then it was delivered: what was given up would not have been written
			return nil, nil
		}
		return &leftover{o, places, arrived}, nil
	}
	o, err := e.open()
	if err != nil || o == nil {
		return nil, err
	}
	arrived, err := e.arrivals(ctx, o)
	return &leftover{o, at, arrived}, err
}

// emitted is up to where in its inputs all that the query makes has been put out, once what it puts out now is.
func (e *Outbox) emitted() []byte { return encodeAtLeast(e.tasks, e.rebuild) }

// noteRebuild marks state that is being made anew: until it is complete it is of no use to another session.
func (e *Outbox) noteRebuild(b *state.Batch) error {
	if anew := e.rebuild != nil && !e.behind; anew != e.anew {
		e.anew = anew
		var mark []byte
		if anew {
			mark = []byte{1}
		}
		return b.SetMeta(e.tasks.Query(), metaRebuild, mark)
	}
	return nil
}

// forgetHalf drops state that a former session was still making anew.
func (e *Outbox) forgetHalf() error {
	mark, err := e.opt.db.Meta(e.tasks.Query(), metaRebuild)
	if err != nil || mark == nil {
		return err
	}
	b := e.opt.db.NewBatch()
	if err := b.DropState(e.tasks.Query()); err != nil {
		return err
	}
	for _, name := range []string{metaRebuild, metaOffsets, metaTopics, metaOutbox, metaSeq} {
		if err := b.SetMeta(e.tasks.Query(), name, nil); err != nil {
			return err
		}
	}
	return b.Commit(true)
}

// goOnFrom has nothing emitted before these positions. There is an older state in the database, or none.
func (e *Outbox) goOnFrom(positions map[assignment.FeedID]stored, older bool) {
	sources := e.tasks.Topology.Sources()
	e.behind, e.rebuild = older, map[assignment.TP]int64{}
	for id, s := range positions {
		tp := assignment.TP{Topic: id.Topic, Partition: id.Partition}
		if older || slices.Contains(sources, id.Topic) {
			e.rebuild[tp] = max(e.rebuild[tp], s.at)
		}
	}
	if older {
		e.opt.Log.Error("the database has lost the last commits of a query: what it read in them is read again, and put out once", "query", e.tasks.Query())
	}
}

// floor finds out whether the query ran before and lost its state: then it emits nothing until it is where it was.
func (e *Outbox) floor(ctx context.Context) error {
	if e.rebuild == nil {
		committed, err := e.opt.Cluster.CommittedOffsets(ctx, e.opt.Group)
		if err != nil {
			return err
		}
		rebuild := map[assignment.TP]int64{}
		for _, topic := range e.tasks.Topology.Sources() {
			for p, at := range committed[topic] {
				rebuild[assignment.TP{Topic: topic, Partition: p}] = at
			}
		}
		if len(rebuild) == 0 {
			return nil
		}
		e.rebuild = rebuild
	}
	e.behind = false
	e.opt.Log.Warn("the state of a query is missing: it is made anew from the query's source. Where the last outbox is missing too, streams may repeat the records after the last commit.",
		"query", e.tasks.Query())
	return nil
}

// unmakable tells of state that can't be made anew in full, since its sources hold no longer what it was made of.
func (e *Outbox) unmakable(ctx context.Context, none bool) error {
	if e.rebuild == nil || !none || !e.tasks.Topology.Stateful() {
		return nil
	}
	starts, err := e.opt.Cluster.StartOffsets(ctx, e.tasks.Topology.Sources()...)
	if err != nil {
		return err
	}
	for tp, floor := range e.rebuild {
		from := starts[tp.Topic][tp.Partition]
		reason := "the state of the query was lost, and they were deleted since they went into it. It is made of what is left"
		first, given := e.tasks.Begin[tp.Topic][tp.Partition]
		switch {
		case slices.Contains(e.tasks.Topology.Whole(), tp.Topic):
			first = 0
		case !given && !e.tasks.Earliest:
			from, reason = floor, "the state of the query was lost, and where it began to read is not known. It begins anew"
		}
		if from > first && floor > first {
			if err := e.opt.lose(e.tasks, Lost{Topic: tp.Topic, Partition: tp.Partition, From: first, To: min(from, floor), Reason: reason}); err != nil {
				return err
			}
		}
	}
	return nil
}

// suppress says whether what a task put out is not to be emitted, because it was before the state was lost. Rows on their way between
// stages were lost with the state, unless an older state is there: then they lie where it will read them.
func (e *Outbox) suppress(t *assignment.Task) bool {
	return e.rebuild != nil && (e.behind || !task.IsRepartition(t.Stage.End))
}

// rebuilt ends a rebuild once the topics are read to the floor and nothing is on its way between the stages. Nothing from
// behind the floor is processed before: what comes of that has to be emitted.
func (e *Outbox) rebuilt() {
	rebuild := e.rebuild
	if rebuild == nil {
		return
	}
	for _, t := range e.tasks.Tasks {
		for _, f := range t.Feeds {
			if floor, ok := rebuild[f.TP]; ok && f.Position() < floor && f.Position() < f.High {
				return
			}
			if !e.behind && f.Repartitioned() && f.Position() < f.High {
				return
			}
		}
		if !e.behind && task.IsRepartition(t.Stage.End) && len(t.Out.Records)+len(t.Told.Records) > 0 {
			return
		}
	}
	e.rebuild = nil
	again := map[string]map[int32]kgo.EpochOffset{}
	for tp, feeds := range e.tasks.Feeds {
		for _, f := range feeds {
			f.Bounded = false
		}
		if _, held := rebuild[tp]; held {
			if again[tp.Topic] == nil {
				again[tp.Topic] = map[int32]kgo.EpochOffset{}
			}
			again[tp.Topic][tp.Partition] = kgo.EpochOffset{Epoch: -1, Offset: e.tasks.Positions()[tp]}
		}
	}
	e.kgo.SetOffsets(again) // what came from behind the floor was passed over
	e.opt.Log.Info("the state of a query is complete again", "query", e.tasks.Query())
}
