package task

import "weir/planner/plan"

// Reached is how far the task that writes the query's result has come, of what it has written up to the next Flush. ended and asOf are as of Standing.
func (t *Task) Reached(ended func(input int) bool, asOf int64) Reached {
	r := Reached{Time: t.bound(), Standing: t.Standing(ended, asOf), Sent: asOf}
	if n := len(t.windowed); n > 0 {
		if front, ok := t.windowed[n-1].Front(); ok {
			if r.All = front; r.Order != never {
				r.Order = front
			}
		}
	}
	return r
}

// Recalls says whether the time to which an input has come is the greatest one of the records that have been read of its topic.
func (t *Task) Recalls(input int) bool {
	scan, ok := t.Stage.Inputs[input].(*plan.Scan)
	return ok && scan.Time == nil && t.inputs[input].follows()
}

// Recall says to which time a source has come that had been read before the task was made.
func (t *Task) Recall(input int, to int64) error {
	in := t.inputs[input]
	f := &t.feeders[in.feeder]
	if to <= f.recalled {
		return nil
	}
	f.recalled, f.bound = to, max(f.bound, to)
	return t.advance(0)
}

// Path is to which time the rows of an input have come that have been processed; NoTime where others tell that, where it is a table that holds nobody back, or
// where nothing is known. It belongs to the position: what is late after it is so after a restart, too.
func (t *Task) Path(input int) int64 {
	in := t.inputs[input]
	switch {
	case !in.follows() || t.feeders[in.feeder].free:
		return NoTime
	case t.repart != nil && t.repart.onePath:
		return t.repart.note.bound
	}
	return t.feeders[in.feeder].bound
}

// GoOn says what Path was when an input was last read.
func (t *Task) GoOn(input int, path int64) {
	in := t.inputs[input]
	f := &t.feeders[in.feeder]
	if !in.follows() || f.free {
		return
	}
	f.bound = max(f.bound, path)
	if t.repart != nil && t.repart.onePath {
		t.repart.note.bound = max(t.repart.note.bound, path)
	}
}

// bound is the time before which the task writes no row any more.
func (t *Task) bound() int64 {
	if n := len(t.windowed); n > 0 {
		return t.windowed[n-1].Bound()
	}
	return t.least(-1)
}

// SetReached says how far the query had come at the commit that has just been made.
func (t *Task) SetReached(r Reached) {
	if t.written != nil {
		t.written.trail.reached = r
	}
}

// Woven says whether the topic of an input is one that a query of ours writes, which tells how far it has come.
func (t *Task) Woven(input int) bool {
	w := t.inputs[input].woven
	return w != nil && !w.orphan
}

// WovenTopic says whether a query of ours writes the topic of an input, or did.
func (t *Task) WovenTopic(input int) bool { return t.inputs[input].woven != nil }

// Upstream names the queries that write the topic of an input.
func (t *Task) Upstream(input int, queries []uint64) error {
	in := t.inputs[input]
	was := in.woven.orphan
	in.woven.known(queries)
	if in.woven.orphan && !was {
		return t.merge(false)
	}
	return nil
}

// WaitsForEnd says whether a query that has ended may have written what has not come yet.
func (t *Task) WaitsForEnd(input int, query uint64) bool {
	return !t.inputs[input].woven.of(query).over
}

// UpstreamEnded says that a query that wrote the topic of an input has ended, and that all it wrote has been given to the task.
func (t *Task) UpstreamEnded(input int, query uint64) error {
	in := t.inputs[input]
	if in.woven.ended(query); in.lanes != nil {
		return t.merge(false)
	}
	return t.hear(in)
}

// Hear takes in how far a query upstream of an input has come, of what its topic held before an offset, up to which the task has been given
// all.
func (t *Task) Hear(input int, query uint64, r Reached, upTo int64) error {
	in := t.inputs[input]
	if in.lanes == nil {
		in.woven.heard(query, r, upTo, true, t.now())
		return t.hear(in)
	}
	in.lanes.hear(query, r, upTo, true, t.now())
	return t.merge(false)
}
