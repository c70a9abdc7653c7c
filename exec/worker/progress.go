package worker

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"weir/exec/assignment"
	"weir/exec/commit"
	"weir/exec/task"
)

// Progress is how far a query has come, for the queries that read its result. It is told once what it speaks of can be read.
type Progress struct {
	task.Reached
	Ends map[int32]int64 // how far its topic reaches, of what it has written by then
}

// Upstream is what a worker asks of the query that writes a topic.
type Upstream interface {
	// Number names the query in the rows that it writes.
	Number() uint64
	// Progress is how far the query has come; nil where that is not known. asked says that somebody waits for it to have read all there is.
	Progress(asked bool) *Progress
}

// progress is what a worker tells of itself.
type progress struct {
	now     atomic.Pointer[Progress]
	watched atomic.Bool  // somebody reads the result
	asked   atomic.Bool  // somebody waits for it
	wanted  bool         // asked, as of the commit that is being made
	made    atomic.Int64 // commits
	told    atomic.Int64 // of these, what has arrived
	base    map[int32]int64
	numbers []uint64 // of upstream queries, while they are asked
	waited  int64    // commits at which rows waited
}

// Progress is how far the query has come; nil before that is known. asked says that somebody waits for it to have read all there is.
func (w *Worker) Progress(asked bool) *Progress {
	w.progress.watched.Store(true)
	if asked {
		w.progress.asked.Store(true)
	}
	return w.progress.now.Load()
}

// Number names the query in the rows that it writes.
func (w *Worker) Number() uint64 { return w.opt.Number }

// result is the topic that the query writes; empty where there is none.
func (w *Worker) result() string { return w.assigned.Topology.Last().Output(w.assigned.Env) }

// beginProgress is said at the start of a session.
func (w *Worker) beginProgress(ctx context.Context) error {
	w.progress.made.Store(0)
	w.progress.told.Store(0)
	if w.result() == "" {
		return nil
	}
	ends, err := w.opt.Cluster.EndOffsets(ctx, w.result())
	if err != nil {
		return err
	}
	w.progress.base = map[int32]int64{}
	maps.Copy(w.progress.base, ends[w.result()])
	return nil
}

// reached is how far the query comes with the commit that is being made. A task that has read all there is holds back none of the others' rows:
// the brokers are asked for the ends where somebody looks on, or something goes on while a task has been idle for long.
func (w *Worker) reached(ctx context.Context, began time.Time) (task.Reached, error) {
	asOf := began.UnixMicro()
	out := task.Reached{Time: math.MaxInt64, Standing: task.AsOf(asOf), Sent: asOf, AtEnd: true}
	n, most, waits := 0, task.NoTime, false
	asks := w.progress.watched.Load() || slices.ContainsFunc(w.assigned.Tasks, (*assignment.Task).Moved)
	for _, t := range w.assigned.Tasks {
		if t.Stage != w.assigned.Topology.Last() {
			continue
		}
		n++
		waits = t.Stirred() || t.Waits() || waits
		ended, known := func(int) bool { return t.Ended }, asOf
		switch {
		case asks && (t.Ended || w.progress.watched.Load()):
			var err error
			if ended, err = w.endedOf(ctx, t); err != nil {
				return out, err
			}
		case t.Ended:
			known = w.now.AsOf // as of when it was asked last
		}
		r := t.Reached(ended, known)
		out.Standing = out.And(r.Standing)
		if most = max(most, r.Time); !t.Ended {
			out.Time, out.AtEnd = min(out.Time, r.Time), false
		}
	}
	if out.AtEnd {
		out.Time = most
	}
	if waits {
		w.progress.waited++
	}
	out.Waits = w.progress.waited
	if n < int(w.partitions.Load()) { // the other tasks are not here
		out.Time, out.Standing, out.AtEnd = task.NoTime, task.Unknown(), false
	}
	return out, nil
}

// counts is what the commit calls once what it has made can be read.
func (w *Worker) counts(r task.Reached) commit.Counting {
	w.progress.made.Add(1)
	count := w.stats.count(w.assigned)
	return func(leftOut []string, ends map[assignment.TP]int64) {
		count(leftOut, ends)
		w.progress.told.Add(1)
		w.tell(r, ends)
	}
}

// tell tells how far the query has come, and how far its topic reaches that has been written in the session.
func (w *Worker) tell(r task.Reached, ends map[assignment.TP]int64) {
	p := &Progress{r, maps.Clone(w.progress.base)}
	if before := w.progress.now.Load(); before != nil {
		for part, at := range before.Ends {
			p.Ends[part] = max(p.Ends[part], at)
		}
	}
	for tp, at := range ends {
		if tp.Topic == w.result() {
			p.Ends[tp.Partition] = max(p.Ends[tp.Partition], at)
		}
	}
	w.progress.now.Store(p)
}

// committed takes in how far the query has come with a commit; where there was nothing to commit, that is told at once to those who wait.
func (w *Worker) committed(r task.Reached, changed bool) {
	for _, t := range w.assigned.Tasks {
		t.SetReached(r)
	}
	if changed || w.result() == "" || w.progress.told.Load() < w.progress.made.Load() {
		return
	}
	before := w.progress.now.Load()
	if w.progress.wanted || w.progress.watched.Load() && (before == nil || r.Time > before.Time) {
		w.tell(r, nil)
	}
}

// ask asks the queries upstream how far they have come, for tasks that stand at what these have written by then.
func (w *Worker) ask(ctx context.Context) error {
	w.progress.wanted = w.progress.asked.Swap(false)
	waits := w.progress.wanted || slices.ContainsFunc(w.assigned.Tasks, func(t *assignment.Task) bool { return t.Waits() })
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if !t.WovenTopic(f.Input) {
				continue
			}
			ups, ended := w.opt.Upstream(f.TP.Topic)
			w.progress.numbers = w.progress.numbers[:0]
			for _, up := range ups {
				w.progress.numbers = append(w.progress.numbers, up.Number())
			}
			w.progress.numbers = append(w.progress.numbers, ended...)
			if err := t.Upstream(f.Input, w.progress.numbers); err != nil {
				return err
			}
			if err := w.askEnded(ctx, f, ended); err != nil {
				return err
			}
			for _, up := range ups {
				p := up.Progress(waits)
				if p == nil || f.Next < p.Ends[f.TP.Partition] {
					continue
				}
				if err := t.Hear(f.Input, up.Number(), p.Reached, p.Ends[f.TP.Partition]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// askEnded tells a feed's task that it has been given all that queries wrote that have ended.
func (w *Worker) askEnded(ctx context.Context, f *assignment.Feed, ended []uint64) error {
	if !slices.ContainsFunc(ended, func(query uint64) bool { return f.Task.WaitsForEnd(f.Input, query) }) {
		return nil
	}
	if err := w.askEnd(ctx, f); err != nil || f.Next < f.End() {
		return err
	}
	f.Looked = false
	for _, query := range ended {
		if err := f.Task.UpstreamEnded(f.Input, query); err != nil {
			return err
		}
	}
	return nil
}
