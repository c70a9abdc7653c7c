package connectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"weir/connectors/connector"
	"weir/fault"
	"weir/kafka"
)

const (
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 15 * time.Second
	// stopGrace is how long a connector that is to stop may wait for its last records to be acknowledged.
	stopGrace = 5 * time.Second
	// maxBadLogged bounds what is logged of bad rows; all are counted.
	maxBadLogged = 10
)

// work is what a task does, for a source or for a sink.
type work interface {
	// attempt works once, from the progress in memory. It returns nil when there is no more to come and all is done.
	attempt(ctx context.Context) error
}

// task is one connector under way.
type task struct {
	cfg     Config
	class   connector.Class
	env     connector.Env
	work    work
	file    string
	bounded bool
	topics  []string

	turn sync.Mutex // held by pause and resume

	mu      sync.Mutex
	state   State
	lastErr string
	done    progress
	lag     int64 // of a sink
	meter   meter
	changed chan struct{} // closed and replaced when state changes
	cancel  context.CancelFunc
	ended   chan struct{} // closed when the goroutine has ended
	gone    bool          // deleted, or the runtime is closed

	lagKnown bool
}

func newTask(cfg Config, o opener) (*task, error) {
	t := &task{cfg: cfg, class: o.class, env: o.env, file: progressFile(cfg.DataDir, o.env.Name), state: Paused, changed: make(chan struct{})}
	if err := t.put(o); err != nil {
		return nil, err
	}
	var err error
	if t.done, err = readProgress(t.file); err != nil {
		return nil, fmt.Errorf("connector %s: %w", o.env.Name, err)
	}
	return t, nil
}

// put gives the task its work.
func (t *task) put(o opener) error {
	if o.class.Kind == connector.Sink {
		in, err := o.input(t.cfg.Catalog)
		if err != nil {
			return err
		}
		t.work = &delivery{task: t, opener: o}
		t.topics = in.topics()
		return nil
	}
	reader, err := o.open()
	if err != nil {
		return err
	}
	t.work, t.bounded = &loading{task: t, opener: o}, reader.Bounded()
	for _, topic := range reader.Topics() {
		t.topics = append(t.topics, topic.Name)
	}
	return nil
}

// resume starts the goroutine, unless it runs.
func (t *task) resume() {
	t.turn.Lock()
	defer t.turn.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == Running || t.state == Finished {
		return
	}
	if t.ended != nil {
		<-t.ended // a failed one, on its way out
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel, t.ended = cancel, make(chan struct{})
	t.set(Running, "")
	go t.run(ctx, t.ended)
}

// pause stops the goroutine and waits for it.
func (t *task) pause() {
	t.turn.Lock()
	defer t.turn.Unlock()
	t.mu.Lock()
	cancel, ended := t.cancel, t.ended
	t.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	<-ended
}

// leave pauses for good, so that nobody waits any longer.
func (t *task) leave() {
	t.pause()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	t.set(t.state, t.lastErr)
}

// set changes the state; t.mu is held.
func (t *task) set(state State, lastErr string) {
	t.state, t.lastErr = state, lastErr
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *task) finish(state State, lastErr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(state, lastErr)
}

// run tries until the work has ended, the user's help is needed, or it is stopped.
func (t *task) run(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	log := t.env.Logger
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		before := t.status().Rows
		err := t.attempt(ctx)
		switch {
		case err == nil:
			t.finish(Finished, "")
			return
		case ctx.Err() != nil:
			t.finish(Paused, "")
			return
		case hopeless(err):
			fault.Log(log, slog.LevelError, "the connector failed", err)
			t.finish(Failed, err.Error())
			return
		}
		if t.status().Rows > before {
			backoff = firstBackoff
		}
		pause := max(backoff, connector.After(err))
		log.Warn("the connector will try again", "err", err, "in", pause)
		t.note(err.Error())
		if connector.Sleep(ctx, pause) != nil {
			t.finish(Paused, "")
			return
		}
	}
}

func (t *task) attempt(ctx context.Context) (err error) {
	defer fault.Caught(&err, "the connector")
	return t.work.attempt(ctx)
}

// hopeless tells errors that trying again will not cure.
func hopeless(err error) bool {
	if _, bug := errors.AsType[*fault.Error](err); bug || connector.IsUser(err) {
		return true
	}
	var answer *kerr.Error
	return errors.As(err, &answer) && !answer.Retriable && !errors.Is(err, kafka.ErrUnreachable) && !restartable(answer)
}

// restartable are answers that a new producer makes good.
func restartable(err *kerr.Error) bool {
	switch err {
	case kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping, kerr.ProducerFenced:
		return true
	}
	return false
}

func (t *task) note(lastErr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastErr = lastErr
}

func (t *task) status() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Status{
		Name: t.env.Name, Class: t.class.Name, Kind: t.class.Kind, State: t.state, Rows: t.done.Rows, Bytes: t.done.Bytes,
		Total: t.done.Total, Bad: t.done.Bad, LastError: t.lastErr, Topics: t.topics, Bounded: t.bounded,
		Lag: t.lag, LagKnown: t.lagKnown,
	}
	if s.State == Finished {
		s.Rate = t.meter.average()
	} else {
		s.Rate = t.meter.rate(time.Now())
	}
	return s
}

// wait returns when the task has finished, or the error it failed with.
func (t *task) wait(ctx context.Context) error {
	for {
		t.mu.Lock()
		state, lastErr, changed, gone := t.state, t.lastErr, t.changed, t.gone
		t.mu.Unlock()
		if gone && state != Failed {
			return nil
		}
		switch state {
		case Finished:
			return nil
		case Failed:
			return fmt.Errorf("connector %s failed: %s", t.env.Name, lastErr)
		case Running, Paused:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
