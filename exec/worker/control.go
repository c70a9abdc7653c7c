package worker

import (
	"context"
	"fmt"
	"time"

	"weir/exec/assignment"
)

// do runs a function in the worker's goroutine, while the tasks are idle. It does not wait for a poll to end by itself.
func (w *Worker) do(ctx context.Context, f func() error) error {
	c := command{f, make(chan error, 1)}
	for {
		if stop := w.polling.Load(); stop != nil && w.opt.Embedded {
			(*stop)()
		}
		select {
		case w.cmds <- c:
			return <-c.reply
		case <-w.done:
			return fmt.Errorf("the query is not running: %w", w.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// CaughtUp says whether the tasks have read all that their inputs hold now, and nothing of it is on its way. It commits
// first. ends is the sum of the inputs' ends: if it is the same twice with nothing left, nothing came in between.
func (w *Worker) CaughtUp(ctx context.Context) (done bool, ends int64, err error) {
	err = w.do(ctx, func() error {
		if err := w.commitAll(ctx); err != nil {
			return err
		}
		if err := w.commit.Delivered(ctx); err != nil {
			return err
		}
		done = true
		for _, topic := range w.assigned.InputTopics() {
			at, err := w.opt.Cluster.StableOffsets(ctx, topic)
			if err != nil {
				return err
			}
			for p, end := range at[topic] {
				ends += end
				feeds := w.assigned.Feeds[assignment.TP{Topic: topic, Partition: p}]
				if len(feeds) == 0 {
					done = false
				}
				for _, f := range feeds {
					done = done && f.Position() >= end
				}
			}
		}
		return nil
	})
	return done, ends, err
}

// Stages is how many stages the query has.
func (w *Worker) Stages() int { return len(w.assigned.Topology.Stages) }

// CloseWindows closes all windows of a stage that are open, as when a bounded input has ended, and commits what comes of it.
// That has to reach the next stage before its windows close.
func (w *Worker) CloseWindows(ctx context.Context, stage int) error {
	return w.do(ctx, func() error {
		for _, t := range w.assigned.Tasks {
			if t.Stage.Index != stage {
				continue
			}
			if err := t.Drain(); err != nil {
				return err
			}
			if err := t.CloseAll(); err != nil {
				return err
			}
		}
		return w.commitAll(ctx)
	})
}

// Pause stops reading; what was read is committed when it returns.
func (w *Worker) Pause(ctx context.Context) error {
	return w.do(ctx, func() error {
		w.paused.Store(true)
		return w.commitAll(ctx)
	})
}

// BeginPaused is Pause for a worker that has not started.
func (w *Worker) BeginPaused() { w.paused.Store(true) }

// Resume goes on reading.
func (w *Worker) Resume() { w.paused.Store(false) }

// Paused says whether the query is paused.
func (w *Worker) Paused() bool { return w.paused.Load() }

// Stop commits and ends the query on this node.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
	w.opt.Budget.Hold(w, 0)
}

// Err is why the query is not running, or nil.
func (w *Worker) Err() error {
	if p := w.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Failed says whether the query has ended for good.
func (w *Worker) Failed() bool {
	select {
	case <-w.done:
		return w.Err() != nil
	default:
		return false
	}
}

// Leave gives up the node's place in the query's group after Stop, which keeps it for a return.
func (w *Worker) Leave(ctx context.Context) error { return w.commit.Leave(ctx) }
