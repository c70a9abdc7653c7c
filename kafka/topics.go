package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Topic is a topic as the cluster describes it.
type Topic struct {
	Name       string
	ID         [16]byte
	Internal   bool // one of Kafka's own, such as __consumer_offsets
	Partitions []PartitionInfo
}

// PartitionInfo is one partition of a topic; Leader is -1 while there is none.
type PartitionInfo struct {
	ID       int32
	Leader   int32
	Replicas []int32
	ISR      []int32
}

// ReplicationFactor is the number of replicas of the first partition.
func (t Topic) ReplicationFactor() int {
	if len(t.Partitions) == 0 {
		return 0
	}
	return len(t.Partitions[0].Replicas)
}

// TopicSpec describes a topic to be created.
type TopicSpec struct {
	Name string
	// Partitions and Replicas are the cluster's defaults where 0.
	Partitions int32
	Replicas   int16
	Configs    map[string]string
	// IfNotExists makes a topic of that name that is there already no error.
	IfNotExists bool
}

// Topics are all topics, by name.
func (c *Cluster) Topics(ctx context.Context) ([]Topic, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	topics, err := c.metadata(ctx, nil)
	return topics, c.fail("list topics", err)
}

// Topic describes one topic. The error is ErrNoTopic if it doesn't exist.
func (c *Cluster) Topic(ctx context.Context, name string) (Topic, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	topics, err := c.metadata(ctx, []string{name})
	if missing(err) {
		return Topic{}, noTopic(name, err)
	}
	if err != nil {
		return Topic{}, c.fail("describe topic "+name, err, OnTopic("Describe", name))
	}
	return topics[0], nil
}

// metadata asks the brokers, past the client's cache. With names, a topic's error is returned.
func (c *Cluster) metadata(ctx context.Context, names []string) ([]Topic, error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, n := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &n
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, c.client)
	if err != nil {
		return nil, err
	}
	out := make([]Topic, 0, len(resp.Topics))
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil || t.Topic == nil {
			if names != nil {
				return nil, err
			}
			continue // deleted while we ask
		}
		topic := Topic{Name: *t.Topic, ID: t.TopicID, Internal: t.IsInternal}
		for _, p := range t.Partitions {
			topic.Partitions = append(topic.Partitions, PartitionInfo{ID: p.Partition, Leader: p.Leader, Replicas: p.Replicas, ISR: p.ISR})
		}
		slices.SortFunc(topic.Partitions, func(a, b PartitionInfo) int { return cmp.Compare(a.ID, b.ID) })
		out = append(out, topic)
	}
	if names != nil && len(out) != len(names) {
		return nil, kerr.UnknownTopicOrPartition
	}
	slices.SortFunc(out, func(a, b Topic) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// TopicConfigs are the settings in force for each topic named, those of the cluster included.
func (c *Cluster) TopicConfigs(ctx context.Context, topics ...string) (map[string]map[string]string, error) {
	if len(topics) == 0 {
		return map[string]map[string]string{}, nil
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	resp, err := c.admin.DescribeTopicConfigs(ctx, topics...)
	if err != nil {
		needs := make([]Need, len(topics))
		for i, name := range topics {
			needs[i] = OnTopic("DescribeConfigs", name)
		}
		return nil, c.fail("read topic settings", err, needs...)
	}
	out := make(map[string]map[string]string, len(resp))
	for _, r := range resp {
		if missing(r.Err) {
			return nil, noTopic(r.Name, r.Err)
		}
		if r.Err != nil {
			return nil, c.fail("read the settings of topic "+r.Name, withMessage(r.Err, r.ErrMessage), OnTopic("DescribeConfigs", r.Name))
		}
		out[r.Name] = make(map[string]string, len(r.Configs))
		for _, cfg := range r.Configs {
			out[r.Name][cfg.Key] = cfg.MaybeValue()
		}
	}
	return out, nil
}

// CreateTopic creates a topic and returns when every partition of it has a leader. With IfNotExists, created tells whether it was new;
// a topic that was there is left as it is. Otherwise the error is ErrTopicExists.
func (c *Cluster) CreateTopic(ctx context.Context, spec TopicSpec) (created bool, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	what := "create topic " + spec.Name
	partitions, replicas := spec.Partitions, spec.Replicas
	if partitions == 0 {
		partitions = -1
	}
	if replicas == 0 {
		replicas = -1
	}
	configs := make(map[string]*string, len(spec.Configs))
	for k, v := range spec.Configs {
		configs[k] = kadm.StringPtr(v)
	}
	resp, err := c.admin.CreateTopic(ctx, partitions, replicas, configs, spec.Name)
	if err == nil {
		err = resp.Err
	}
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists) && spec.IfNotExists:
		_, err := c.awaitTopic(ctx, spec.Name, -1)
		return false, c.fail(what, err, OnTopic("Describe", spec.Name))
	case errors.Is(err, kerr.TopicAlreadyExists):
		return false, &failure{ErrTopicExists, err, fmt.Sprintf("topic %q exists already", spec.Name)}
	case err != nil:
		return false, c.fail(what, withMessage(err, resp.ErrMessage), OnTopic("Create", spec.Name))
	}
	_, err = c.awaitTopic(ctx, spec.Name, spec.Partitions)
	return true, c.fail(what, err, OnTopic("Describe", spec.Name))
}

// GrowTopic sees that a topic has at least so many partitions.
func (c *Cluster) GrowTopic(ctx context.Context, name string, partitions int32) error {
	t, err := c.Topic(ctx, name)
	if err != nil || int32(len(t.Partitions)) >= partitions {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	what := fmt.Sprintf("give topic %s %d partitions", name, partitions)
	resp, err := c.admin.UpdatePartitions(ctx, int(partitions), name)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		return c.fail(what, err, OnTopic("Alter", name))
	}
	_, err = c.awaitTopic(ctx, name, partitions)
	return c.fail(what, err)
}

// awaitTopic polls until the brokers show the topic with its partitions; any number of them where want isn't positive.
func (c *Cluster) awaitTopic(ctx context.Context, name string, want int32) (Topic, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		topics, err := c.metadata(ctx, []string{name})
		if err == nil && ready(topics[0], want) {
			return topics[0], nil
		}
		if err != nil && !missing(err) && !errors.Is(err, kerr.LeaderNotAvailable) {
			return Topic{}, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return Topic{}, fmt.Errorf("it has no leader for all its partitions yet: %w", ctx.Err())
		}
	}
}

func ready(t Topic, want int32) bool {
	if len(t.Partitions) == 0 || want > 0 && len(t.Partitions) != int(want) {
		return false
	}
	return !slices.ContainsFunc(t.Partitions, func(p PartitionInfo) bool { return p.Leader < 0 })
}

// DeleteTopic deletes a topic and its records, and returns when the brokers no longer show it. The error is ErrNoTopic if there is none.
func (c *Cluster) DeleteTopic(ctx context.Context, name string) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	what := "delete topic " + name
	resp, err := c.admin.DeleteTopic(ctx, name)
	if err == nil {
		err = resp.Err
	}
	if missing(err) {
		return noTopic(name, err)
	}
	if err != nil {
		return c.fail(what, withMessage(err, resp.ErrMessage), OnTopic("Delete", name))
	}
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if _, err := c.metadata(ctx, []string{name}); missing(err) {
			return nil
		} else if err != nil {
			return c.fail(what, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return c.fail(what, ctx.Err())
		}
	}
}
