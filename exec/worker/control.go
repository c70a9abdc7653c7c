package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"weir/exec/assignment"
	"weir/exec/commit"
	"weir/kafka"
)

// command is something to be done in the worker's goroutine, while the tasks are idle.
type command struct {
	ctx   context.Context // of whoever asks: a command whose asker has gone is passed over
	do    func() error
	reply chan error
}

// do has the worker do something, and waits for it. The function does not depend on the context: it is done once begun.
func (w *Worker) do(ctx context.Context, f func() error) error {
	c := command{ctx, f, make(chan error, 1)}
	select {
	case w.cmds <- c:
	case <-w.done:
		return w.notRunning()
	case <-ctx.Done():
		return ctx.Err()
	}
	w.wake()
	select {
	case err := <-c.reply:
		return err
	case <-w.done:
		return w.notRunning()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Worker) notRunning() error {
	if err := w.Err(); err != nil {
		return fmt.Errorf("the query is not running: %w", err)
	}
	return errors.New("the query is not running")
}

// wake ends a poll that is going on, so that the worker looks at what is asked of it.
func (w *Worker) wake() {
	if stop := w.polling.Load(); stop != nil {
		(*stop)()
	}
}

// attend does what others have asked for.
func (w *Worker) attend() (asked bool, err error) {
	select {
	case c := <-w.cmds:
		w.pending.Wait()
		if err := c.ctx.Err(); err != nil {
			c.reply <- err
		} else {
			c.reply <- c.do()
		}
		return true, w.taskError()
	case c := <-w.commit.Changes():
		return true, w.change(c)
	default:
		return false, w.taskError()
	}
}

// attendChanges does what the group has asked for.
func (w *Worker) attendChanges() error {
	for {
		select {
		case c := <-w.commit.Changes():
			if err := w.change(c); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (w *Worker) change(c commit.Change) error {
	defer close(c.Done)
	w.pending.Wait()
	if c.Commit {
		if err := w.commitAll(); err != nil {
			return err
		}
	}
	err := c.Do(w.alive)
	w.stats.changed(w.assigned.Tasks)
	return err
}

// CaughtUp says whether the tasks have read all that their inputs hold now, and nothing of it is on its way. It commits
// first. ends is the sum of the inputs' ends: if it is the same twice with nothing left, nothing came in between.
func (w *Worker) CaughtUp(ctx context.Context) (bool, int64, error) {
	type answer struct {
		done bool
		ends int64
	}
	got := make(chan answer, 1) // whoever has given up does not look at what is still being worked out
	err := w.do(ctx, func() error {
		var a answer
		defer func() { got <- a }()
		if w.behind() {
			return nil // known without a commit
		}
		if err := w.settled(); err != nil {
			return err
		}
		ends, err := w.inputEnds()
		if err != nil {
			return err
		}
		a.done = w.passed(ends)
		for _, at := range ends {
			for _, end := range at {
				a.ends += end
			}
		}
		return nil
	})
	if err != nil {
		return false, 0, err
	}
	a := <-got
	return a.done, a.ends, nil
}

// Level says whether the tasks have read what lay in their inputs a moment ago: up to before. If so it commits, so that what came of it lies in the
// inputs of the stages behind. It tells where these end now, for the next time: a query is level that was so once more than it has stages.
func (w *Worker) Level(ctx context.Context, before kafka.Offsets) (level bool, now kafka.Offsets, err error) {
	type answer struct {
		level bool
		ends  kafka.Offsets
	}
	got := make(chan answer, 1)
	err = w.do(ctx, func() (err error) {
		var a answer
		defer func() { got <- a }()
		if a.level = before != nil && w.passed(before); a.level {
			if err := w.settled(); err != nil {
				return err
			}
		}
		a.ends, err = w.inputEnds()
		return err
	})
	if err != nil {
		return false, nil, err
	}
	a := <-got
	return a.level, a.ends, nil
}

// settled commits, and sees that what is put out lies where it belongs.
func (w *Worker) settled() error {
	if err := w.commitAll(); err != nil {
		return err
	}
	if err := w.commit.Delivered(w.alive); err != nil {
		return w.lose(err)
	}
	return nil
}

// inputEnds are where the inputs of the tasks end.
func (w *Worker) inputEnds() (kafka.Offsets, error) {
	out := kafka.Offsets{}
	for _, topic := range w.assigned.InputTopics() {
		at, err := w.opt.Cluster.StableOffsets(w.alive, topic)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, at)
	}
	return out, nil
}

// passed says whether the tasks have read up to there.
func (w *Worker) passed(ends kafka.Offsets) bool {
	for topic, at := range ends {
		for p, end := range at {
			feeds := w.assigned.Feeds[assignment.TP{Topic: topic, Partition: p}]
			if len(feeds) == 0 {
				return false
			}
			for _, f := range feeds {
				if f.Position() < end {
					return false
				}
			}
		}
	}
	return true
}

// behind says whether the tasks are known to have more to read, or have no partitions yet.
func (w *Worker) behind() bool {
	for _, t := range w.assigned.Tasks {
		for _, f := range t.Feeds {
			if f.Next < f.High {
				return true
			}
		}
	}
	return len(w.assigned.Tasks) == 0
}

// Stages is how many stages the query has.
func (w *Worker) Stages() int { return len(w.assigned.Topology.Stages) }

// CloseWindows closes all windows of a stage that are open, as when a bounded input has ended, and commits what comes of it.
// That has to reach the next stage before its windows close.
func (w *Worker) CloseWindows(ctx context.Context, stage int) error {
	return w.do(ctx, func() error {
		for {
			if err := w.drain(stage); err != nil {
				return err
			}
			if !w.room.Full() {
				break
			}
			if err := w.commitAll(); err != nil {
				return err
			}
		}
		for _, t := range w.assigned.Tasks {
			if t.Stage.Index != stage {
				continue
			}
			if err := t.CloseAll(); err != nil {
				return w.lose(err)
			}
		}
		return w.commitAll()
	})
}

// drain carries on what waits in the tasks of a stage, as far as there is room.
func (w *Worker) drain(stage int) error {
	for _, t := range w.assigned.Tasks {
		if t.Stage.Index == stage {
			if err := t.Drain(); err != nil {
				return w.lose(err)
			}
		}
	}
	return nil
}

// Pause stops reading, before Start too. What was read is committed in its time.
func (w *Worker) Pause() {
	w.paused.Store(true)
	w.wake()
}

// Commit commits what was read.
func (w *Worker) Commit(ctx context.Context) error { return w.do(ctx, w.commitAll) }

// Resume goes on reading.
func (w *Worker) Resume() {
	w.paused.Store(false)
	w.wake()
}

// Paused says whether the query is paused.
func (w *Worker) Paused() bool { return w.paused.Load() }

// killTime is how long a worker may take to end once nothing is waited for any more.
const killTime = 5 * time.Second

// Stop commits and ends the query on this node. When the context ends first, it ends without a commit, and the error says so:
// what was not committed is read again at the next start.
func (w *Worker) Stop(ctx context.Context) error {
	w.end()
	select {
	case <-w.done:
		w.kill()
		return nil
	case <-ctx.Done():
	}
	w.kill()
	select {
	case <-w.done:
		return fmt.Errorf("%s was stopped without a last commit: %w", w.assigned.Query(), ctx.Err())
	case <-time.After(killTime):
		return fmt.Errorf("%s did not end: its operators are still at work on what they were given", w.assigned.Query())
	}
}

// Leave gives up the node's place in the query's group after Stop, which keeps it for a return.
func (w *Worker) Leave(ctx context.Context) error { return w.commit.Leave(ctx) }

// Partitions is how many partitions the last stage has.
func (w *Worker) Partitions() int32 { return w.partitions.Load() }
