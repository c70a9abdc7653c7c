package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Member is a member of a consumer group.
type Member struct {
	ID       string // given by the broker, another one each time that a member joins
	Instance string // a static member's own name; empty for others
	Host     string // as the broker sees it
}

// Members are the members of a consumer group, those that are joining included. A group that doesn't exist has none.
func (c *Cluster) Members(ctx context.Context, group string) ([]Member, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	what := "describe group " + group
	for {
		described, err := c.admin.DescribeGroups(ctx, group)
		if err == nil {
			err = described[group].Err
		}
		switch {
		case errors.Is(err, kerr.GroupIDNotFound):
			return nil, nil
		case err == nil:
			var out []Member
			for _, m := range described[group].Members {
				member := Member{ID: m.MemberID, Host: m.ClientHost}
				if m.InstanceID != nil {
					member.Instance = *m.InstanceID
				}
				out = append(out, member)
			}
			return out, nil
		case !kerr.IsRetriable(err): // while a coordinator moves, it is asked again
			return nil, c.fail(what, err, OnGroup("Describe", group))
		}
		select {
		case <-ctx.Done():
			return nil, c.fail(what, errors.Join(err, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Groups are the names of all consumer groups, those without members included.
func (c *Cluster) Groups(ctx context.Context) ([]string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	listed, err := c.admin.ListGroups(ctx)
	return listed.Groups(), c.fail("list consumer groups", err)
}

// SettledEnd is the end of a partition once no transaction is open in it.
func (c *Cluster) SettledEnd(ctx context.Context, topic string, p int32) (int64, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	for {
		stable, err := c.StableOffsets(ctx, topic)
		if err != nil {
			return 0, err
		}
		ends, err := c.EndOffsets(ctx, topic)
		if err != nil {
			return 0, err
		}
		if stable[topic][p] == ends[topic][p] {
			return ends[topic][p], nil
		}
		select {
		case <-ctx.Done():
			return 0, c.fail("wait for the end of a transaction in topic "+topic, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
