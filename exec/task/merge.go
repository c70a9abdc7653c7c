package task

import (
	"math"
	"slices"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// merging is what an input of several has waiting: rows go on in the order of their event times, whichever input they
// come from, as long as every input has a row or is known to have none.
type merging struct {
	queue  []*kgo.Record // behind those in the batch
	ready  []*kgo.Record // the memory of queue, where lanes fill it
	row    int           // the next row of the batch
	told   bool          // an announcement comes next in the queue
	more   bool          // the broker is known to hold more than was given
	queued atomic.Int64  // records that wait, and their bytes, for whoever fetches
	size   atomic.Int64
	came   []arrival // when what waits came
	asOf   int64     // when the input was found to hold no more than was given
	stamp  int64     // the latest stamp of what the lanes have let go of
}

// arrival is until when the records from an offset on wait for what has been read to its end: when they came, by the node's clock, or later.
type arrival struct{ from, at int64 }

// letGo is how many records lanes let go of at a time.
const letGo = 1000

// Offer takes records of one input, in order, and carries on what can be, of all inputs. more says that the broker holds
// records behind these. Records of a task with several inputs wait until the others have caught up in event time. Where the room is full, it takes
// fewer than all, or what could go on waits for Resume.
func (t *Task) Offer(number int, recs []*kgo.Record, more bool) (taken int, err error) {
	in := t.inputs[number]
	in.more = more
	switch {
	case in.lanes != nil:
		t.take(in, recs)
	case len(t.inputs) == 1:
		taken, err := t.Process(number, recs)
		t.recycle(in, recs[:taken])
		return taken, err
	default:
		in.queue = append(in.queue, recs...)
		in.wait(recs, 1)
		if t.waits && len(recs) > 0 {
			in.came = append(in.came, arrival{recs[0].Offset, t.now() + t.patience})
		}
	}
	return len(recs), t.merge(false)
}

// halt says what waits because the room is full.
type halt uint8

const (
	nothing halt = iota
	ready        // rows that go on in any case
	forced       // all rows
)

// Halted says whether rows wait for room.
func (t *Task) Halted() bool { return t.halt != nothing }

// Resume carries on what has waited for room.
func (t *Task) Resume() error {
	was := t.halt
	t.halt = nothing
	if was == nothing {
		return nil
	}
	return t.merge(was == forced)
}

// take puts records into their lanes.
func (t *Task) take(in *input, recs []*kgo.Record) {
	now := t.now()
	n, size := int64(0), int64(0)
	for i, rec := range recs {
		if in.lanes.add(rec, now) {
			n, size = n+1, size+sizeOf(rec)
		} else {
			t.recycle(in, recs[i:i+1])
		}
	}
	in.queued.Add(n)
	in.size.Add(size)
}

// sizeOf is about what a record takes in memory.
func sizeOf(r *kgo.Record) int64 { return int64(256 + len(r.Key) + len(r.Value)) }

// wait counts records that have come to wait, or with -1 wait no longer.
func (m *merging) wait(recs []*kgo.Record, sign int64) {
	size := int64(0)
	for _, r := range recs {
		size += sizeOf(r)
	}
	m.queued.Add(sign * int64(len(recs)))
	m.size.Add(sign * size)
}

// now is the time of the node's clock, in microseconds.
func (t *Task) now() int64 { return t.env.Functions.Now().UnixMicro() }

// Drain carries on what waits, in the order of event time, without waiting for inputs that have nothing.
func (t *Task) Drain() error {
	if len(t.inputs) == 1 && !t.laned {
		return nil
	}
	return t.merge(true)
}

// ExpectsMore says whether the broker is known to hold more than was given, of any input.
func (t *Task) ExpectsMore() bool {
	return slices.ContainsFunc(t.inputs, func(in *input) bool { return in.more })
}

// Waits says whether records wait for another input.
func (t *Task) Waits() bool {
	for _, in := range t.inputs {
		if in.queued.Load() > 0 {
			return true
		}
	}
	return false
}

// Position is the offset of the first record of an input that waits; ok is false where none does.
func (t *Task) Position(number int) (offset int64, ok bool) {
	in := t.inputs[number]
	switch {
	case in.lanes != nil:
		return in.lanes.position()
	case in.row < in.batch.N:
		return in.batch.Meta[in.row].Offset, true
	case len(in.queue) > 0:
		return in.queue[0].Offset, true
	}
	return 0, false
}

func (t *Task) merge(force bool) error {
	for {
		for _, in := range t.inputs {
			if err := t.refill(in, force); err != nil {
				return err
			}
		}
		in, limit, asOf := t.earliest(force)
		if in == nil {
			return t.hearAll()
		}
		if t.stopped() {
			if t.halt = max(t.halt, ready); force {
				t.halt = forced
			}
			return nil
		}
		from, most := in.row, in.row+t.portion.rows
		for in.row < min(in.batch.N, most) && (in.row == from || in.batch.Meta[in.row].Place() <= limit && (asOf == never || in.stampOf(in.row) <= asOf)) {
			in.row++
		}
		t.passed = max(t.passed, in.batch.Meta[in.row-1].Place())
		if err := t.push(in, from, in.row); err != nil {
			return err
		}
	}
}

func (t *Task) hearAll() error {
	for _, in := range t.inputs {
		if err := t.hear(in); err != nil {
			return err
		}
	}
	return nil
}

// earliest is the foremost input, and up to which place its rows come before those of the
// others, as long as they came by asOf. There is none where another input may still bring rows that come before.
func (t *Task) earliest(force bool) (first *input, limit, asOf int64) {
	if first = t.foremost(); first == nil {
		return nil, 0, 0
	}
	limit, asOf = never, never
	stamp, at := first.stampOf(first.row), first.batch.Meta[first.row].Place()
	for _, in := range t.inputs {
		if in == first {
			continue
		}
		to, by := in.floor(stamp, force)
		if to == math.MinInt64 && in.lanes == nil {
			t.awaits.Store(true)
		}
		if first.number > in.number && to > math.MinInt64 {
			to-- // rows of one time come from the left first
		}
		limit, asOf = min(limit, to), min(asOf, by)
	}
	if at > limit {
		return nil, 0, 0
	}
	return first, limit, asOf
}

// foremost is the input whose next row has the least place, the left one of two; nil where none has a row.
func (t *Task) foremost() (first *input) {
	for _, in := range t.inputs {
		if in.row < in.batch.N && (first == nil || in.batch.Meta[in.row].Place() < first.batch.Meta[first.row].Place()) {
			first = in
		}
	}
	return first
}

// InputEnded says that an input held no more than was given at the time asOf, by the node's clock, and carries on what waited for that.
func (t *Task) InputEnded(input int, asOf int64) error {
	in := t.inputs[input]
	in.asOf = max(in.asOf, asOf)
	return t.merge(false)
}

// Awaits says whether rows have come to wait for the end of a source since it was last asked; from any goroutine.
func (t *Task) Awaits() bool { return t.awaits.Swap(false) }

// floor is the place before which the input brings nothing, for a row of another one that came at a time, and up to which time that holds.
func (in *input) floor(stamp int64, force bool) (place, asOf int64) {
	switch {
	case in.row < in.batch.N:
		return in.batch.Meta[in.row].Place(), never
	case in.lanes != nil:
		return in.lanes.floor(stamp, force)
	case force:
		return never, never
	case in.more || in.asOf < stamp:
		return math.MinInt64, never
	}
	return never, in.asOf
}

// stampOf is when a row of the batch came, or a later time at which it had.
func (in *input) stampOf(row int) int64 {
	if in.lanes != nil {
		return in.stamp
	}
	at := int64(0)
	for _, c := range in.came {
		if c.from > in.batch.Meta[row].Offset {
			break
		}
		at = c.at
	}
	return at
}

// forget drops the arrivals of what lies before an offset.
func (m *merging) forget(offset int64) {
	for len(m.came) > 1 && m.came[1].from <= offset {
		m.came = m.came[1:]
	}
}

// refill decodes more of the queue once the batch is used up.
func (t *Task) refill(in *input, force bool) error {
	for in.row == in.batch.N {
		if done := in.recs; done != nil {
			t.pass(in, in.batch.N)
			in.reset()
			in.row = 0
			in.wait(done, -1)
			t.recycle(in, done)
		}
		if in.told {
			if err := t.tell(in, in.queue[0]); err != nil {
				return err
			}
			in.told = false
			in.processed(1)
			in.wait(in.queue[:1], -1)
			t.recycle(in, in.queue[:1])
			in.take(1)
		}
		if len(in.queue) == 0 && in.lanes != nil {
			in.ready = in.lanes.release(in.ready[:0], letGo, force)
			in.queue, in.stamp = in.ready, in.lanes.sent
		}
		if len(in.queue) == 0 {
			return nil
		}
		in.forget(in.queue[0].Offset)
		var n int
		n, in.told = t.decode(in, in.queue)
		in.take(n)
	}
	return nil
}

// take moves the queue on.
func (in *input) take(n int) {
	in.queue = in.queue[n:]
	if len(in.queue) == 0 {
		in.queue = nil
	}
}

// recycle gives records back to the client, unless somebody else reads them too.
func (t *Task) recycle(in *input, recs []*kgo.Record) {
	if in.shared {
		return
	}
	for _, r := range recs {
		r.Recycle()
	}
}
