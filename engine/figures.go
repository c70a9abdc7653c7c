package engine

import (
	"slices"
	"time"

	"weir/exec/worker"
)

// stats are the figures of a query on this node: its worker's, and those of the workers before it in whose place it runs. So they go on
// growing where a query is replaced; a step's do where it stands in its place in the new plan.
func (r *running) stats() worker.Stats {
	out := r.worker.Stats()
	if r.before == nil {
		return out
	}
	out.Steps = slices.Clone(out.Steps)
	for i := range min(len(out.Steps), len(r.before.Steps)) {
		if was := r.before.Steps[i]; was.Step == out.Steps[i].Step {
			out.Steps[i].Add(was)
		}
	}
	addStats(&out, *r.before)
	return out
}

// follow lets a query go on in the place of one that has stopped.
func (r *running) follow(stopped *running) {
	was := stopped.stats()
	was.StateEntries, was.StateBytes, was.Lag, was.StreamTime = 0, 0, 0, time.Time{} // these are what there is now
	r.before = &was
}

// addStats sums up, but for the steps.
func addStats(to *worker.Stats, s worker.Stats) {
	to.RowsIn += s.RowsIn
	to.BytesIn += s.BytesIn
	to.RowsOut += s.RowsOut
	to.BytesOut += s.BytesOut
	to.Counts.Add(s.Counts)
	to.StateEntries += s.StateEntries
	to.StateBytes += s.StateBytes
	to.Commits += s.Commits
	to.Lag += s.Lag
	to.GivenUp += s.GivenUp
	if s.LastCommit.After(to.LastCommit) {
		to.LastCommit, to.CommitTime = s.LastCommit, s.CommitTime
	}
	if !s.StreamTime.IsZero() && (to.StreamTime.IsZero() || s.StreamTime.Before(to.StreamTime)) {
		to.StreamTime = s.StreamTime
	}
}
