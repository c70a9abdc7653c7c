package worker

import (
	"context"
	"time"

	"weir/exec/assignment"
	"weir/exec/task"
)

// A partition holds no windows open once it has been at its end for weir.idle.upstream while others went on. While all rest, no stream time goes on either: that
// a partition has rested, too, is no reason to close its windows as soon as another one brings something.

// rouse ends a rest of all sources, before the first records after it are processed: each has its time anew.
func (w *Worker) rouse(now time.Time) error {
	w.pending.Wait()
	w.resting = false
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if !w.plain(f) {
				continue
			}
			f.Ended = now
			if len(t.Feeds) > 1 && !w.assigned.AtOnce {
				if err := t.SetInputAtEnd(f.Input, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// plain says whether a feed reads a source of which nobody tells how far it has come.
func (w *Worker) plain(f *assignment.Feed) bool { return !f.Repartitioned() && !f.Task.Woven(f.Input) }

// observe finds out whether all sources are at their ends, and whether any has gone on since the last commit.
func (w *Worker) observe(now time.Time) (moved bool) {
	if w.assigned.AtOnce {
		return false // nothing is waited for, nor asked about
	}
	w.resting = true
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if w.plain(f) {
				moved = f.Moved() || moved
				w.resting = f.AtEnd(now, w.opt.IdleUpstream) && w.resting
			}
		}
	}
	return moved
}

// findEnds tells the tasks which sources are at their ends, and those before a repartition whether they are themselves. Fetches
// tell nothing of a partition that holds nothing new, or that the broker has not got round to: before anything is believed to be at
// its end, the broker is asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	var asked []*assignment.Task
	moved := w.observe(now)
	for _, t := range w.assigned.Tasks {
		ask, err := w.endsOf(t, now, moved, false)
		if err != nil {
			return err
		}
		if ask {
			asked = append(asked, t)
		}
	}
	for _, t := range asked {
		for _, f := range t.Feeds {
			if err := w.askEnd(ctx, f); err != nil {
				return err
			}
		}
		if _, err := w.endsOf(t, now, moved, true); err != nil {
			return err
		}
	}
	return nil
}

// endsOf tells a task what is known of its ends. Unless that is sure, what seems to have come to its end is to be asked for; and what has been there
// for long, too, where others have moved on: it may have something by now that closes no window of theirs.
func (w *Worker) endsOf(t *assignment.Task, now time.Time, moved, sure bool) (ask bool, err error) {
	if len(t.Feeds) > 1 && !w.assigned.AtOnce {
		for _, f := range t.Feeds {
			if !w.plain(f) {
				continue
			}
			_, queued := t.Position(f.Input)
			ended := f.AtEnd(now, w.opt.IdleUpstream) && !queued
			if ended && !sure && (moved || !t.InputAtEnd(f.Input)) {
				ask = true
			} else if err := t.SetInputAtEnd(f.Input, ended); err != nil {
				return false, err
			}
		}
	}
	if task.IsRepartition(t.Stage.End) || t.Stage == w.assigned.Topology.Last() && w.result() != "" {
		ended := t.Ended
		t.Ended = t.AllAtEnd(now, w.opt.IdleUpstream)
		for _, f := range t.Feeds {
			t.Ended = t.Ended && (!t.Woven(f.Input) || t.InputAtEnd(f.Input))
		}
		if t.Ended && !sure && (moved || !ended) {
			t.Ended = false
			return true, nil
		}
		t.SetAtEnd(t.Ended)
	}
	return ask, nil
}
