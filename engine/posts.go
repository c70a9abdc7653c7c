package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/planner"
)

// Post is a record that a client hands in as it is to be.
type Post struct {
	Topic       string
	Partition   int32 // -1 for the one that the key says, or else one after the other
	Key         []byte
	Value       []byte
	Headers     []kgo.RecordHeader
	Time        time.Time // zero for now
	Idempotency string    // what the client calls it, so that a repeat of it is known; empty for nothing
}

// Posted is where a record lies.
type Posted struct {
	Topic     string
	Partition int32
	Offset    int64
	Repeated  bool // it had been there before
}

// PostKind says whose fault it is that a record was not taken.
type PostKind uint8

// The kinds.
const (
	PostNoTopic   PostKind = iota
	PostForbidden          // the topic is not for clients to write
	PostBad                // the partition is not there, or the brokers refuse the record
	PostTooLarge
	PostOther       // the same name had been given to another record
	PostUnavailable // later it may be taken
)

// PostError is why a record was not taken.
type PostError struct {
	Kind PostKind
	Msg  string
	Err  error
}

func (e *PostError) Error() string { return e.Msg }
func (e *PostError) Unwrap() error { return e.Err }

// headerIdempotency is the header that tells a record's name.
const headerIdempotency = "idempotency-key"

const (
	// postDelivery bounds how long a record may be under way; a client has an answer by then.
	postDelivery = 30 * time.Second
	// postAlone is from which size on a record gets a batch of its own: a batch of several may be larger than a topic takes.
	postAlone = 256 << 10
	// postBatch is the largest batch that is sent, if the topic takes it.
	postBatch = 90 << 20
	// postBuffer bounds what waits for brokers that are away.
	postBuffer = 128 << 20
)

// posts is what hands records in.
type posts struct {
	mu     sync.Mutex
	small  *kgo.Client
	large  *kgo.Client
	alone  [16]sync.Mutex // by partition: one large record at a time, so that none shares a batch
	memory *postMemory
}

// CheckPost says whether records of a topic are taken, before they are read.
func (e *Engine) CheckPost(ctx context.Context, topic string) error {
	_, err := e.postTopic(ctx, topic)
	return err
}

func (e *Engine) postTopic(ctx context.Context, name string) (kafka.Topic, error) {
	if strings.HasPrefix(name, "_weir-") || strings.HasPrefix(name, "__") {
		return kafka.Topic{}, &PostError{PostForbidden, fmt.Sprintf("topic %s is kept by programs for themselves: post to a topic of your own", name), nil}
	}
	t, err := e.opt.Cluster.Topic(ctx, name)
	switch {
	case errors.Is(err, kafka.ErrNoTopic), errors.Is(err, kerr.InvalidTopicException):
		return t, &PostError{PostNoTopic, fmt.Sprintf("There is no topic %s. Make it with a stream over it, such as CREATE STREAM name (payload BYTES) WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='KAFKA', PARTITIONS=1);", name, name), err}
	case err != nil:
		return t, &PostError{PostUnavailable, err.Error(), err}
	}
	return t, nil
}

// Post writes a record, and returns when it is as durable as the brokers make it. A client that goes away does not undo it.
func (e *Engine) Post(ctx context.Context, p Post) (Posted, error) {
	topic, err := e.postTopic(ctx, p.Topic)
	if err != nil {
		return Posted{}, err
	}
	n := int32(len(topic.Partitions))
	rec := &kgo.Record{Topic: p.Topic, Partition: p.Partition, Key: p.Key, Value: p.Value, Headers: p.Headers, Timestamp: p.Time}
	switch {
	case p.Partition >= n:
		return Posted{}, &PostError{PostBad, fmt.Sprintf("topic %s has the partitions 0 to %d, and none with the number %d", p.Topic, n-1, p.Partition), nil}
	case p.Partition >= 0:
	case p.Key != nil:
		rec.Partition = kafka.Partition(p.Key, n)
	default:
		rec.Partition = e.turn.Add(1) % n
	}
	if rec.Timestamp.IsZero() {
		rec.Timestamp = time.Now()
	}
	if p.Idempotency != "" {
		rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: headerIdempotency, Value: []byte(p.Idempotency)})
	}
	// Whoever asked, what has begun is brought to an end: a record that is under way may arrive, and its name stays taken until that is known.
	done := make(chan struct{})
	var at Posted
	go func() {
		defer close(done)
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), postDelivery)
		defer cancel()
		at, err = e.writePost(bounded, topic.ID, p.Idempotency, rec)
	}()
	late := time.NewTimer(postDelivery + time.Second)
	defer late.Stop()
	select {
	case <-done:
		return at, err
	case <-late.C:
		return Posted{}, &PostError{PostUnavailable, "the brokers have not answered yet whether they have the record", nil}
	}
}

// writePost writes a record, once if it has a name.
func (e *Engine) writePost(ctx context.Context, topic [16]byte, name string, rec *kgo.Record) (Posted, error) {
	if name == "" {
		return e.handIn(ctx, rec)
	}
	memory, err := e.postMemory()
	if err != nil {
		return Posted{}, &PostError{PostUnavailable, "what is remembered of Idempotency-Keys can't be read: " + err.Error(), err}
	}
	return memory.once(ctx, topic, name, rec)
}

// handIn writes a record and waits for it.
func (e *Engine) handIn(ctx context.Context, rec *kgo.Record) (Posted, error) {
	if e.opt.Embedded {
		db, err := e.state.DB()
		if err == nil {
			err = db.Room()
		}
		if err != nil {
			return Posted{}, &PostError{PostUnavailable, err.Error(), err}
		}
	}
	large := len(rec.Key)+len(rec.Value) >= postAlone
	client, err := e.postClient(large)
	if err != nil {
		return Posted{}, &PostError{PostUnavailable, err.Error(), err}
	}
	err = e.produce(ctx, client, rec, large)
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return Posted{}, &PostError{PostTooLarge, fmt.Sprintf("topic %s does not take a record of %d bytes: %s of the topic is smaller. Send less at once, let the statement that makes the topic have MAX_MESSAGE_BYTES in its WITH, or raise %s of the topic that is there, as by kafka-configs", rec.Topic, len(rec.Key)+len(rec.Value), e.messageLimit(ctx, rec.Topic), planner.MaxMessageBytes), err}
	case errors.Is(err, kerr.InvalidTimestamp), errors.Is(err, kerr.InvalidRecord):
		return Posted{}, &PostError{PostBad, fmt.Sprintf("topic %s refuses the record: %v", rec.Topic, err), err}
	case err != nil:
		err = e.opt.Cluster.Denied(err, kafka.OnTopic("Write", rec.Topic))
		return Posted{}, &PostError{PostUnavailable, fmt.Sprintf("cannot write to %s: %v", rec.Topic, err), err}
	}
	if e.opt.Durable != nil {
		if err := e.opt.Durable(ctx, map[string]map[int32]int64{rec.Topic: {rec.Partition: rec.Offset + 1}}); err != nil {
			return Posted{}, &PostError{PostUnavailable, fmt.Sprintf("what was written to %s is not on disk yet: %v", rec.Topic, err), err}
		}
	}
	return Posted{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset}, nil
}

func (e *Engine) produce(ctx context.Context, client *kgo.Client, rec *kgo.Record, large bool) error {
	if large {
		alone := &e.posts.alone[int(rec.Partition)%len(e.posts.alone)]
		alone.Lock()
		defer alone.Unlock()
	}
	return client.ProduceSync(ctx, rec).FirstErr()
}

// messageLimit names max.message.bytes, with its value where the brokers tell.
func (e *Engine) messageLimit(ctx context.Context, topic string) string {
	if n := e.maxMessageBytes(ctx, topic); n > 0 {
		return fmt.Sprintf("%s (%d)", planner.MaxMessageBytes, n)
	}
	return planner.MaxMessageBytes
}

// maxMessageBytes is that of a topic; 0 where the brokers don't tell.
func (e *Engine) maxMessageBytes(ctx context.Context, topic string) int {
	configs, err := e.opt.Cluster.TopicConfigs(ctx, topic)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(configs[topic][planner.MaxMessageBytes])
	if err != nil {
		return 0
	}
	return n
}

func (e *Engine) postClient(large bool) (*kgo.Client, error) {
	e.posts.mu.Lock()
	defer e.posts.mu.Unlock()
	client, batch := &e.posts.small, int32(2*postAlone)
	if large {
		client, batch = &e.posts.large, postBatch
	}
	if *client == nil {
		c, err := e.opt.Cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(batch), kgo.BrokerMaxWriteBytes(100<<20),
			kgo.MaxBufferedBytes(postBuffer), kgo.UnknownTopicRetries(3), kgo.ProducerBatchCompression(kgo.NoCompression()))
		if err != nil {
			return nil, err
		}
		*client = c
	}
	return *client, nil
}

func (e *Engine) postMemory() (*postMemory, error) {
	e.posts.mu.Lock()
	defer e.posts.mu.Unlock()
	if e.posts.memory == nil {
		m, err := e.openPostMemory()
		if err != nil {
			return nil, err
		}
		e.posts.memory = m
	}
	return e.posts.memory, nil
}

// close ends what writes posts.
func (p *posts) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []*kgo.Client{p.small, p.large} {
		if c != nil {
			kafka.Close(c)
		}
	}
}

// findPost looks for the record with a name from an offset on.
func (e *Engine) findPost(ctx context.Context, topic string, partition int32, from int64, name string) (offset int64, ok bool, err error) {
	starts, err := e.opt.Cluster.StartOffsets(ctx, topic)
	if err != nil {
		return 0, false, err
	}
	ends, err := e.opt.Cluster.EndOffsets(ctx, topic)
	if err != nil {
		return 0, false, err
	}
	from = max(from, starts[topic][partition])
	err = e.opt.Cluster.Read(ctx, topic, partition, from, ends[topic][partition], func(r *kgo.Record) error {
		for _, h := range r.Headers {
			if !ok && h.Key == headerIdempotency && string(h.Value) == name {
				offset, ok = r.Offset, true
			}
		}
		return nil
	})
	return offset, ok, err
}
