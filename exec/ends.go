package exec

import (
	"context"
	"maps"
	"time"

	"weir/kafka"
)

// findEnds tells the tasks before a repartition whether they are at their ends. Fetches tell nothing of a partition that
// holds nothing new, or that the broker has not got round to: before a task is believed to be at its end, the broker is
// asked.
func (w *Worker) findEnds(ctx context.Context, now time.Time) error {
	var asked []*running
	for _, t := range w.tasks {
		if !isRepartition(t.Stage.End) {
			continue
		}
		if t.ended = t.allAtEnd(now, w.opt.IdleUpstream); !t.ended {
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
		for _, f := range t.feeds {
			if _, known := ends[f.tp.Topic]; !known {
				at, err := w.opt.Cluster.StableOffsets(ctx, f.tp.Topic)
				if err != nil {
					return err
				}
				maps.Copy(ends, at)
			}
			f.high = max(f.high, ends[f.tp.Topic][f.tp.Partition])
		}
		t.SetAtEnd(t.allAtEnd(now, w.opt.IdleUpstream))
	}
	return nil
}

func (t *running) allAtEnd(now time.Time, idle time.Duration) bool {
	all := !t.Waits()
	for _, f := range t.feeds {
		all = f.atEnd(now, idle) && all
	}
	return all
}

// maxTaskIdle is how long rows of one input wait for another of which the broker is said to hold more.
const maxTaskIdle = time.Second

// dontWait lets tasks go on whose rows have waited for too long, and those that wait for an input that turns out to have
// nothing: the broker may have told of records that never come, such as those of an aborted transaction.
func (w *Worker) dontWait(now time.Time) {
	if !w.merges {
		return
	}
	for _, t := range w.tasks {
		if len(t.feeds) == 1 || !t.Waits() {
			t.waits = time.Time{}
			continue
		}
		if t.waits.IsZero() {
			t.waits = now
		} else if now.Sub(t.waits) > maxTaskIdle {
			t.waits = time.Time{}
			if err := t.Drain(); err != nil {
				w.lose(err)
			}
		}
	}
}
