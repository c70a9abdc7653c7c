package worker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
)

// recall finds out to which time sources have come that had been read to their ends before the session, or whose writers have ended: there is
// nothing to read any more that tells. Those behind them may not have come so far, and would hold windows open until the next row.
func (w *Worker) recall(ctx context.Context) error {
	if w.assigned.AtOnce {
		return nil
	}
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if f.Looked {
				continue
			}
			f.Looked = true
			if !t.Recalls(f.Input) || f.Saved < 0 && !t.WovenTopic(f.Input) {
				continue
			}
			end, err := w.endOf(ctx, f)
			if err != nil {
				return err
			}
			if f.Next < end {
				continue // what is to be read tells
			}
			to, err := w.lastTime(ctx, f)
			if err != nil {
				return err
			}
			if err := t.Recall(f.Input, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastLook is how many offsets before the end of a partition are looked at for the time to which it has come: enough to find rows between the
// markers of transactions. A broker's own greatest timestamp may be that of a marker, which is of the wall clock.
const lastLook = 100

// lastTime is the greatest time of the last records of what has been read of a feed; NoTime where there are none.
func (w *Worker) lastTime(ctx context.Context, f *assignment.Feed) (int64, error) {
	last := task.NoTime
	err := w.opt.Cluster.Read(ctx, f.TP.Topic, f.TP.Partition, max(f.Next-lastLook, 0), f.Next, func(r *kgo.Record) error {
		last = max(last, r.Timestamp.UnixMilli())
		return nil
	})
	return last, err
}
