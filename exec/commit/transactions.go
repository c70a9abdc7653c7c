package commit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/exec/task"
	"weir/kafka"
)

// Transactions commits on a Kafka cluster: outputs, changelogs and the offsets of the group go into one transaction, and
// when that has ended, the state goes into the local database with the changelog offsets that it stands at.
//
//	flush -> produce outputs and changelog -> offsets -> end of the transaction -> batch {state, changelog offsets}
//
// After a crash the group's offsets say what was committed; a database that is behind is brought up from the changelog.
type Transactions struct {
	tasks   *assignment.Assignment
	opt     Options
	kgo     *kgo.Client
	group   *group
	local   map[assignment.FeedID]stored // positions in the database when the session began
	log     *task.Output                 // records for the changelogs, by stage
	logEnds map[logKey]int64             // next changelog offset
	written map[assignment.TP]int64      // offsets behind what was written and is not known to be readable yet
	reach   map[assignment.TP]int64      // offsets behind what was written in the session
	unsure  *unsure                      // the commit that was not confirmed: it outlives the session
}

// logKey is a partition of a stage's changelog.
type logKey struct {
	stage     int
	partition int32
}

// meta is where the database keeps how far the changelog is in it.
func (k logKey) meta() string { return fmt.Sprintf("changelog/%d/%d", k.stage, k.partition) }

// Client is the client from which records are polled.
func (x *Transactions) Client() *kgo.Client { return x.kgo }

// Changes brings partitions that come to this node, and those that leave it.
func (x *Transactions) Changes() <-chan Change { return x.group.changes }

// Start joins the group; tasks come with the partitions, by Changes.
func (x *Transactions) Start(ctx context.Context) error {
	var err error
	if x.opt.db, err = x.opt.State.DB(); err != nil {
		return err
	}
	x.logEnds, x.group, x.written, x.reach = map[logKey]int64{}, newGroup(x), map[assignment.TP]int64{}, map[assignment.TP]int64{}
	x.log = &task.Output{Bank: &task.Bank{}}
	for i, s := range x.tasks.Topology.Stages {
		x.log.Topics = append(x.log.Topics, x.logTopic(i))
		if s.Stateful() {
			if err := x.changelog(ctx, i); err != nil {
				return err
			}
		}
	}
	if x.local, err = x.opt.positions(x.tasks); err != nil {
		return err
	}
	id := x.opt.Member()
	// The requests that commit offsets are kept at versions before topic ids, and before the broker adds the group to a
	// transaction by itself: one way for every broker.
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(kmsg.TxnOffsetCommit.Int16(), 4)
	versions.SetMaxKeyVersion(kmsg.OffsetCommit.Int16(), 9)
	x.kgo, err = x.opt.Cluster.NewClient(append(x.group.options(),
		kgo.MaxVersions(versions),
		kgo.ConsumerGroup(x.opt.Group), kgo.InstanceID(id), kgo.ConsumeTopics(x.tasks.InputTopics()...),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(20*time.Second), kgo.RebalanceTimeout(30*time.Second),
		kgo.TransactionalID(id), kgo.TransactionTimeout(40*time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kafka.LZ4(), kgo.ProducerBatchMaxBytesFn(batchBytes(x.tasks)),
		kgo.FetchMaxWait(250*time.Millisecond), kgo.WithPools(FetchPool), kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return err
	}
	// The producer's id is asked for first, since it fences a predecessor that may still be about.
	if _, _, err := x.kgo.ProducerID(ctx); err != nil {
		x.Stop(ctx)
		return judge(fmt.Errorf("cannot begin transactions as %s: %w", id, x.opt.Cluster.Denied(err, kafka.OnTransactions("Write", id))))
	}
	return nil
}

// commitTime bounds a commit: the brokers end a transaction that goes on for longer than its own time-out.
const commitTime = 30 * time.Second

// Commit makes everything durable in a transaction.
func (x *Transactions) Commit(ctx context.Context) error {
	if !x.tasks.Changed() {
		return nil
	}
	if err := x.opt.db.Room(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	positions := x.tasks.Positions()
	u := &unsure{mark: rand.Uint64(), count: x.opt.Count()}
	if err := x.kgo.BeginTransaction(); err != nil {
		return err
	}
	b := x.opt.db.NewBatch()
	written, err := x.produce(ctx, b)
	if err == nil && written > 0 {
		err = x.addOffsets(ctx, positions, u)
	}
	if err != nil {
		return x.abort(ctx, judge(err))
	}
	if written == 0 {
		return x.onlyOffsets(ctx, b, positions, u)
	}
	x.unsure = u
	x.opt.FailPoint("offsets in transaction")
	if err := x.kgo.EndTransaction(ctx, kgo.TryCommit); err != nil {
		// What became of it is told by the group's offsets once the session begins anew.
		return fmt.Errorf("the end of a transaction was not confirmed: %w", err)
	}
	x.opt.FailPoint("transaction ended")
	x.sure(true)
	return x.keep(b)
}

// keep writes the state that goes with what the brokers have.
func (x *Transactions) keep(b *state.Batch) error {
	if err := writePositions(b, x.tasks); err != nil {
		return err
	}
	if err := b.Commit(false); err != nil {
		return err
	}
	x.opt.FailPoint("state written")
	for _, t := range x.tasks.Tasks {
		t.Committed()
	}
	return nil
}

// visibleTime bounds how long Delivered waits: another writer's open transaction may hide ours for as long as it likes.
const visibleTime = 10 * time.Second

// Delivered waits until what was committed can be read: brokers answer the end of a transaction before its markers are in all
// partitions.
func (x *Transactions) Delivered(ctx context.Context) error {
	for over := time.Now().Add(visibleTime); len(x.written) > 0 && time.Now().Before(over); {
		var topics []string
		for tp := range x.written {
			if !slices.Contains(topics, tp.Topic) {
				topics = append(topics, tp.Topic)
			}
		}
		stable, err := x.opt.Cluster.StableOffsets(ctx, topics...)
		if err != nil {
			return err
		}
		maps.DeleteFunc(x.written, func(tp assignment.TP, end int64) bool { return stable[tp.Topic][tp.Partition] >= end })
		if len(x.written) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	clear(x.written)
	return nil
}

// abort ends the transaction without effect. The session ends with it: the next one begins from what was committed.
func (x *Transactions) abort(ctx context.Context, why error) error {
	return errors.Join(why, x.kgo.AbortBufferedRecords(ctx), x.kgo.EndTransaction(ctx, kgo.TryAbort))
}

// produce writes changelogs and outputs, and returns how many records those are.
func (x *Transactions) produce(ctx context.Context, b *state.Batch) (count int, err error) {
	var failed atomic.Pointer[error]
	acknowledged := func(r *kgo.Record, err error) {
		if err != nil {
			err = writeError(r, x.opt.Cluster.Denied(err, kafka.OnTopic("Write", r.Topic)))
			failed.CompareAndSwap(nil, &err)
		}
	}
	var sent []lent
	send := func(out *task.Output) {
		bank := out.Take()
		for i := range bank.Records {
			x.kgo.Produce(ctx, &bank.Records[i], acknowledged)
		}
		count += len(bank.Records)
		sent = append(sent, lent{out, bank})
	}
	for _, t := range x.tasks.Tasks {
		if err := x.logChanges(t, b); err != nil {
			return 0, err
		}
		send(x.log)
	}
	for _, out := range x.tasks.Outputs() {
		send(out)
	}
	x.opt.FailPoint("produced")
	if err := x.kgo.Flush(ctx); err != nil {
		return 0, err
	}
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	// Memory is used again only here, where the client is done with it: where producing fails, it may hold it still.
	for _, s := range sent {
		eachWritten(s.bank.Records, func(tp assignment.TP, end, _ int64) {
			x.written[tp], x.reach[tp] = max(x.written[tp], end), max(x.reach[tp], end)
			x.logged(tp, end)
		})
		s.out.Release(s.bank)
	}
	for key, at := range x.logEnds {
		if err := b.SetMeta(x.tasks.Query(), key.meta(), binary.AppendVarint(nil, at)); err != nil {
			return 0, err
		}
	}
	x.opt.FailPoint("flushed to broker")
	return count, nil
}

// lent is memory that the client holds.
type lent struct {
	out  *task.Output
	bank *task.Bank
}

// Stop closes the client; a static member's place in the group is kept for its return.
func (x *Transactions) Stop(context.Context) {
	close(x.group.closing)
	kafka.Close(x.kgo)
}
