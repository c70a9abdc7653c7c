package commit

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/kafka"
)

// assigned makes and restores the tasks whose partitions have come to this node. The partitions of a task's inputs have
// one number, and come together.
func (x *Transactions) assigned(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	committed, err := x.opt.Cluster.SettledOffsets(ctx, x.opt.Group, parts)
	if err != nil {
		x.failed = err
		return
	}
	for stage, s := range x.tasks.Topology.Stages {
		for _, p := range parts[s.Topic(0, x.tasks.Env)] {
			if err := x.take(ctx, stage, p, committed); err != nil {
				x.failed = err
				return
			}
		}
	}
}

func (x *Transactions) take(ctx context.Context, stage int, p int32, committed kafka.Offsets) error {
	t, err := x.tasks.NewTask(stage, p)
	if err != nil {
		return &task.FatalError{Err: err}
	}
	for _, f := range t.Feeds {
		topic := f.TP.Topic
		starts, err := x.opt.Cluster.StartOffsets(ctx, topic)
		if err != nil {
			return err
		}
		ends, err := x.opt.Cluster.StableOffsets(ctx, topic)
		if err != nil {
			return err
		}
		f.High = ends[topic][p]
		at, known := committed[topic][p]
		switch {
		case known:
		case x.tasks.FromStart(f):
			at = starts[topic][p]
		default:
			at = f.High
		}
		f.Next, f.Saved = at, at
	}
	if t.Stage.Stateful() {
		if err := x.restore(ctx, t); err != nil {
			return err
		}
	}
	x.tasks.Add(t)
	return nil
}

// revoked lets go of partitions. Rebalances happen only right after a commit, so nothing of theirs is open.
func (x *Transactions) revoked(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range slices.Clone(x.tasks.Tasks) {
		if slices.ContainsFunc(t.Feeds, func(f *assignment.Feed) bool { return slices.Contains(parts[f.TP.Topic], f.TP.Partition) }) {
			x.tasks.Remove(t)
		}
	}
}

// Leave gives up the place in the group.
func (x *Transactions) Leave(ctx context.Context) error {
	return x.opt.Cluster.LeaveGroup(ctx, x.opt.Group, x.opt.Member())
}
