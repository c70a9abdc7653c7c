package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"weir/exec/commit"
	"weir/exec/state"
	"weir/exec/task"
	"weir/fault"
	"weir/functions"
	"weir/kafka"
)

// health is how a query fares, for whoever asks.
type health struct {
	mu       sync.Mutex
	failure  error     // of the last session, until a commit has succeeded since; for good where the query has ended
	trouble  error     // what the last look at the topics met
	since    time.Time // when the commit that is going on began; zero where none does
	refusals int       // sessions in a row that a refused batch has ended
}

// slowCommit is after how long a commit that goes on is told of.
const slowCommit = 5 * time.Second

func (h *health) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failure = err
}

func (h *health) recovered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failure, h.refusals = nil, 0
}

func (h *health) committing(since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = since
}

func (h *health) looked(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trouble = err
}

// verdict makes an error fatal that another session would only meet again.
func (w *Worker) verdict(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var refused *commit.RefusedError
	if !errors.As(err, &refused) {
		w.refusals = 0
	} else if w.refusals++; w.refusals >= maxRefusals {
		return &task.FatalError{Err: err}
	}
	if w.opt.FailOnLost && errors.Is(err, kafka.ErrNoTopic) {
		return &task.FatalError{Err: err}
	}
	return err
}

// maxRefusals is how many sessions may end with a refused batch: each reads the limits of the topics anew.
const maxRefusals = 3

// isFatal says whether another session would only meet the error again. What is due to a database that a write has failed in is not, since
// that is opened anew.
func isFatal(err error) bool {
	if _, broken := errors.AsType[*state.FailedError](err); broken {
		return false
	}
	var fatal *task.FatalError
	var stop *functions.StopError
	var much *task.TooMuchError
	var bug *fault.Error
	return errors.As(err, &bug) || errors.As(err, &fatal) || errors.As(err, &stop) || errors.As(err, &much)
}

// RestingError answers a command while the query waits before it tries again.
type RestingError struct{ Why error }

func (e *RestingError) Error() string { return "the query is to try again: " + e.Why.Error() }
func (e *RestingError) Unwrap() error { return e.Why }

// Err is why the query does not get on, or nil.
func (w *Worker) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failure != nil:
		return w.failure
	case w.trouble != nil:
		return w.trouble
	case !w.since.IsZero() && time.Since(w.since) > slowCommit:
		return fmt.Errorf("a commit has been going on for %v", time.Since(w.since).Round(time.Second))
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

// DefaultLook is how often a worker looks whether the topics of its query are still what they were.
const DefaultLook = 5 * time.Second

// look watches the topics while a session goes on: one that was deleted, made anew or given partitions ends it.
func (w *Worker) look() (stop func()) {
	ctx, cancel := context.WithCancel(w.alive)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(w.opt.Look)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := w.assigned.TopicsChanged(ctx, w.opt.Cluster)
			if ctx.Err() != nil {
				return
			}
			if err == nil || errors.Is(err, kafka.ErrUnreachable) {
				w.looked(err)
				continue
			}
			w.lose(err)
			w.wake()
			return
		}
	}()
	return func() {
		cancel()
		<-gone
		w.looked(nil)
	}
}
