package changes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/fault"
	"weir/kafka"
	"weir/types"
)

const (
	// ringBytes and ringRows bound what a Tail keeps of the last changes. Who needs older ones reads them from the topic.
	ringBytes = 4 << 20
	ringRows  = 10_000
	// look is how often it is looked whether the topic has other partitions.
	look = 5 * time.Second
	// pollTime bounds how long a poll waits.
	pollTime = time.Second
	// forgetTime is for how long Kafka keeps what was deleted in a table, unless a topic says otherwise.
	forgetTime = 24 * time.Hour
)

// Tail reads the end of a topic once, for all that follow it.
type Tail struct {
	src     Source
	id      [16]byte
	forgets time.Duration // after which what was deleted in a table may be forgotten
	client  *kgo.Client
	rows    *reader
	end     context.CancelFunc
	ended   chan struct{}

	mu      sync.Mutex
	at      []int64  // all before is on disk, and in the ring or older
	held    []int64  // the ring has all from here on
	ring    []Change // the last changes, in the order in which they came
	first   int64    // the number of the ring's first change
	bytes   int      // of the ring
	changed chan struct{}
	err     error // why it has ended
}

// Open begins at the end of the topic. Whoever gets a Tail closes it.
func Open(ctx context.Context, src Source) (*Tail, error) {
	topic, err := src.Cluster.Topic(ctx, src.Topic)
	if err != nil {
		return nil, err
	}
	t := &Tail{src: src, id: topic.ID, forgets: forgetTime, changed: make(chan struct{}), ended: make(chan struct{})}
	if configs, err := src.Cluster.TopicConfigs(ctx, src.Topic); err == nil {
		if ms, err := strconv.ParseInt(configs[src.Topic]["delete.retention.ms"], 10, 64); err == nil {
			t.forgets = time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
		}
	}
	if t.rows, err = src.reader(); err != nil {
		return nil, err
	}
	stable, err := src.Cluster.StableOffsets(ctx, src.Topic)
	if err != nil {
		return nil, err
	}
	from := map[int32]kgo.Offset{}
	if t.at, err = vector(stable[src.Topic], len(topic.Partitions)); err != nil {
		return nil, err
	}
	for p, at := range t.at {
		from[int32(p)] = kgo.NewOffset().At(at)
	}
	if err := t.durable(ctx, stable); err != nil {
		return nil, err
	}
	t.held = append(t.held, t.at...)
	t.client, err = src.Cluster.NewClient(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{src.Topic: from}), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxBytes(16<<20))
	if err != nil {
		return nil, err
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	t.end = end
	go t.run(running)
	return t, nil
}

// vector puts offsets in the order of the partitions.
func vector(offsets map[int32]int64, partitions int) ([]int64, error) {
	out := make([]int64, partitions)
	for p := range out {
		at, ok := offsets[int32(p)]
		if !ok {
			return nil, fmt.Errorf("the brokers say nothing of partition %d: %w", p, ErrMoved)
		}
		out[p] = at
	}
	return out, nil
}

// Close ends it, and all that follow.
func (t *Tail) Close() {
	t.end()
	<-t.ended
}

// Ended says whether it has ended by itself: whoever follows next needs another one.
func (t *Tail) Ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err != nil
}

func (t *Tail) durable(ctx context.Context, offsets map[string]map[int32]int64) error {
	if t.src.Durable == nil {
		return nil
	}
	return t.src.Durable(ctx, offsets)
}

func (t *Tail) run(ctx context.Context) {
	defer close(t.ended)
	defer kafka.Close(t.client)
	looked := time.Now()
	for {
		err := t.poll(ctx)
		if err == nil && time.Since(looked) > look {
			looked = time.Now()
			err = t.moved(ctx)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			t.mu.Lock()
			t.err = err
			close(t.changed)
			t.mu.Unlock()
			return
		}
	}
}

// moved looks whether the topic is still what it was.
func (t *Tail) moved(ctx context.Context) error {
	if !t.src.Still() {
		return ErrMoved
	}
	topic, err := t.src.Cluster.Topic(ctx, t.src.Topic)
	switch {
	case errors.Is(err, kafka.ErrNoTopic):
		return ErrMoved
	case err != nil:
		return nil // the brokers are away
	case topic.ID != t.id || len(topic.Partitions) != len(t.at):
		return ErrMoved
	}
	return nil
}

// poll takes what has come.
func (t *Tail) poll(ctx context.Context) (err error) {
	defer fault.Caught(&err, "what reads the changes")
	waiting, cancel := context.WithTimeout(ctx, pollTime)
	fetches := t.client.PollFetches(waiting)
	cancel()
	var failed error
	fetches.EachError(func(_ string, p int32, err error) {
		var large *kgo.ErrDecompressTooLarge
		switch {
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		case errors.As(err, &large):
			failed = kafka.Oversized(large)
		case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
			failed = ErrMoved
		default:
			failed = fmt.Errorf("reading %s, partition %d: %w", t.src.Topic, p, t.src.Cluster.Denied(err, kafka.OnTopic("Read", t.src.Topic)))
		}
	})
	if failed != nil || fetches.Empty() {
		return failed
	}
	ends := kafka.Offsets{}
	var found []Change
	fetches.EachRecord(func(r *kgo.Record) {
		ends.Set(r.Topic, r.Partition, r.Offset+1)
		if r.Attrs.IsControl() {
			return
		}
		c, ok, err := t.rows.read(r)
		if err != nil {
			t.src.Bad(task.BadRecord{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp.UnixMilli(), Kind: task.DeserializationError,
				Message: err.Error(), Key: r.Key, Value: r.Value, LeftOut: true})
		} else if ok {
			found = append(found, c)
		}
	})
	t.rows.Reset()
	if err := t.durable(ctx, ends); err != nil {
		return err
	}
	t.publish(ends[t.src.Topic], found)
	return nil
}

// publish lets those that follow have what has come.
func (t *Tail) publish(ends map[int32]int64, found []Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, end := range ends {
		t.at[p] = end
	}
	for i := range found {
		t.bytes += found[i].size()
	}
	t.ring = append(t.ring, found...)
	gone := 0
	for ; len(t.ring)-gone > ringRows || t.bytes > ringBytes && gone < len(t.ring); gone++ {
		c := &t.ring[gone]
		t.bytes -= c.size()
		t.held[c.Partition] = c.Offset + 1
	}
	clear(t.ring[:gone])
	t.ring, t.first = t.ring[gone:], t.first+int64(gone)
	close(t.changed)
	t.changed = make(chan struct{})
}

const changeBytes = 112 // of a Change without what it points to

func (c *Change) size() int {
	if len(c.Values) == 0 {
		return changeBytes
	}
	return changeBytes + types.SizeOf(c.Values, math.MaxInt)
}
