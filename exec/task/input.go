package task

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/types"
)

// input is one input of a task: its records are decoded into a batch, from which rows go on.
type input struct {
	topic         string
	number        uint8
	repartitioned bool
	woven         *woven // where a query of ours writes its topic: its rows are of several paths, whose bounds come beside them
	table         bool
	feeder        int // the partition of a source that it is, or the first of the upstream tasks behind it
	feeders       int // how many those are
	reader        reader
	counts        *counting
	first         op.Op
	batch         types.Batch
	view          types.Batch   // the rows of it being pushed
	recs          []*kgo.Record // decoded: their rows are in the batch
	refused       []refusal     // of recs, in their order
	data, bytes   int64         // records among recs, without markers, and their bytes
	passed        int           // how many of recs are counted: what waits behind them is not yet read
	shared        bool          // another input gets the same records
	lanes         *lanes        // of rows of several paths that are put in order; else nil
	offsets       []int64       // of the rows of the view, which have other numbers
	numbered      int64         // the number of the first of them
	heard         hearing
	stirred       bool // an upstream task has told that rows wait; of what has no lanes
	moved         bool // the queries that write its topic have told of a later time; see GoneOn
	merging            // where the task has several inputs
}

// record is the record with an offset, where it is at hand.
func (in *input) record(offset int64) *kgo.Record {
	if i := slices.IndexFunc(in.recs, func(r *kgo.Record) bool { return r.Offset == offset }); i >= 0 {
		return in.recs[i]
	}
	return nil
}

// Process takes records of one input, in order, and carries them on. It says how many: fewer than all where the room is full.
func (t *Task) Process(number int, recs []*kgo.Record) (taken int, err error) {
	in := t.inputs[number]
	for taken < len(recs) {
		if t.stopped() {
			return taken, nil
		}
		n, told := t.decode(in, recs[taken:])
		if err := t.push(in, 0, in.batch.N); err != nil {
			return taken, err
		}
		in.reset()
		if taken += n; told {
			if err := t.tell(in, recs[taken]); err != nil {
				return taken, err
			}
			taken++
		}
	}
	return taken, t.hear(in)
}

// decode fills the batch from records, and says how many it took: it stops at an announcement, which told says.
func (t *Task) decode(in *input, recs []*kgo.Record) (n int, told bool) {
	in.data, in.bytes = 0, 0
	for n < len(recs) && in.batch.N < t.portion.rows {
		rec := recs[n]
		if rec.Attrs.IsControl() {
			n++
			continue // a transaction's marker: it only moves the offset
		}
		if in.repartitioned {
			if _, told = announcement(rec); told {
				break
			}
		}
		n++
		in.data++
		in.bytes += int64(len(rec.Key) + len(rec.Value))
		at := in.batch.N
		ok, err := in.reader.read(rec, &in.batch)
		if err != nil || !ok {
			in.batch.Truncate(at)
			in.refused = append(in.refused, refusal{rec, err})
			continue
		}
		in.batch.Meta[at].Input = in.number
		if in.woven != nil && len(rec.Headers) > 0 {
			in.follow(rec, &in.batch.Meta[at])
		}
	}
	in.recs = recs[:n]
	return n, told
}

// follow takes what the trail of a row says.
func (in *input) follow(rec *kgo.Record, m *types.Meta) {
	t, ok := trailOf(rec)
	if !ok {
		return
	}
	m.Order = t.order
	if in.lanes == nil && t.first {
		in.woven.heard(t.query, t.reached, rec.Offset, false, 0)
	}
}

// pass counts the records that go on: those before a row of the batch, as the position of the input will be.
func (t *Task) pass(in *input, to int) {
	if in.passed == 0 && to == in.batch.N && len(in.refused) == 0 { // all at once, as nearly always
		in.passed = len(in.recs)
		in.processed(in.passed)
		in.counts.Read += in.data
		in.counts.Bytes += in.bytes
		return
	}
	for ; in.passed < len(in.recs); in.passed++ {
		rec := in.recs[in.passed]
		if to < in.batch.N && rec.Offset == in.batch.Meta[to].Offset {
			return
		}
		in.processed(1)
		if rec.Attrs.IsControl() {
			continue
		}
		in.counts.Read++
		in.counts.Bytes += int64(len(rec.Key) + len(rec.Value))
		if len(in.refused) > 0 && in.refused[0].rec == rec {
			t.refuse(in, in.refused[0])
			in.refused = in.refused[1:]
		}
	}
}

// processed says that so many records have gone on.
func (in *input) processed(n int) {
	if in.lanes != nil {
		for range n {
			in.lanes.processed()
		}
	}
}

// renumber gives the rows of the view numbers in the order in which they go on, by which aggregates know the first and the last: their
// offsets are in the order in which they came.
func (in *input) renumber() {
	in.offsets, in.numbered = in.offsets[:0], in.lanes.numbered
	for i := range in.view.Meta {
		m := &in.view.Meta[i]
		in.offsets = append(in.offsets, m.Offset)
		m.Offset = in.lanes.numbered
		in.lanes.numbered++
	}
}

// offset is the one of a row of the view.
func (in *input) offset(of int64) int64 {
	if i := of - in.numbered; in.lanes != nil && i >= 0 && i < int64(len(in.offsets)) {
		return in.offsets[i]
	}
	return of
}

// follows says whether the bound of the input is what its own rows have come to, which are one path.
func (in *input) follows() bool { return !in.repartitioned && (in.woven == nil || in.woven.orphan) }

// push hands rows from..to of the batch to the operators.
func (t *Task) push(in *input, from, to int) error {
	err := t.pushOn(in, from, to)
	t.took(to - from)
	return err
}

func (t *Task) pushOn(in *input, from, to int) error {
	t.pass(in, to)
	if from == to {
		return nil
	}
	t.idle.came(in)
	in.view = in.batch.Slice(from, to)
	if in.lanes != nil {
		in.renumber()
	}
	f := &t.feeders[in.feeder]
	bound := f.bound
	if in.follows() {
		for i := range in.view.Meta {
			bound = max(bound, in.view.Meta[i].Timestamp)
		}
	}
	if len(t.inputs) == 1 {
		if err := in.first.Push(&in.view); err != nil {
			return err
		}
		if f.bound = bound; len(t.windowed) < 2 && in.woven == nil {
			return nil
		}
		return t.advance(0)
	}
	if t.sources && !f.free {
		upTo := t.others(in)
		for _, w := range t.windowed {
			w.UpTo(upTo)
		}
	}
	if err := in.first.Push(&in.view); err != nil {
		return err
	}
	f.bound = bound
	return t.advance(0)
}

// tell takes in an announcement.
func (t *Task) tell(in *input, rec *kgo.Record) error {
	a, _ := announcement(rec)
	if a.upstream >= in.feeders {
		return nil // the source has got partitions since: the next session knows of them
	}
	from := in.feeder + a.upstream
	f := &t.feeders[from]
	if a.bound == types.NoTime {
		f.goOn(a.idled)
	}
	f.order, f.asOf = a.known()
	in.stirred = in.stirred || a.waits
	wasAtEnd := f.atEnd
	f.bound, f.atEnd = max(f.bound, a.bound), a.atEnd
	err := t.advance(t.idle.heard(from, a, wasAtEnd))
	t.took(1) // it may have closed windows
	return err
}

// hearing is what hear went by: the time that was told, and how many records had been processed.
type hearing struct{ time, read int64 }

// hear takes in the bound that the query upstream has told: no row that waits comes before it.
func (t *Task) hear(in *input) error {
	w := in.woven
	if w == nil || w.orphan {
		return nil
	}
	f := &t.feeders[in.feeder]
	atEnd := w.atEnd && in.queued.Load() == 0
	if at := (hearing{w.time, in.counts.Read}); at != in.heard || atEnd != f.atEnd {
		in.heard = at
	} else {
		return nil // nothing has been told, and nothing has gone on, since
	}
	bound := w.time
	if in.lanes != nil && bound > f.bound {
		bound = min(bound, in.lanes.earliest())
	}
	if bound <= f.bound && atEnd == f.atEnd {
		return nil
	}
	in.moved = in.moved || bound > f.bound
	f.bound, f.atEnd = max(f.bound, bound), atEnd
	return t.advance(0)
}

// reset gives back what the rows of the batch held.
func (in *input) reset() {
	in.recs, in.refused, in.passed = nil, nil, 0
	in.reader.reset()
	in.batch.Reset(in.reader.width())
}

// Repartitioned says whether an input reads the repartition topic of another stage.
func (t *Task) Repartitioned(input int) bool { return t.inputs[input].repartitioned }

// Expect says whether the broker is known to hold records of an input that the task has not been given yet.
func (t *Task) Expect(input int, more bool) { t.inputs[input].more = more }

// Share says whether an input's records are given to others too: then the task does not recycle them.
func (t *Task) Share(input int, shared bool) { t.inputs[input].shared = shared }

// Queued is how many bytes of memory the records of an input take that wait for others; from any goroutine.
func (t *Task) Queued(input int) int64 { return t.inputs[input].size.Load() }

// GoneOn says whether the queries that write an input's topic have told of a later time since it was last asked: their topic is not idle then, though none of its
// rows came to this partition.
func (t *Task) GoneOn(input int) bool {
	in := t.inputs[input]
	moved := in.moved
	in.moved = false
	return moved
}

// Came says that an input is idle no longer.
func (t *Task) Came(input int) { t.idle.came(t.inputs[input]) }
