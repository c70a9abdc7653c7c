package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// lease is a node's claim on its service id: its place in the group that reads the command log, under the node's own name. A node holds
// the service id once it has seen itself alone in there. Of two that come at once the later one sees the other, so at most one
// holds it. A process that comes back under the same name takes over its predecessor's place at once.
type lease struct {
	cluster  *kafka.Cluster
	service  string
	group    string
	topic    string
	node     string
	client   *kgo.Client
	broken   chan error // why the session with the group ended; the latest
	released atomic.Bool
}

// leaseTimeout is after how long without a sign of life a node's claim ends.
const leaseTimeout = 20 * time.Second

// leasePatience is how long a node waits for another one that came at the same moment to give way.
const leasePatience = 10 * time.Second

// errTaken: the service id is another node's.
var errTaken = errors.New("the service id is in use")

// OnGroupManageError is called by the client when its session with the group ends.
func (l *lease) OnGroupManageError(err error) {
	select {
	case <-l.broken:
	default:
	}
	select {
	case l.broken <- err:
	default:
	}
}

// take claims the service id, or says who has it.
func (l *lease) take(ctx context.Context) error {
	before, others, err := l.look(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return l.refuse(others[0])
	}
	l.broken = make(chan error, 1)
	l.client, err = l.cluster.NewClient(kgo.ConsumerGroup(l.group), kgo.InstanceID(l.node), kgo.ConsumeTopics(l.topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()), kgo.Balancers(kgo.RangeBalancer()), kgo.SessionTimeout(leaseTimeout), kgo.HeartbeatInterval(time.Second), kgo.WithHooks(l))
	if err != nil {
		return err
	}
	l.client.PauseFetchTopics(l.topic) // only the place in the group is wanted
	return l.alone(ctx, before)
}

// alone waits until this process is in the group, without others. before is the member that a predecessor was.
func (l *lease) alone(ctx context.Context, before string) error {
	patience := time.Now().Add(leasePatience)
	for {
		me, others, err := l.look(ctx)
		if err != nil {
			return err
		}
		if why := l.why(); why != nil {
			if denied := l.denied(why); errors.Is(denied, kafka.ErrDenied) {
				return errors.Join(fmt.Errorf("the service id %q could not be claimed: %w", l.service, denied), l.release(ctx))
			}
			l.OnGroupManageError(why)
		}
		in := me != "" && me != before
		switch {
		case in && len(others) == 0:
			return nil
		case in && slices.ContainsFunc(others, func(m kafka.Member) bool { return m.Instance < l.node }) || len(others) > 0 && time.Now().After(patience):
			return errors.Join(l.refuse(others[0]), l.release(ctx))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the service id %q could not be claimed: %w", l.service, errors.Join(ctx.Err(), l.denied(l.why())))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// denied says which access control list is missing, where that is the reason.
func (l *lease) denied(err error) error {
	return l.cluster.Denied(err, kafka.OnGroup("Read", l.group), kafka.OnTopic("Read", l.topic))
}

func (l *lease) why() error {
	select {
	case err := <-l.broken:
		return err
	default:
		return nil
	}
}

// look says under which id this node is in the group, and who else is.
func (l *lease) look(ctx context.Context) (me string, others []kafka.Member, err error) {
	members, err := l.cluster.Members(ctx, l.group)
	for _, m := range members {
		if m.Instance == l.node {
			me = m.ID
		} else {
			others = append(others, m)
		}
	}
	return me, others, err
}

// taken says who has the service id.
func (l *lease) taken(by kafka.Member) error {
	return fmt.Errorf("%w: the node %s at %s has %q on these brokers", errTaken, by.Instance, by.Host, l.service)
}

// refuse says what to do about it.
func (l *lease) refuse(by kafka.Member) error {
	return fmt.Errorf("%w, and nodes don't share one yet. Start this node with another --service-id, or stop the other one. "+
		"If that has died, its claim ends %s after its last sign of life: start again then", l.taken(by), leaseTimeout)
}

// watch returns when the claim is lost, with the reason, or when the context ends.
func (l *lease) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-l.broken:
			if errors.Is(err, kerr.FencedInstanceID) {
				return fmt.Errorf("another process has taken over the name of this node, %s: is its data directory in use twice?", l.node)
			}
			if err := l.held(ctx); errors.Is(err, errTaken) {
				return err
			}
		}
	}
}

// held waits until this process is in the group again, and alone. The client joins by itself.
func (l *lease) held(ctx context.Context) error {
	for {
		me, others, err := l.look(ctx)
		if err == nil && len(others) > 0 {
			return l.taken(others[0])
		}
		if mine, _ := l.client.GroupMetadata(); err == nil && mine != "" && mine == me {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the claim on the service id %q can't be confirmed: %w", l.service, ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// release gives the service id up, so that another node can have it at once.
func (l *lease) release(ctx context.Context) error {
	if l.client == nil || l.released.Swap(true) {
		return nil
	}
	kafka.Close(l.client)
	return l.cluster.LeaveGroup(ctx, l.group, l.node)
}
