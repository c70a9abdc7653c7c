package worker

import (
	"context"
	"maps"
	"time"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/kafka"
)

// findEnds tells the tasks before a repartition whether they are at their ends. Fetches tell nothing of a partition that
// holds nothing new, or that the broker has not got round to: before a task is believed to be at its end, the broker is
// asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	var asked []*assignment.Task
	for _, t := range w.assigned.Tasks {
		if !task.IsRepartition(t.Stage.End) {
			continue
		}
		if t.Ended = t.AllAtEnd(now, w.opt.IdleUpstream); !t.Ended {
			t.SetAtEnd(false)
		} else if !t.AtEnd() {
			asked = append(asked, t)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	ends := kafka.Offsets{}
	for _, t := range asked {
		for _, f := range t.Feeds {
			if _, known := ends[f.TP.Topic]; !known {
				at, err := w.opt.Cluster.StableOffsets(ctx, f.TP.Topic)
				if err != nil {
					return err
				}
				maps.Copy(ends, at)
			}
			f.High = max(f.High, ends[f.TP.Topic][f.TP.Partition])
		}
		t.SetAtEnd(t.AllAtEnd(now, w.opt.IdleUpstream))
	}
	return nil
}

// maxTaskIdle is how long rows of one input wait for another of which the broker is said to hold more.
const maxTaskIdle = time.Second

// dontWait lets tasks go on whose rows have waited for too long, and those that wait for an input that turns out to have
// nothing: the broker may have told of records that never come, such as those of an aborted transaction.
func (w *Worker) dontWait(now time.Time) {
	if !w.merges {
		return
	}
	for _, t := range w.assigned.Tasks {
		if len(t.Feeds) == 1 || !t.Waits() {
			t.WaitingSince = time.Time{}
			continue
		}
		if t.WaitingSince.IsZero() {
			t.WaitingSince = now
		} else if now.Sub(t.WaitingSince) > maxTaskIdle {
			t.WaitingSince = time.Time{}
			if err := t.Drain(); err != nil {
				w.lose(err)
			}
		}
	}
}
