package commit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
)

// changelog makes the topic that holds a stage's state, with a partition for each task.
func (x *Transactions) changelog(ctx context.Context, stage int) error {
	name, parts := x.logTopic(stage), x.tasks.Parts[stage]
	_, err := x.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: name, Partitions: parts,
		Replicas: x.opt.Replicas, IfNotExists: true, Configs: map[string]string{"cleanup.policy": "compact"}})
	if err == nil {
		err = x.opt.Cluster.GrowTopic(ctx, name, parts)
	}
	if err != nil {
		return judge(err)
	}
	configs, err := x.opt.Cluster.TopicConfigs(ctx, name)
	if err != nil {
		return err
	}
	t, err := x.opt.Cluster.Topic(ctx, name)
	if err != nil {
		return err
	}
	x.tasks.Topics[name] = assignment.Topic{ID: t.ID, Partitions: int32(len(t.Partitions)), Limits: task.TopicLimits(configs[name])}
	return nil
}

func (x *Transactions) logTopic(stage int) string {
	return x.tasks.Env.Internal(fmt.Sprintf("stage%d", stage), "changelog")
}

// logChanges puts what changed in a task's stores into the batch, and into the records for the changelog. Of what has expired
// the changelog gets tombstones, so that it is compacted away.
func (x *Transactions) logChanges(t *assignment.Task, b *state.Batch) error {
	if len(t.Stores) == 0 {
		return nil
	}
	key := logKey{t.Stage.Index, t.Partition}
	now, limits := time.Now(), x.tasks.Topics[x.log.Topics[key.stage]].Limits
	var failed error
	for _, s := range t.Stores {
		id := x.storeID(key, s.Number)
		write := func(k, v []byte) {
			if err := limits.Check(x.log.Change(key.stage, t.Partition, now, byte(s.Number), k, v), time.Now); err != nil {
				failed = errors.Join(failed, &task.FatalError{Err: fmt.Errorf("the state of %s can't be kept: %w. "+
					"Raise max.message.bytes of the topic, or let the query keep less per key", x.tasks.Query(), err)})
			}
		}
		var expired []span
		s.Expired(func(from, to []byte) { expired = append(expired, span{bytes.Clone(from), bytes.Clone(to)}) })
		s.Dirty(func(k, v []byte) {
			if slices.ContainsFunc(expired, func(e span) bool { return e.holds(k) }) {
				return
			}
			if err := b.Put(id, k, v); err != nil {
				failed = errors.Join(failed, err)
			}
			write(k, v)
		})
		for _, e := range expired {
			failed = errors.Join(failed, x.opt.db.Scan(id, e.from, e.to, func(k, _ []byte) error {
				write(k, nil)
				return nil
			}), b.Drop(id, e.from, e.to))
		}
	}
	return failed
}

// logged notes how far a changelog goes.
func (x *Transactions) logged(tp assignment.TP, end int64) {
	if stage := slices.Index(x.log.Topics, tp.Topic); stage >= 0 {
		x.logEnds[logKey{stage, tp.Partition}] = end
	}
}

// span is a range of a store's keys, to excluded.
type span struct{ from, to []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.from) >= 0 && bytes.Compare(key, s.to) < 0
}
