package commit

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
)

// restore brings the local state up to the changelog's last stable offset, then gives it to the task. had says whether there is any.
func (x *Transactions) restore(ctx context.Context, t *assignment.Task) (had bool, err error) {
	key := logKey{t.Stage.Index, t.Partition}
	topic := x.logTopic(key.stage)
	blob, err := x.opt.db.Meta(x.tasks.Query(), key.meta())
	if err != nil {
		return false, err
	}
	from, _ := binary.Varint(blob)
	starts, err := x.opt.Cluster.StartOffsets(ctx, topic)
	if err != nil {
		return false, err
	}
	to, err := x.settledEnd(ctx, topic, t.Partition)
	if err != nil {
		return false, err
	}
	from = max(from, starts[topic][t.Partition])
	if from > to {
		x.opt.Log.Error("a changelog is shorter than the state that was written from it: another node could not bring the state back from it",
			"query", x.tasks.Query(), "topic", topic, "partition", t.Partition, "end", to, "was", from)
	}
	if from < to {
		if had, err = x.replay(ctx, topic, key, from, to); err != nil {
			return false, err
		}
	}
	x.logEnds[key] = to
	return had || blob != nil, t.Load(x.opt.db, x.tasks.Query(), x.opt.Budget)
}

// settledEnd is the end of a changelog partition once no transaction is open in it. A transaction's offsets can be seen
// as committed while its marker is still on its way to the changelog; without it the state would be behind the offsets.
func (x *Transactions) settledEnd(ctx context.Context, topic string, p int32) (int64, error) {
	for {
		stable, err := x.opt.Cluster.StableOffsets(ctx, topic)
		if err != nil {
			return 0, err
		}
		ends, err := x.opt.Cluster.EndOffsets(ctx, topic)
		if err != nil {
			return 0, err
		}
		if stable[topic][p] == ends[topic][p] {
			return ends[topic][p], nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (x *Transactions) storeID(key logKey, store int) state.StoreID {
	return state.StoreID{Query: x.tasks.Query(), Stage: key.stage, Partition: key.partition, Store: store}
}

// replayBatch is how many changelog records go into one batch of the database.
const replayBatch = 10_000

// replay takes the records of a changelog from from to to into the database, and says whether there are any.
func (x *Transactions) replay(ctx context.Context, topic string, key logKey, from, to int64) (any bool, err error) {
	began, told := time.Now(), time.Now()
	b, pending := x.opt.db.NewBatch(), 0
	flush := func(at int64) error {
		if err := b.SetMeta(x.tasks.Query(), key.meta(), binary.AppendVarint(nil, at)); err != nil {
			return err
		}
		err := b.Commit(false)
		b, pending = x.opt.db.NewBatch(), 0
		return err
	}
	err = x.opt.Cluster.Read(ctx, topic, key.partition, from, to, func(r *kgo.Record) error {
		if len(r.Key) == 0 {
			return nil
		}
		any = true
		if err := b.Put(x.storeID(key, int(r.Key[0])), r.Key[1:], r.Value); err != nil {
			return err
		}
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			x.opt.Log.Info("restoring state", "query", x.tasks.Query(), "partition", key.partition, "done", r.Offset-from, "of", to-from,
				"for", time.Since(began).Round(time.Second))
		}
		if pending++; pending < replayBatch {
			return nil
		}
		return flush(r.Offset + 1)
	})
	if err != nil {
		return false, err
	}
	return any, flush(to)
}
