package worker

import (
	"context"
	"time"

	"weir/exec/assignment"
	"weir/exec/task"
)

// findEnds tells the tasks which sources are at their ends, and those before a repartition whether they are themselves. Fetches
// tell nothing of a partition that holds nothing new, or that the broker has not got round to: before anything is believed to be at
// its end, the broker is asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	var asked []*assignment.Task
	for _, t := range w.assigned.Tasks {
		ask, err := w.endsOf(t, now, false)
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
		if _, err := w.endsOf(t, now, true); err != nil {
			return err
		}
	}
	return nil
}

// endsOf tells a task what is known of its ends. Unless that is sure, what seems to have come to its end is to be asked for.
func (w *Worker) endsOf(t *assignment.Task, now time.Time, sure bool) (ask bool, err error) {
	if len(t.Feeds) > 1 && !w.assigned.AtOnce {
		for _, f := range t.Feeds {
			if f.Repartitioned() || t.Woven(f.Input) {
				continue
			}
			_, queued := t.Position(f.Input)
			ended := f.AtEnd(now, w.opt.IdleUpstream) && !queued
			if ended && !sure && !t.InputAtEnd(f.Input) {
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
		if t.Ended && !sure && !ended {
			t.Ended = false
			return true, nil
		}
		t.SetAtEnd(t.Ended)
	}
	return ask, nil
}
