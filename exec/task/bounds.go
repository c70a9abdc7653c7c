package task

import (
	"math"
	"slices"

	"weir/planner/plan"
	"weir/types"
)

// A bound is a time before which nothing comes any more. Each of what feeds a task has one: a source's partition the time it has
// come to, an upstream task the one that it announces. The least of them is the task's: by it windows close, and from operator to operator
// it goes on to the tasks behind a repartition. What has been at its end for weir.idle.upstream holds nobody back, but final lists of windows: all tasks
// before those close their windows by the same announcements, and each may have rows that belong into a list.

// feeder is what feeds a task: a partition of a source, or an upstream task.
type feeder struct {
	bound int64 // NoTime before anything is known
	atEnd bool
	free  bool  // it holds nobody back: a table that a stream is joined with
	order int64 // of an upstream task, as a lane's
	asOf  int64
	// recalled is the time of the last rows of a source that had been read to its end before the session.
	recalled int64
}

const never = math.MaxInt64

// newFeeders makes the feeders of the inputs, n in all.
func newFeeders(inputs []*input, n int) []feeder {
	out := make([]feeder, n)
	streams := slices.ContainsFunc(inputs, func(in *input) bool { return !in.table })
	for at, in := range inputs {
		to := n
		if at+1 < len(inputs) {
			to = inputs[at+1].feeder
		}
		in.feeders = to - in.feeder
		for f := in.feeder; f < to; f++ {
			out[f] = feeder{bound: types.NoTime, order: types.NoTime, asOf: types.NoTime, recalled: types.NoTime, free: streams && in.table}
		}
	}
	return out
}

// least is the bound of all feeders but one: of those at their ends the greatest, where all are.
func (t *Task) least(but int) int64 {
	least, most, waiting := int64(0), types.NoTime, false
	for i := range t.feeders {
		f := &t.feeders[i]
		if f.free || i == but {
			continue
		}
		most = max(most, f.bound)
		if (!f.atEnd || t.lists) && (!waiting || f.bound < least) {
			least, waiting = f.bound, true
		}
	}
	if !waiting {
		return most
	}
	return least
}

// others is how far the rows of an input of sources may close windows, as the other ones let them.
func (t *Task) others(in *input) int64 {
	upTo := int64(never)
	for _, o := range t.inputs {
		f := &t.feeders[o.feeder]
		switch {
		case o == in || f.free:
		case o.row < o.batch.N:
			upTo = min(upTo, o.batch.Meta[o.row].Timestamp)
		case !f.atEnd:
			upTo = min(upTo, f.bound)
		}
	}
	return upTo
}

// advance tells the operators the bound of the task, each the one of what comes from the operator before it. by is how
// far the stream time has gone on because nothing comes.
func (t *Task) advance(by int64) error {
	bound := t.least(-1)
	for i, w := range t.windowed {
		if i == 0 && by > 0 {
			if err := w.Idle(by, bound); err != nil {
				return err
			}
		}
		if err := w.Advance(bound); err != nil {
			return err
		}
		bound = w.Bound()
	}
	if t.repart != nil {
		t.repart.reach(bound, by)
	}
	return nil
}

// straight says whether the rows that come to a step of the stage come from sources alone, with no join of streams between that
// gives rows out later.
func (s *Stage) straight(n plan.Node) bool {
	for _, in := range n.Inputs() {
		switch in := in.(type) {
		case *plan.Scan, *plan.Repartition:
			if s.mixed(in) && !s.only(in) {
				return false
			}
		case *plan.StreamJoin:
			return false
		default:
			if !s.straight(in) {
				return false
			}
		}
	}
	return true
}

// onePath says whether all rows of the stage come from one partition of one source, in its order.
func (s *Stage) onePath() bool {
	streams := 0
	for _, in := range s.Inputs {
		if s.mixed(in) && !s.only(in) {
			return false
		}
		if !in.Table() {
			streams++
		}
	}
	return streams == 1 || len(s.Inputs) == 1
}

// only says whether an input is a table that a stream is joined with.
func (s *Stage) only(in plan.Node) bool { return in.Table() && s.joinsTable() }

// joinsTable says whether a stream of the stage is joined with a table, which moves no stream time.
func (s *Stage) joinsTable() bool {
	return slices.ContainsFunc(s.Inputs, func(n plan.Node) bool { return !n.Table() })
}
