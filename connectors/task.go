package connectors

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
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

// task is one connector under way.
type task struct {
	cfg     Config
	opener  opener
	file    string
	bounded bool
	topics  []string

	turn sync.Mutex // held by pause and resume

	mu      sync.Mutex
	state   State
	lastErr string
	done    progress
	meter   meter
	changed chan struct{} // closed and replaced when state changes
	cancel  context.CancelFunc
	ended   chan struct{} // closed when the goroutine has ended
	gone    bool          // deleted, or the runtime is closed
}

func newTask(cfg Config, o opener) (*task, error) {
	reader, err := o.open()
	if err != nil {
		return nil, err
	}
	t := &task{cfg: cfg, opener: o, file: progressFile(cfg.DataDir, o.env.Name), bounded: reader.Bounded(), state: Paused, changed: make(chan struct{})}
	for _, topic := range reader.Topics() {
		t.topics = append(t.topics, topic.Name)
	}
	if t.done, err = readProgress(t.file); err != nil {
		return nil, fmt.Errorf("connector %s: %w", o.env.Name, err)
	}
	return t, nil
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

// run tries until the source has ended, the user's help is needed, or it is stopped.
func (t *task) run(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	log := t.opener.env.Logger
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
			log.Error("the connector failed", "err", err)
			t.finish(Failed, err.Error())
			return
		}
		if t.status().Rows > before {
			backoff = firstBackoff
		}
		log.Warn("the connector will try again", "err", err, "in", backoff)
		t.note(err.Error())
		if connector.Sleep(ctx, backoff) != nil {
			t.finish(Paused, "")
			return
		}
	}
}

// hopeless tells errors that trying again will not cure.
func hopeless(err error) bool {
	if connector.IsUser(err) {
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

// attempt runs the source once, from the progress in memory. It returns nil when the source has ended and all of it is acknowledged.
func (t *task) attempt(ctx context.Context) error {
	t.mu.Lock()
	finished := t.done.Done
	t.mu.Unlock()
	if finished {
		return nil
	}
	reader, err := t.opener.open()
	if err != nil {
		return connector.Userf("%w", err)
	}
	partitions, err := t.prepareTopics(ctx, reader.Topics())
	if err != nil {
		return err
	}
	client, err := t.cfg.Cluster.NewClient(
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ManualFlushing(),
		kgo.MaxBufferedRecords(2*batchRows),
		kgo.ProducerBatchMaxBytes(maxRequestBytes),
		kgo.UnknownTopicRetries(3),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	out := &output{
		client: client, partitions: partitions, position: reader.Position,
		acked: t.acked, stalled: t.stalled, total: t.setTotal, bad: t.bad,
	}
	t.mu.Lock()
	resume := t.done.Position
	t.meter.begin(time.Now())
	t.mu.Unlock()
	runErr := reader.Run(out.start(ctx), out, resume)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	if runErr == nil { // then there is no hurry, unless it is to stop
		cancel()
		grace, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	sendErr := out.close(grace)
	switch {
	case sendErr != nil && (runErr == nil || !connector.IsUser(runErr)):
		return t.explain(sendErr)
	case runErr != nil:
		return runErr
	}
	return t.markDone()
}

// maxRequestBytes is the largest batch that a broker takes by default.
const maxRequestBytes = 1 << 20

// explain turns a broker's refusal into words for the user.
func (t *task) explain(err error) error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return connector.Userf("a row is too large for the topic (its setting max.message.bytes): %w", err)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return connector.Userf("a topic of the connector is gone (%v): %w", t.topics, err)
	}
	return err
}

// prepareTopics creates missing topics and returns how many partitions each has. Progress in a topic that was made anew is void.
func (t *task) prepareTopics(ctx context.Context, topics []connector.Topic) (map[string]int32, error) {
	partitions := make(map[string]int32)
	ids := make(map[string][16]byte)
	for _, topic := range topics {
		if _, err := t.cfg.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: topic.Name, Partitions: topic.Partitions, Replicas: topic.Replicas, IfNotExists: true}); err != nil {
			return nil, err
		}
		found, err := t.cfg.Cluster.Topic(ctx, topic.Name)
		if err != nil {
			return nil, err
		}
		partitions[topic.Name], ids[topic.Name] = int32(len(found.Partitions)), found.ID
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, id := range ids {
		if was, ok := t.done.Topics[name]; ok && was != id {
			t.opener.env.Logger.Warn("the topic was created anew: the connector starts from the beginning", "topic", name)
			t.done = progress{}
			break
		}
	}
	t.done.Class, t.done.Topics = t.opener.class.Name, ids
	return partitions, nil
}

// acked counts a batch and stores the position after it.
func (t *task) acked(b *batch) error {
	t.mu.Lock()
	t.done.Rows += b.rows
	t.done.Bytes += int64(len(b.bytes))
	t.done.Position = b.pos
	t.lastErr = ""
	t.meter.add(time.Now(), b.rows)
	done := t.done
	t.mu.Unlock()
	if err := done.write(t.file); err != nil {
		return fmt.Errorf("cannot store the connector's progress: %w", err)
	}
	return nil
}

func (t *task) markDone() error {
	t.mu.Lock()
	t.done.Done = true
	done := t.done
	t.mu.Unlock()
	if err := done.write(t.file); err != nil {
		return fmt.Errorf("cannot store the connector's progress: %w", err)
	}
	return nil
}

// stalled finds out why a batch takes long. The client goes on trying by itself.
func (t *task) stalled(ctx context.Context) {
	if err := t.cfg.Cluster.Ping(ctx); err != nil && ctx.Err() == nil {
		t.note(err.Error())
	}
}

func (t *task) setTotal(rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done.Total = rows
}

func (t *task) bad(reason error) {
	t.mu.Lock()
	t.done.Bad++
	n := t.done.Bad
	t.mu.Unlock()
	if n <= maxBadLogged {
		t.opener.env.Logger.Warn("a row has no readable key or time; it is loaded without", "reason", reason)
	}
}

func (t *task) status() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Status{
		Name: t.opener.env.Name, Class: t.opener.class.Name, Kind: t.opener.class.Kind, State: t.state, Rows: t.done.Rows, Bytes: t.done.Bytes,
		Total: t.done.Total, Bad: t.done.Bad, LastError: t.lastErr, Topics: t.topics, Bounded: t.bounded,
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
			return fmt.Errorf("connector %s failed: %s", t.opener.env.Name, lastErr)
		case Running, Paused:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
