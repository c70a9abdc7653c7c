package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Isolation says which records a read sees.
type isolation int8

const (
	readAll       isolation = 0
	readCommitted isolation = 1
)

// fetchBytes is how many bytes are asked for at a time.
const fetchBytes = 8 << 20

// Read gives the committed records of a partition from from (included) to to (excluded), in order, and returns when the read
// has passed to, whatever lies there: markers, aborted transactions and what compaction has left are passed over. What
// was deleted before from is no error. Records belong to whoever gets them. It waits while to lies behind the last stable offset.
func (c *Cluster) Read(ctx context.Context, topic string, partition int32, from, to int64, each func(*kgo.Record) error) error {
	what := fmt.Sprintf("read topic %s, partition %d", topic, partition)
	unpack := kgo.DefaultDecompressor()
	for from < to {
		p, err := c.fetch(ctx, topic, partition, from, readCommitted)
		if errors.Is(err, kerr.OffsetOutOfRange) && p.LogStartOffset > from {
			from = p.LogStartOffset
			continue
		}
		if err != nil {
			return c.fail(what, err, OnTopic("Read", topic))
		}
		got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{Offset: from, IsolationLevel: kgo.ReadCommitted(), Topic: topic, Partition: partition}, p, unpack, nil)
		if got.Err != nil {
			return c.fail(what, got.Err)
		}
		for _, r := range got.Records {
			if r.Offset >= to {
				return nil
			}
			if err := each(r); err != nil {
				return err
			}
		}
		if next > from {
			from = next
			continue
		}
		if p.HighWatermark < to {
			return nil // it was cut since: there is no such offset
		}
		select {
		case <-ctx.Done():
			return c.fail(what, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// A broker may answer before it has got round to a partition: so often it is asked again, with so much time between, before what it does not
// give is taken for what is not there.
const (
	emptyAnswers = 40
	emptyPause   = 25 * time.Millisecond
)

func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(emptyPause):
		return nil
	}
}

// fetch asks the leader of a partition for its records from an offset on. The answer's offsets are valid with an error too.
func (c *Cluster) fetch(ctx context.Context, topic string, partition int32, from int64, level isolation) (*kmsg.FetchResponseTopicPartition, error) {
	for range emptyAnswers {
		p, err := c.ask(ctx, topic, partition, from, level)
		if p != nil {
			return p, err
		}
		if err != nil {
			return &kmsg.FetchResponseTopicPartition{}, err
		}
		if err := rest(ctx); err != nil {
			return &kmsg.FetchResponseTopicPartition{}, err
		}
	}
	return &kmsg.FetchResponseTopicPartition{}, errors.New("the broker's answers say nothing of the partition")
}

// ask is fetch once; nil where the answer has nothing of the partition.
func (c *Cluster) ask(ctx context.Context, topic string, partition int32, from int64, level isolation) (*kmsg.FetchResponseTopicPartition, error) {
	t, err := c.Topic(ctx, topic)
	if err != nil {
		return nil, err
	}
	if int(partition) >= len(t.Partitions) {
		return nil, kerr.UnknownTopicOrPartition
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes, req.SessionEpoch, req.IsolationLevel = 100, 1, fetchBytes, -1, int8(level)
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.TopicID = topic, t.ID
	rp := kmsg.NewFetchRequestTopicPartition()
	rp.Partition, rp.FetchOffset, rp.PartitionMaxBytes = partition, from, fetchBytes
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	raw, err := c.client.Broker(int(t.Partitions[partition].Leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	resp := raw.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		for i := range t.Partitions {
			return &t.Partitions[i], kerr.ErrorForCode(t.Partitions[i].ErrorCode)
		}
	}
	return nil, nil
}
