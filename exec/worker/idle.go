package worker

import (
	"context"
	"time"
)

// idle lets the stream time of sources go on that have been at their ends for weir.idle.close, by the time for which they
// have. It goes in steps of that length, and no further than anything can wait: each step is a commit.
func (w *Worker) idle(ctx context.Context, now time.Time) error {
	each := time.Duration(w.assigned.Topology.Query.IdleClose) * time.Millisecond
	if each == 0 {
		return nil
	}
	span := w.assigned.Topology.IdleSpan()
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if f.Repartitioned() {
				continue
			}
			if w.paused.Load() {
				f.Ended = now
			}
			still := f.IdleFor(now)
			idle := min(still, span)
			if still < each || idle-f.Idled < each && (idle < span || f.Idled >= span) {
				continue
			}
			if err := w.askEnd(ctx, f); err != nil {
				return err
			}
			if f.IdleFor(now) == 0 {
				continue
			}
			by := (idle - f.Idled).Milliseconds()
			f.Idled += time.Duration(by) * time.Millisecond
			t.Advanced = true
			if err := t.Idle(f.Input, by); err != nil {
				return err
			}
		}
	}
	return nil
}
