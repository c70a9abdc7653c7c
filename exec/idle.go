package exec

import (
	"context"
	"time"

	"weir/planner/plan"
)

// Idle lets the stream time of a task whose inputs are idle go on by so many milliseconds, and hands on what that closes.
// The next Flush tells the tasks behind a repartition.
func (t *Task) Idle(by int64) error {
	for _, i := range t.idlers {
		if err := i.Idle(by); err != nil {
			return err
		}
	}
	if t.repart != nil {
		t.repart.idle(by)
	}
	return nil
}

// idles says whether the stream time of a stage is its inputs' own: all of them are sources.
func (s *Stage) idles() bool {
	for _, in := range s.Inputs {
		if isRepartition(in) {
			return false
		}
	}
	return true
}

// idleSpan is how far stream time has to go on to close every window that is open, in milliseconds.
func (t *Topology) idleSpan() int64 {
	span := int64(0)
	plan.Walk(t.Query.Root, func(n plan.Node) bool {
		if a, ok := n.(*plan.Aggregate); ok && a.Window != nil {
			span = max(span, a.Window.Size+a.Window.Grace+1)
		}
		return true
	})
	return span
}

// idle lets the stream time of tasks go on that have been at the end of their inputs for weir.idle.close, by the time for
// which they have. It goes in steps of that length, and no further than windows can be open: each step is a commit.
func (w *Worker) idle(ctx context.Context, now time.Time) error {
	each := time.Duration(w.topo.Query.IdleClose) * time.Millisecond
	if each == 0 {
		return nil
	}
	span := time.Duration(w.topo.idleSpan()) * time.Millisecond
	for _, t := range w.tasks {
		if !t.Stage.idles() {
			continue
		}
		if w.paused.Load() {
			t.rested(now)
		}
		idle := min(t.idleFor(now), span)
		if idle-t.idled < each && (idle < span || t.idled >= span) {
			continue
		}
		if err := w.askEnds(ctx, t); err != nil {
			return err
		}
		if t.idleFor(now) == 0 {
			continue
		}
		by := (idle - t.idled).Milliseconds()
		t.idled += time.Duration(by) * time.Millisecond
		t.advanced = true
		if err := t.Idle(by); err != nil {
			return err
		}
	}
	return nil
}

// rested begins the time anew for which a task has been idle.
func (t *running) rested(now time.Time) {
	for _, f := range t.feeds {
		f.ended = now
	}
	t.idled = 0
}

// idleFor is how long a task has been at the end of its inputs; 0 where it is not.
func (t *running) idleFor(now time.Time) time.Duration {
	idle := time.Duration(1<<63 - 1)
	for _, f := range t.feeds {
		if !f.atEnd(now, 0) || t.Waits() {
			t.idled = 0
			return 0
		}
		idle = min(idle, now.Sub(f.ended))
	}
	if idle < t.idled {
		t.idled = 0
	}
	return idle
}

// askEnds asks the broker for the ends of a task's inputs.
func (w *Worker) askEnds(ctx context.Context, t *running) error {
	for _, f := range t.feeds {
		at, err := w.opt.Cluster.StableOffsets(ctx, f.tp.Topic)
		if err != nil {
			return err
		}
		f.high = max(f.high, at[f.tp.Topic][f.tp.Partition])
	}
	return nil
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

// idle lets the stream time of the first stages go on.
func (l *Local) idle(by int64) error {
	for i, s := range l.topo.Stages {
		if !s.idles() {
			continue
		}
		for _, t := range l.tasks[i] {
			if err := t.Idle(by); err != nil {
				return err
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	return nil
}
