package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Offsets are record offsets by topic and partition.
type Offsets map[string]map[int32]int64

// Set adds one partition's offset.
func (o Offsets) Set(topic string, partition int32, at int64) {
	if o[topic] == nil {
		o[topic] = make(map[int32]int64)
	}
	o[topic][partition] = at
}

// StartOffsets are the first offsets that can be read of each partition of the topics.
func (c *Cluster) StartOffsets(ctx context.Context, topics ...string) (Offsets, error) {
	return c.listOffsets(ctx, "read the first offsets", c.admin.ListStartOffsets, topics)
}

// EndOffsets are the offsets after the last record of each partition of the topics, records of open transactions included.
func (c *Cluster) EndOffsets(ctx context.Context, topics ...string) (Offsets, error) {
	return c.listOffsets(ctx, "read the end offsets", c.admin.ListEndOffsets, topics)
}

// StableOffsets are the offsets up to which a read_committed consumer gets: the first record of an open transaction, or the end.
func (c *Cluster) StableOffsets(ctx context.Context, topics ...string) (Offsets, error) {
	return c.listOffsets(ctx, "read the stable offsets", c.admin.ListCommittedOffsets, topics)
}

func (c *Cluster) listOffsets(ctx context.Context, what string, list func(context.Context, ...string) (kadm.ListedOffsets, error), topics []string) (Offsets, error) {
	out := make(Offsets, len(topics))
	if len(topics) == 0 { // the client would take all topics
		return out, nil
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	listed, err := list(ctx, topics...)
	if err != nil {
		return nil, c.fail(what, err)
	}
	for _, topic := range topics {
		partitions := listed[topic]
		if len(partitions) == 0 {
			return nil, noTopic(topic, kerr.UnknownTopicOrPartition)
		}
		for _, p := range partitions {
			if missing(p.Err) {
				return nil, noTopic(topic, p.Err)
			}
			if p.Err != nil {
				return nil, c.fail(fmt.Sprintf("%s of topic %s, partition %d", what, topic, p.Partition), p.Err, OnTopic("Describe", topic))
			}
			out.Set(topic, p.Partition, p.Offset)
		}
	}
	return out, nil
}

// CommittedOffsets are a group's offsets: the next record to read, per partition. A group that doesn't exist has none.
func (c *Cluster) CommittedOffsets(ctx context.Context, group string) (Offsets, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	fetched, err := c.admin.FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return Offsets{}, nil
	}
	if err != nil {
		return nil, c.fail("read the offsets of group "+group, err, OnGroup("Describe", group))
	}
	out := make(Offsets)
	for topic, partitions := range fetched {
		for p, o := range partitions {
			if o.Err != nil {
				return nil, c.fail(fmt.Sprintf("read the offset of group %s in topic %s, partition %d", group, topic, p), o.Err, OnGroup("Describe", group), OnTopic("Describe", topic))
			}
			if o.At >= 0 {
				out.Set(topic, p, o.At)
			}
		}
	}
	return out, nil
}

// Committed is an offset that a group has committed, with what it wrote beside it.
type Committed struct {
	At       int64
	Metadata string
}

// SettledOffsets are a group's offsets in the partitions given, once no transaction holds any back. A partition is asked
// for by its number: of one whose first offset is still in a transaction, a group's list of all offsets says nothing.
func (c *Cluster) SettledOffsets(ctx context.Context, group string, parts map[string][]int32) (map[string]map[int32]Committed, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	for {
		out, settled, err := c.settledOffsets(ctx, group, parts)
		if err != nil {
			return nil, c.fail("read the offsets of group "+group, err, OnGroup("Describe", group))
		}
		if settled {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return nil, c.fail("wait for the end of a transaction in group "+group, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *Cluster) settledOffsets(ctx context.Context, group string, parts map[string][]int32) (out map[string]map[int32]Committed, settled bool, err error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.RequireStable = group, true
	for topic, list := range parts {
		t := kmsg.NewOffsetFetchRequestTopic()
		t.Topic, t.Partitions = topic, list
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, c.client)
	if err != nil {
		return nil, false, err
	}
	out, settled = map[string]map[int32]Committed{}, true
	take := func(topic string, p int32, at int64, metadata *string, code int16) {
		switch e := kerr.ErrorForCode(code); {
		case errors.Is(e, kerr.UnstableOffsetCommit):
			settled = false
		case e != nil:
			err = e
		case at >= 0:
			if out[topic] == nil {
				out[topic] = map[int32]Committed{}
			}
			o := Committed{At: at}
			if metadata != nil {
				o.Metadata = *metadata
			}
			out[topic][p] = o
		}
	}
	if e := kerr.ErrorForCode(resp.ErrorCode); e != nil {
		return nil, false, e
	}
	if len(resp.Groups) == 0 {
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				take(t.Topic, p.Partition, p.Offset, p.Metadata, p.ErrorCode)
			}
		}
		return out, settled, err
	}
	for _, g := range resp.Groups {
		if e := kerr.ErrorForCode(g.ErrorCode); e != nil && !errors.Is(e, kerr.GroupIDNotFound) {
			return nil, false, e
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				take(t.Topic, p.Partition, p.Offset, p.Metadata, p.ErrorCode)
			}
		}
	}
	return out, settled, err
}

// CommitOffsets sets a group's offsets. The group must have no members of its own.
func (c *Cluster) CommitOffsets(ctx context.Context, group string, offsets Offsets) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	return c.fail("commit offsets of group "+group, c.admin.CommitAllOffsets(ctx, group, offsets.toKadm()), OnGroup("Read", group))
}

// DeleteRecords deletes a topic's records below the offset given for each partition; what is deleted already is no error. Brokers free
// whole segments, so the disk space follows later. The embedded broker always keeps a partition's last record.
func (c *Cluster) DeleteRecords(ctx context.Context, topic string, below map[int32]int64) error {
	if len(below) == 0 {
		return nil
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	deleted, err := c.admin.DeleteRecords(ctx, Offsets{topic: below}.toKadm())
	if missing(err) {
		return noTopic(topic, err)
	}
	if err != nil {
		return c.fail("delete records of topic "+topic, err, OnTopic("Delete", topic))
	}
	for _, p := range deleted[topic] {
		if missing(p.Err) {
			return noTopic(topic, p.Err)
		}
		if p.Err != nil {
			return c.fail(fmt.Sprintf("delete records of topic %s, partition %d, below %d", topic, p.Partition, below[p.Partition]), p.Err, OnTopic("Delete", topic))
		}
	}
	return nil
}

func (o Offsets) toKadm() kadm.Offsets {
	out := make(kadm.Offsets)
	for topic, partitions := range o {
		for p, at := range partitions {
			out.AddOffset(topic, p, at, -1)
		}
	}
	return out
}
