package connectors

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/kafka"
)

// loading is the work of a source: into Kafka.
type loading struct {
	*task
	opener opener
}

// attempt runs the source once. It returns nil when the source has ended and all of it is acknowledged.
func (t *loading) attempt(ctx context.Context) error {
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
		kgo.ProducerBatchMaxBytesFn(t.batchBytes(ctx, reader.Topics())),
		kgo.UnknownTopicRetries(3),
	)
	if err != nil {
		return err
	}
	defer kafka.Close(client)
	out := &output{
		client: client, partitions: partitions, position: reader.Position,
		acked: t.acked, durable: t.cfg.Durable, stalled: t.stalled, total: t.setTotal, bad: t.bad,
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

// usualBatchBytes is the largest batch that a broker takes by default, mostBatchBytes the largest that is sent.
const usualBatchBytes, mostBatchBytes = 1 << 20, 90 << 20

// batchBytes is how large a batch for a topic may be: as large as the topic says, where a record needs it.
func (t *loading) batchBytes(ctx context.Context, topics []connector.Topic) func(string) int32 {
	of := map[string]int32{}
	for _, topic := range topics {
		configs, err := t.cfg.Cluster.TopicConfigs(ctx, topic.Name)
		if n, bad := strconv.Atoi(configs[topic.Name]["max.message.bytes"]); err == nil && bad == nil && n > 0 {
			of[topic.Name] = int32(min(n, mostBatchBytes))
		}
	}
	return func(topic string) int32 {
		if n, ok := of[topic]; ok {
			return n
		}
		return usualBatchBytes
	}
}

// explain turns a broker's refusal into words for the user.
func (t *loading) explain(err error) error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return connector.Userf("a row is too large for the topic (its max.message.bytes; a statement that makes the topic takes MAX_MESSAGE_BYTES in its WITH): %w", err)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return connector.Userf("a topic of the connector is gone (%v): %w", t.topics, err)
	}
	return err
}

// prepareTopics creates missing topics and returns how many partitions each has. Progress in a topic that was made anew is void.
func (t *loading) prepareTopics(ctx context.Context, topics []connector.Topic) (map[string]int32, error) {
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
			t.env.Logger.Warn("the topic was created anew: the connector starts from the beginning", "topic", name)
			t.done = progress{}
			break
		}
	}
	t.done.Class, t.done.Topics = t.class.Name, ids
	return partitions, nil
}

// acked counts a batch and stores the position after it.
func (t *loading) acked(b *batch) error {
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

func (t *loading) markDone() error {
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
func (t *loading) stalled(ctx context.Context) {
	if err := t.cfg.Cluster.Ping(ctx); err != nil && ctx.Err() == nil {
		t.note(err.Error())
	}
}

func (t *loading) setTotal(rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done.Total = rows
}

func (t *loading) bad(reason error) {
	t.mu.Lock()
	t.done.Bad++
	n := t.done.Bad
	t.mu.Unlock()
	if n <= maxBadLogged {
		t.env.Logger.Warn("a row has no readable key or time; it is loaded without", "reason", reason)
	}
}
