package exec

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/exec/state"
	"weir/kafka"
)

// transactions commits on a Kafka cluster: outputs, changelogs and the offsets of the group go into one transaction, and
// when that has ended, the state goes into the local database with the changelog offsets that it stands at.
//
//	flush -> produce outputs and changelog -> offsets -> end of the transaction -> batch {state, changelog offsets}
//
// After a crash the group's offsets say what was committed; a database that is behind is brought up from the changelog.
type transactions struct {
	w       *Worker
	kgo     *kgo.Client
	mu      sync.Mutex       // guards tasks against the group's callbacks
	logEnds map[logKey]int64 // next changelog offset, per stage and partition
	failed  error            // of a callback; ends the session
}

// logKey is a partition of a stage's changelog.
type logKey struct {
	stage     int
	partition int32
}

func (x *transactions) client() *kgo.Client { return x.kgo }

func (x *transactions) start(ctx context.Context) error {
	x.logEnds, x.failed = map[logKey]int64{}, nil
	reset := kgo.NewOffset().AtEnd()
	if x.w.opt.Earliest {
		reset = kgo.NewOffset().AtStart()
	}
	for i, s := range x.w.topo.Stages {
		if s.Stateful() {
			if err := x.changelog(ctx, i); err != nil {
				return err
			}
		}
	}
	id := x.w.opt.member()
	// The request that puts offsets into a transaction is kept at the version before topic ids and before the broker adds
	// the group by itself: one way for every broker.
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(txnOffsetCommitKey, 4)
	var err error
	x.kgo, err = x.w.opt.Cluster.NewClient(
		kgo.MaxVersions(versions),
		kgo.ConsumerGroup(x.w.opt.Group), kgo.InstanceID(id), kgo.ConsumeTopics(x.w.inputTopics()...),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.ConsumeResetOffset(reset),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(20*time.Second), kgo.RebalanceTimeout(30*time.Second),
		kgo.TransactionalID(id), kgo.TransactionTimeout(40*time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.FetchMaxWait(250*time.Millisecond), kgo.WithPools(fetchPool), kgo.KeepControlRecords(),
		kgo.OnPartitionsAssigned(x.assigned), kgo.OnPartitionsRevoked(x.revoked), kgo.OnPartitionsLost(x.revoked),
	)
	if err != nil {
		return err
	}
	// The producer's id is asked for first, since it fences a predecessor that may still be about.
	if _, _, err := x.kgo.ProducerID(ctx); err != nil {
		x.kgo.Close()
		return fmt.Errorf("cannot begin transactions as %s: %w", id, err)
	}
	return nil
}

const txnOffsetCommitKey = 28

// changelog makes the topic that holds a stage's state.
func (x *transactions) changelog(ctx context.Context, stage int) error {
	_, err := x.w.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: x.logTopic(stage), Partitions: x.w.parts[stage],
		Replicas: x.w.opt.Replicas, IfNotExists: true, Configs: map[string]string{"cleanup.policy": "compact"}})
	return err
}

func (x *transactions) logTopic(stage int) string {
	return x.w.env.Internal(fmt.Sprintf("stage%d", stage), "changelog")
}

// assigned makes and restores the tasks whose partitions have come to this node. The partitions of a task's inputs have
// one number, and come together.
func (x *transactions) assigned(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	committed, err := x.w.opt.Cluster.SettledOffsets(ctx, x.w.opt.Group, parts)
	if err != nil {
		x.failed = err
		return
	}
	for stage, s := range x.w.topo.Stages {
		for _, p := range parts[s.Topic(0, x.w.env)] {
			if err := x.take(ctx, stage, p, committed); err != nil {
				x.failed = err
				return
			}
		}
	}
}

func (x *transactions) take(ctx context.Context, stage int, p int32, committed kafka.Offsets) error {
	t, err := x.w.newTask(stage, p)
	if err != nil {
		return &FatalError{err}
	}
	for _, f := range t.feeds {
		topic := f.tp.Topic
		starts, err := x.w.opt.Cluster.StartOffsets(ctx, topic)
		if err != nil {
			return err
		}
		ends, err := x.w.opt.Cluster.StableOffsets(ctx, topic)
		if err != nil {
			return err
		}
		f.high = ends[topic][p]
		at, known := committed[topic][p]
		switch {
		case known:
		case x.w.earliest(f):
			at = starts[topic][p]
		default:
			at = f.high
		}
		f.next, f.saved = at, at
	}
	if t.Stage.Stateful() {
		if err := x.restore(ctx, t); err != nil {
			return err
		}
	}
	x.w.add(t)
	return nil
}

// revoked lets go of partitions. Rebalances happen only right after a commit, so nothing of theirs is open.
func (x *transactions) revoked(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range slices.Clone(x.w.tasks) {
		if slices.ContainsFunc(t.feeds, func(f *feed) bool { return slices.Contains(parts[f.tp.Topic], f.tp.Partition) }) {
			x.w.remove(t)
		}
	}
}

// restore brings the local state up to the changelog's last stable offset, then gives it to the task.
func (x *transactions) restore(ctx context.Context, t *running) error {
	key := logKey{t.Stage.Index, t.Partition}
	topic := x.logTopic(key.stage)
	name := fmt.Sprintf("changelog/%d/%d", key.stage, key.partition)
	blob, err := x.w.opt.DB.Meta(x.w.topo.Query.ID, name)
	if err != nil {
		return err
	}
	from, _ := binary.Varint(blob)
	starts, err := x.w.opt.Cluster.StartOffsets(ctx, topic)
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
	return t.load(x.w.opt.DB, x.w.topo.Query.ID, x.w.opt.Budget)
}

// settledEnd is the end of a changelog partition once no transaction is open in it. A transaction's offsets can be seen
// as committed while its marker is still on its way to the changelog; without it the state would be behind the offsets.
func (x *transactions) settledEnd(ctx context.Context, topic string, p int32) (int64, error) {
	for {
		stable, err := x.w.opt.Cluster.StableOffsets(ctx, topic)
		if err != nil {
			return 0, err
		}
		ends, err := x.w.opt.Cluster.EndOffsets(ctx, topic)
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

func (x *transactions) storeID(key logKey, store int) state.StoreID {
	return state.StoreID{Query: x.w.topo.Query.ID, Stage: key.stage, Partition: key.partition, Store: store}
}

func (x *transactions) replay(ctx context.Context, topic string, key logKey, from, to int64) error {
	client, err := x.w.opt.Cluster.NewClient(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
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
		b := x.w.opt.DB.NewBatch()
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
			failed = b.SetMeta(x.w.topo.Query.ID, fmt.Sprintf("changelog/%d/%d", key.stage, key.partition), binary.AppendVarint(nil, min(next, to)))
		}
		if failed == nil {
			failed = b.Commit(false)
		}
		if failed != nil {
			return failed
		}
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			x.w.opt.Log.Info("restoring state", "query", x.w.topo.Query.ID, "partition", key.partition, "done", next-from, "of", to-from,
				"for", time.Since(began).Round(time.Second))
		}
	}
	return nil
}

func (x *transactions) commit(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	// A rebalance may only come right after a commit.
	defer x.kgo.AllowRebalance()
	if x.failed != nil {
		return x.failed
	}
	offsets := kafka.Offsets{}
	moved, produced := false, false
	for tp, at := range x.w.positions() {
		offsets.Set(tp.Topic, tp.Partition, at)
	}
	for _, t := range x.w.tasks {
		moved = moved || t.moved()
		produced = produced || len(t.Out.Records)+len(t.Told.Records) > 0
	}
	if !moved && !produced {
		return nil
	}
	if err := x.w.opt.DB.Room(); err != nil {
		return err
	}
	if err := x.kgo.BeginTransaction(); err != nil {
		return err
	}
	b := x.w.opt.DB.NewBatch()
	written, err := x.produce(ctx, b)
	if err == nil && written > 0 {
		err = x.addOffsets(ctx, offsets)
	}
	if err != nil {
		return x.abort(ctx, err)
	}
	if written == 0 {
		return x.onlyOffsets(ctx, b, offsets)
	}
	x.w.opt.FailPoint("offsets in transaction")
	if err := x.kgo.EndTransaction(ctx, kgo.TryCommit); err != nil {
		// What became of it is told by the group's offsets once the session begins anew.
		return fmt.Errorf("the end of a transaction was not confirmed: %w", err)
	}
	x.w.opt.FailPoint("transaction ended")
	return x.keep(b)
}

// keep writes the state that goes with what the brokers have.
func (x *transactions) keep(b *state.Batch) error {
	if err := b.Commit(false); err != nil {
		return err
	}
	x.w.opt.FailPoint("state written")
	for _, t := range x.w.tasks {
		t.committed()
	}
	return nil
}

// onlyOffsets commits an interval that produced nothing. The client knows of nothing in its transaction, and would leave
// offsets in it uncommitted.
func (x *transactions) onlyOffsets(ctx context.Context, b *state.Batch, offsets kafka.Offsets) error {
	if err := x.kgo.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	at := map[string]map[int32]kgo.EpochOffset{}
	for topic, parts := range offsets {
		at[topic] = map[int32]kgo.EpochOffset{}
		for p, o := range parts {
			at[topic][p] = kgo.EpochOffset{Epoch: -1, Offset: o}
		}
	}
	var failed error
	x.kgo.CommitOffsetsSync(ctx, at, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if failed = err; err != nil {
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				failed = errors.Join(failed, kerr.ErrorForCode(p.ErrorCode))
			}
		}
	})
	if failed != nil {
		return fmt.Errorf("committing offsets: %w", failed)
	}
	return x.keep(b)
}

// delivered has nothing to wait for: a commit has delivered everything when it returns.
func (x *transactions) delivered(context.Context) error { return nil }

// abort ends the transaction without effect. The session ends with it: the next one begins from what was committed.
func (x *transactions) abort(ctx context.Context, why error) error {
	return errors.Join(why, x.kgo.AbortBufferedRecords(ctx), x.kgo.EndTransaction(ctx, kgo.TryAbort))
}

// produce writes outputs and changelogs, and returns how many records those are.
func (x *transactions) produce(ctx context.Context, b *state.Batch) (written int, err error) {
	var mu sync.Mutex
	var failed error
	rows, size := int64(0), int64(0)
	send := func(r *kgo.Record, then func(r *kgo.Record)) {
		written++
		x.kgo.Produce(ctx, r, func(r *kgo.Record, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = fmt.Errorf("writing to %s, partition %d: %w", r.Topic, r.Partition, err)
			}
			if err == nil && then != nil {
				then(r)
			}
		})
	}
	for _, t := range x.w.tasks {
		if err := x.logChanges(t, b, send); err != nil {
			return 0, err
		}
	}
	for _, out := range outputs(x.w.plainTasks()) {
		full := out.Take()
		defer out.Release(full)
		for i := range full.Records {
			r := &full.Records[i]
			rows, size = rows+1, size+int64(len(r.Key)+len(r.Value))
			send(r, nil)
		}
	}
	x.w.opt.FailPoint("produced")
	if err := x.kgo.Flush(ctx); err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	for key, at := range x.logEnds {
		if err := b.SetMeta(x.w.topo.Query.ID, fmt.Sprintf("changelog/%d/%d", key.stage, key.partition), binary.AppendVarint(nil, at)); err != nil {
			return 0, err
		}
	}
	x.w.opt.FailPoint("flushed to broker")
	x.w.stats.sent(rows, size)
	return written, nil
}

// logChanges writes what changed in a task's stores to the changelog and to the batch. Of what has expired the changelog
// gets tombstones, so that it is compacted away.
func (x *transactions) logChanges(t *running, b *state.Batch, produce func(*kgo.Record, func(*kgo.Record))) error {
	key := logKey{t.Stage.Index, t.Partition}
	topic := ""
	if len(t.Stores) > 0 {
		topic = x.logTopic(key.stage)
	}
	now := time.Now()
	var failed error
	for n, s := range t.Stores {
		id := x.storeID(key, n)
		write := func(k, v []byte) {
			r := &kgo.Record{Topic: topic, Partition: t.Partition, Timestamp: now, Key: append([]byte{byte(n)}, k...)}
			if v != nil {
				r.Value = append([]byte{}, v...)
			}
			produce(r, func(r *kgo.Record) { x.logEnds[key] = max(x.logEnds[key], r.Offset+1) })
		}
		var expired []span
		s.Expired(func(from, to []byte) { expired = append(expired, span{bytes.Clone(from), bytes.Clone(to)}) })
		s.Dirty(func(k, v []byte) {
			if slices.ContainsFunc(expired, func(e span) bool { return e.holds(k) }) {
				return
			}
			failed = errors.Join(failed, b.Put(id, k, v))
			write(k, v)
		})
		for _, e := range expired {
			failed = errors.Join(failed, x.w.opt.DB.Scan(id, e.from, e.to, func(k, _ []byte) error {
				write(k, nil)
				return nil
			}), b.Drop(id, e.from, e.to))
		}
	}
	return failed
}

// span is a range of a store's keys, to excluded.
type span struct{ from, to []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.from) >= 0 && bytes.Compare(key, s.to) < 0
}

// addOffsets puts the processed offsets into the transaction.
func (x *transactions) addOffsets(ctx context.Context, offsets kafka.Offsets) error {
	id, epoch, err := x.kgo.ProducerID(ctx)
	if err != nil {
		return err
	}
	txn := x.w.opt.member()
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = txn, id, epoch, x.w.opt.Group
	added, err := add.RequestWith(ctx, x.kgo)
	if err == nil {
		err = kerr.ErrorForCode(added.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("putting offsets into the transaction: %w", err)
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = txn, x.w.opt.Group, id, epoch
	req.MemberID, req.Generation = x.kgo.GroupMetadata()
	req.InstanceID = &txn
	for topic, parts := range offsets {
		rt := kmsg.NewTxnOffsetCommitRequestTopic()
		rt.Topic = topic
		for p, at := range parts {
			rp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			rp.Partition, rp.Offset = p, at
			rt.Partitions = append(rt.Partitions, rp)
		}
		req.Topics = append(req.Topics, rt)
	}
	resp, err := req.RequestWith(ctx, x.kgo)
	if err != nil {
		return fmt.Errorf("putting offsets into the transaction: %w", err)
	}
	for _, rt := range resp.Topics {
		for _, rp := range rt.Partitions {
			if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
				return fmt.Errorf("putting offsets of %s, partition %d into the transaction: %w", rt.Topic, rp.Partition, err)
			}
		}
	}
	return nil
}

// stop closes the client; a static member's place in the group is kept for its return.
func (x *transactions) stop() {
	x.kgo.AllowRebalance()
	x.kgo.Close()
}

// Leave gives up the node's place in the query's group after Stop, which keeps it for a return.
func (w *Worker) Leave(ctx context.Context) error {
	if w.opt.Embedded {
		return nil
	}
	return w.opt.Cluster.LeaveGroup(ctx, w.opt.Group, w.opt.member())
}

// member names this node in the query's group and in its transactions.
func (o *WorkerOptions) member() string { return o.Group + "-" + o.Node }
