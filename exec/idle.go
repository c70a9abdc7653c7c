package exec

import (
	"context"
	"math"
	"slices"
	"time"

	"weir/planner/plan"
	"weir/types"
)

// idling is by how much each of what feeds a task has gone on because it was idle: its upstream tasks, or its inputs where
// the stage reads sources alone. The task's own stream time goes on by the least of them.
type idling struct {
	went []int64 // since it last moved; never where nobody waits for it
	told []int64 // the latest stream time that an upstream task has announced
}

const never = math.MaxInt64

func newIdling(inputs []*input, upstream int) idling {
	n := max(upstream, len(inputs))
	i := idling{went: make([]int64, n), told: slices.Repeat([]int64{types.NoTime}, n)}
	streams := slices.ContainsFunc(inputs, func(in *input) bool { return !in.table })
	for at, in := range inputs {
		to := n
		if at+1 < len(inputs) {
			to = inputs[at+1].feeder()
		}
		for f := in.feeder(); streams && in.table && f < to; f++ {
			i.went[f] = never // a row of a table that a stream is joined with moves no stream time
		}
	}
	return i
}

// feeder is where the input, or the first of the upstream tasks behind it, stands in idling.
func (in *input) feeder() int {
	if in.upstream >= 0 {
		return in.upstream
	}
	return int(in.number)
}

func (i *idling) least() int64 { return slices.Min(i.went) }

// came says that a source has brought something.
func (i *idling) came(in *input) {
	if at := in.feeder(); !in.repartitioned && i.went[at] != never {
		i.went[at] = 0
	}
}

// heard takes what an upstream task says of itself, and gives by how much the task goes on with it.
func (i *idling) heard(from int, a note) (by int64) {
	if from >= len(i.went) || i.went[from] == never {
		return 0
	}
	before := i.least()
	if a.streamTime > i.told[from]+a.idled || a.idled == 0 && !a.atEnd {
		i.went[from] = 0
	}
	i.told[from] = max(i.told[from], a.streamTime)
	i.went[from] += a.idled
	return i.least() - before
}

// Idle lets the stream time of a source go on by so many milliseconds, because nothing comes from it, and hands on what that
// closes. The next Flush tells the tasks behind a repartition.
func (t *Task) Idle(number int, by int64) error {
	in := t.inputs[number]
	from := in.feeder()
	if t.idle.went[from] == never {
		return nil
	}
	before := t.idle.least()
	t.idle.went[from] += by
	goesOn := t.idle.least() - before
	if in.upstream >= 0 {
		if err := t.announceIdle(from, by); err != nil {
			return err
		}
	} else if goesOn > 0 {
		for _, i := range t.idlers {
			if err := i.Idle(goesOn); err != nil {
				return err
			}
		}
	}
	t.goOn(goesOn)
	return nil
}

// goOn lets the stream time go on that the tasks behind the stage are told.
func (t *Task) goOn(by int64) {
	if by > 0 && t.repart != nil {
		t.repart.idle(by)
	}
}

func (t *Task) announceIdle(from int, by int64) error {
	for _, i := range t.idlers {
		if err := i.AnnounceIdle(from, by); err != nil {
			return err
		}
	}
	return nil
}

// idleSpan is how far stream time has to go on, in milliseconds, to close every window that is open and to end the waiting
// of every row in a join.
func (t *Topology) idleSpan() int64 {
	span := int64(0)
	plan.Walk(t.Query.Root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Aggregate:
			if n.Window != nil {
				span = max(span, n.Window.Size+n.Window.Grace+1)
			}
		case *plan.Join:
			if n.Within != nil {
				span = max(span, max(n.Within.Before, n.Within.After)+n.Within.Grace+1)
			}
		}
		return true
	})
	return span
}

// idle lets the stream time of sources go on that have been at their ends for weir.idle.close, by the time for which they
// have. It goes in steps of that length, and no further than anything can wait: each step is a commit.
func (w *Worker) idle(ctx context.Context, now time.Time) error {
	each := time.Duration(w.topo.Query.IdleClose) * time.Millisecond
	if each == 0 {
		return nil
	}
	span := time.Duration(w.topo.idleSpan()) * time.Millisecond
	for _, t := range w.tasks {
		for _, f := range t.feeds {
			if t.inputs[f.input].repartitioned {
				continue
			}
			if w.paused.Load() {
				f.ended = now
			}
			idle := min(f.idleFor(now), span)
			if idle-f.idled < each && (idle < span || f.idled >= span) {
				continue
			}
			if err := w.askEnd(ctx, f); err != nil {
				return err
			}
			if f.idleFor(now) == 0 {
				continue
			}
			by := (idle - f.idled).Milliseconds()
			f.idled += time.Duration(by) * time.Millisecond
			t.advanced = true
			if err := t.Idle(f.input, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// idleFor is how long a feed has been at its end; 0 where it is not, or where the task has yet to take what it brought.
func (f *feed) idleFor(now time.Time) time.Duration {
	idle := time.Duration(0)
	if f.atEnd(now, 0) && !f.task.Waits() {
		idle = now.Sub(f.ended)
	}
	if idle < f.idled {
		f.idled = 0
		f.task.idle.came(f.task.inputs[f.input])
	}
	return idle
}

// askEnd asks the broker for the end of a feed.
func (w *Worker) askEnd(ctx context.Context, f *feed) error {
	at, err := w.opt.Cluster.StableOffsets(ctx, f.tp.Topic)
	if err == nil {
		f.high = max(f.high, at[f.tp.Topic][f.tp.Partition])
	}
	return err
}

// Idle lets virtual time pass in which nothing comes: queries with weir.idle.close go on with it.
func (d *Driver) Idle(passes time.Duration) error {
	if err := d.Commit(); err != nil {
		return err
	}
	for _, q := range d.queries {
		each := time.Duration(q.topo.Query.IdleClose) * time.Millisecond
		if each == 0 || passes < each {
			continue
		}
		if err := q.local.idle(min(passes.Milliseconds(), q.topo.idleSpan())); err != nil {
			return err
		}
		if err := d.deliver(q); err != nil {
			return err
		}
	}
	return d.Commit()
}

// idle lets the stream time of all sources go on.
func (l *Local) idle(by int64) error {
	for i, tasks := range l.tasks {
		for _, t := range tasks {
			for number, in := range t.inputs {
				if in.repartitioned {
					continue
				}
				if err := t.Idle(number, by); err != nil {
					return err
				}
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	return nil
}
