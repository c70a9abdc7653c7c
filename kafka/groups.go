package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// GroupCount is who reads a topic at the moment.
type GroupCount struct {
	Consumers int // members that have partitions of the topic
	Groups    int // groups with such members
}

// GroupCounts are the readers of each topic that has any.
func (c *Cluster) GroupCounts(ctx context.Context) (map[string]GroupCount, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	const what = "list consumer groups"
	listed, err := c.admin.ListGroups(ctx)
	if err != nil {
		return nil, c.fail(what, err)
	}
	counts := make(map[string]GroupCount)
	names := listed.Groups()
	if len(names) == 0 {
		return counts, nil
	}
	groups, err := c.admin.DescribeGroups(ctx, names...)
	if err != nil {
		return nil, c.fail(what, err)
	}
	var newer []string // groups of the newer protocol (KIP-848) don't exist for the older request
	for _, g := range groups {
		if errors.Is(g.Err, kerr.GroupIDNotFound) || g.State == "Dead" {
			newer = append(newer, g.Group)
		}
		var members []kadm.TopicsSet
		for i := range g.Members {
			members = append(members, assigned(&g.Members[i]))
		}
		count(counts, members)
	}
	if len(newer) == 0 {
		return counts, nil
	}
	consumers, err := c.admin.DescribeConsumerGroups(ctx, newer...)
	if errors.Is(err, kerr.UnsupportedVersion) {
		return counts, nil
	}
	if err != nil {
		return nil, c.fail(what, err)
	}
	for _, g := range consumers {
		var members []kadm.TopicsSet
		for _, m := range g.Members {
			members = append(members, m.Assignment)
		}
		count(counts, members)
	}
	return counts, nil
}

func assigned(m *kadm.DescribedGroupMember) kadm.TopicsSet {
	set := make(kadm.TopicsSet)
	if a, ok := m.Assigned.AsConsumer(); ok {
		for _, t := range a.Topics {
			set.Add(t.Topic, t.Partitions...)
		}
	}
	return set
}

// count adds one group, given the partitions of each of its members.
func count(counts map[string]GroupCount, members []kadm.TopicsSet) {
	seen := make(map[string]bool)
	for _, m := range members {
		for topic, partitions := range m {
			if len(partitions) == 0 {
				continue
			}
			n := counts[topic]
			n.Consumers++
			if !seen[topic] {
				seen[topic] = true
				n.Groups++
			}
			counts[topic] = n
		}
	}
}

// LeaveGroup takes static members out of a group at once, by their instance ids. One that is not there is no error.
func (c *Cluster) LeaveGroup(ctx context.Context, group string, instances ...string) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	resp, err := c.admin.LeaveGroup(ctx, kadm.LeaveGroup(group).InstanceIDs(instances...))
	for _, r := range resp {
		if r.Err != nil && !errors.Is(r.Err, kerr.UnknownMemberID) {
			err = errors.Join(err, r.Err)
		}
	}
	if errors.Is(err, kerr.GroupIDNotFound) || errors.Is(err, kerr.UnknownMemberID) {
		return nil
	}
	return c.fail("leave group "+group, err, OnGroup("Read", group))
}

// DeleteGroup deletes a consumer group and its offsets. The error is ErrNoGroup if there is none; a group with members stays.
func (c *Cluster) DeleteGroup(ctx context.Context, group string) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	resp, err := c.admin.DeleteGroup(ctx, group)
	if err == nil {
		err = resp.Err
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return &failure{ErrNoGroup, err, fmt.Sprintf("consumer group %q does not exist", group)}
	}
	if errors.Is(err, kerr.NonEmptyGroup) {
		return fmt.Errorf("consumer group %q still has members: stop its consumers first: %w", group, err)
	}
	return c.fail("delete group "+group, err, OnGroup("Delete", group))
}
