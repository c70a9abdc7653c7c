package task

import (
	"slices"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// merging is what an input of several has waiting: rows go on in the order of their event times, whichever input they
// come from, as long as every input has a row or is known to have none.
type merging struct {
	queue  []*kgo.Record // behind those in the batch
	row    int           // the next row of the batch
	told   bool          // an announcement comes next in the queue
	more   bool          // the broker is known to hold more than was given
	queued atomic.Int64  // records waiting, for whoever fetches
}

// Offer takes records of one input, in order, and carries on what can be, of all inputs. more says that the broker holds
// records behind these. Records of a task with several inputs wait until the others have caught up in event time.
func (t *Task) Offer(number int, recs []*kgo.Record, more bool) error {
	if len(t.inputs) == 1 {
		t.inputs[0].more = more
		err := t.Process(number, recs)
		t.recycle(t.inputs[0], recs)
		return err
	}
	in := t.inputs[number]
	in.queue = append(in.queue, recs...)
	in.queued.Add(int64(len(recs)))
	in.more = more
	return t.merge(false)
}

// Drain carries on what waits, in the order of event time, without waiting for inputs that have nothing.
func (t *Task) Drain() error {
	if len(t.inputs) == 1 {
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
	case in.row < in.batch.N:
		return in.batch.Meta[in.row].Offset, true
	case len(in.queue) > 0:
		return in.queue[0].Offset, true
	}
	return 0, false
}

func (t *Task) merge(force bool) error {
	for {
		waiting := false
		for _, in := range t.inputs {
			if err := t.refill(in); err != nil {
				return err
			}
			waiting = waiting || in.row == in.batch.N && in.more
		}
		if waiting && !force {
			return nil
		}
		in, limit := t.earliest()
		if in == nil {
			return nil
		}
		from := in.row
		for in.row < in.batch.N && (in.row == from || in.batch.Meta[in.row].Timestamp <= limit) {
			in.row++
		}
		if err := t.push(in, from, in.row); err != nil {
			return err
		}
	}
}

// earliest is the input whose next row has the least event time, the left one of two, and up to which time its rows come
// before those of the others.
func (t *Task) earliest() (first *input, limit int64) {
	for _, in := range t.inputs {
		if in.row < in.batch.N && (first == nil || in.batch.Meta[in.row].Timestamp < first.batch.Meta[first.row].Timestamp) {
			first = in
		}
	}
	limit = never
	for _, in := range t.inputs {
		if in == first || in.row == in.batch.N {
			continue
		}
		at := in.batch.Meta[in.row].Timestamp
		if first.number > in.number {
			at-- // rows of one time come from the left first
		}
		limit = min(limit, at)
	}
	return first, limit
}

// refill decodes more of the queue once the batch is used up.
func (t *Task) refill(in *input) error {
	for in.row == in.batch.N {
		if done := in.recs; done != nil {
			t.pass(in, in.batch.N)
			in.reset()
			in.row = 0
			t.recycle(in, done)
			in.queued.Add(-int64(len(done)))
		}
		if in.told {
			if err := t.tell(in, in.queue[0]); err != nil {
				return err
			}
			in.told = false
			in.take(1)
			in.queued.Add(-1)
		}
		if len(in.queue) == 0 {
			return nil
		}
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
