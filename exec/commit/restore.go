package commit

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/state"
)

// restore brings the local state up to the changelog's last stable offset, then gives it to the task.
func (x *Transactions) restore(ctx context.Context, t *assignment.Task) error {
	key := logKey{t.Stage.Index, t.Partition}
	topic := x.logTopic(key.stage)
	name := fmt.Sprintf("changelog/%d/%d", key.stage, key.partition)
	blob, err := x.opt.DB.Meta(x.tasks.Query(), name)
	if err != nil {
		return err
	}
	from, _ := binary.Varint(blob)
	starts, err := x.opt.Cluster.StartOffsets(ctx, topic)
	if err != nil {
		return err
	}
	to, err := x.settledEnd(ctx, topic, t.Partition)
	if err != nil {
		return err
	}
	from = max(from, starts[topic][t.Partition])
	if from < to {
		if err := x.replay(ctx, topic, key, from, to); err != nil {
			return err
		}
	}
	x.logEnds[key] = to
	return t.Load(x.opt.DB, x.tasks.Query(), x.opt.Budget)
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

func (x *Transactions) replay(ctx context.Context, topic string, key logKey, from, to int64) error {
	client, err := x.opt.Cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {key.partition: kgo.NewOffset().At(from)}}))
	if err != nil {
		return err
	}
	defer client.Close()
	began, told := time.Now(), time.Now()
	for next := from; next < to; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return err
		}
		b := x.opt.DB.NewBatch()
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			if next = r.Offset + 1; !r.Attrs.IsControl() && len(r.Key) > 0 && r.Offset < to && failed == nil {
				failed = b.Put(x.storeID(key, int(r.Key[0])), r.Key[1:], r.Value)
			}
		})
		// A compacted topic's end may hold no record: its position is told by the partition.
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if len(p.Records) == 0 && p.LastStableOffset >= to && next == from {
				next = to
			}
		})
		if failed == nil {
			failed = b.SetMeta(x.tasks.Query(), fmt.Sprintf("changelog/%d/%d", key.stage, key.partition), binary.AppendVarint(nil, min(next, to)))
		}
		if failed == nil {
			failed = b.Commit(false)
		}
		if failed != nil {
			return failed
		}
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			x.opt.Log.Info("restoring state", "query", x.tasks.Query(), "partition", key.partition, "done", next-from, "of", to-from,
				"for", time.Since(began).Round(time.Second))
		}
	}
	return nil
}
