package clicks

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// Partitions is how many each topic has.
const Partitions = 4

// PagesTopic is the topic of the table of pages.
const PagesTopic = "pages"

// A Loader fills topics of a broker, and leaves alone what is there already.
type Loader struct {
	client *kgo.Client
	admin  *kadm.Client
	failed atomic.Pointer[error]
}

// NewLoader connects to brokers. Close lets go of it.
func NewLoader(brokers string) (*Loader, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.RecordPartitioner(kgo.ManualPartitioner()), kafka.LZ4(),
		kgo.ProducerBatchMaxBytes(1_000_000), kgo.MaxBufferedRecords(200_000), kgo.ProducerLinger(20*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &Loader{client: cl, admin: kadm.NewClient(cl)}, nil
}

func (l *Loader) Close() { l.client.Close() }

// Clicks sees to it that the topic holds n clicks of the set, and behind them one in each partition that closes all windows.
func (l *Loader) Clicks(ctx context.Context, s Set, n int) error {
	topic := s.Topic(n)
	return l.fill(ctx, topic, n+Partitions, func() error {
		err := s.Each(n, func(c *Click) error {
			l.click(ctx, topic, s, c, -1)
			return l.err()
		})
		if err != nil {
			return err
		}
		if err := l.client.Flush(ctx); err != nil {
			return err
		}
		return l.CloseWindows(ctx, s, n)
	})
}

// CloseWindows writes one more closer to each partition of the topic.
func (l *Loader) CloseWindows(ctx context.Context, s Set, n int) error {
	for p := range int32(Partitions) {
		c := s.Closer(Mark + strconv.Itoa(int(p)))
		l.click(ctx, s.Topic(n), s, &c, p)
	}
	if err := l.client.Flush(ctx); err != nil {
		return err
	}
	return l.err()
}

// Pages sees to it that the table of pages is there.
func (l *Loader) Pages(ctx context.Context) error {
	return l.fill(ctx, PagesTopic, Pages, func() error {
		for i := range Pages {
			value := fmt.Appendf(nil, `{"title":"%s","category":"c%d","words":%d}`, Title(i), i%20, i%3000)
			l.produce(ctx, PagesTopic, PageName(i), value, Base.Add(-time.Hour), -1)
		}
		return nil
	})
}

// fill makes the topic anew and writes it, unless it holds that many records. Records of an interrupted load are too few.
func (l *Loader) fill(ctx context.Context, topic string, records int, write func() error) error {
	ends, err := l.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	there := int64(0)
	ends.Each(func(o kadm.ListedOffset) { there += max(0, o.Offset) })
	if there >= int64(records) {
		return nil
	}
	if there > 0 {
		if _, err := l.admin.DeleteTopic(ctx, topic); err != nil {
			return err
		}
		l.client.PurgeTopicsFromClient(topic) // it may know the one that is gone by its id
		time.Sleep(time.Second)               // brokers delete behind their answer
	}
	if _, err := l.admin.CreateTopic(ctx, Partitions, 1, nil, topic); err != nil {
		return fmt.Errorf("%s: %w", topic, err)
	}
	began := time.Now()
	if err := write(); err != nil {
		return err
	}
	if err := l.client.Flush(ctx); err != nil {
		return err
	}
	fmt.Printf("%s: %d records written in %s\n", topic, records, time.Since(began).Round(time.Millisecond))
	return l.err()
}

// click writes to the partition, or that of the key if it is below zero.
func (l *Loader) click(ctx context.Context, topic string, s Set, c *Click, partition int32) {
	key := c.User
	if s.ByPage {
		key = c.Page
	}
	l.produce(ctx, topic, key, c.AppendJSON(make([]byte, 0, 256)), time.UnixMilli(c.TS), partition)
}

func (l *Loader) produce(ctx context.Context, topic, key string, value []byte, at time.Time, partition int32) {
	r := &kgo.Record{Topic: topic, Key: []byte(key), Value: value, Timestamp: at, Partition: partition}
	if partition < 0 {
		r.Partition = kafka.Partition(r.Key, Partitions)
	}
	l.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err != nil {
			l.failed.CompareAndSwap(nil, &err)
		}
	})
}

func (l *Loader) err() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}
