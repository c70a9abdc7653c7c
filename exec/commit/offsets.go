package commit

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/kafka"
)

// unsure is a commit of which it is not known whether the brokers have it: the group's offsets tell, since they bear its mark.
type unsure struct {
	mark  uint64
	count Counting
}

func (u *unsure) text() string { return strconv.FormatUint(u.mark, 16) }

// sure ends the doubt about a commit: its rows count if it was made.
func (x *Transactions) sure(made bool) {
	if x.unsure != nil && made {
		x.unsure.count(nil, x.reach)
	}
	x.unsure = nil
}

// ask ends the doubt where the group has told its offsets. Each commit has those of all partitions.
func (x *Transactions) ask(committed map[string]map[int32]kafka.Committed) {
	for _, parts := range committed {
		for _, c := range parts {
			if x.unsure != nil {
				x.sure(parseNote(c.Metadata).commit == x.unsure.text())
			}
		}
	}
}

// byTopic are positions as requests list them.
func byTopic(positions map[assignment.TP]int64) kafka.Offsets {
	out := kafka.Offsets{}
	for tp, at := range positions {
		out.Set(tp.Topic, tp.Partition, at)
	}
	return out
}

// onlyOffsets commits an interval that produced nothing. The client knows of nothing in its transaction, and would leave
// offsets in it uncommitted.
func (x *Transactions) onlyOffsets(ctx context.Context, b *state.Batch, positions map[assignment.TP]int64, u *unsure) error {
	if err := x.kgo.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	member := x.opt.Member()
	req.Group, req.InstanceID = x.opt.Group, &member
	req.MemberID, req.Generation = x.kgo.GroupMetadata()
	for topic, parts := range byTopic(positions) {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, offset := range parts {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.Metadata = partition, offset, x.metadata(assignment.TP{Topic: topic, Partition: partition}, offset, u)
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
	x.unsure = u
	resp, err := req.RequestWith(ctx, x.kgo)
	if err != nil {
		return fmt.Errorf("committing offsets: %w", err)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			err = errors.Join(err, kerr.ErrorForCode(p.ErrorCode))
		}
	}
	if err != nil {
		return judge(fmt.Errorf("committing offsets: %w", x.opt.Cluster.Denied(err, kafka.OnGroup("Read", x.opt.Group))))
	}
	x.sure(true)
	return x.keep(b)
}

// addOffsets puts the processed offsets into the transaction.
func (x *Transactions) addOffsets(ctx context.Context, positions map[assignment.TP]int64, u *unsure) error {
	id, epoch, err := x.kgo.ProducerID(ctx)
	if err != nil {
		return err
	}
	txn := x.opt.Member()
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = txn, id, epoch, x.opt.Group
	added, err := add.RequestWith(ctx, x.kgo)
	if err == nil {
		err = kerr.ErrorForCode(added.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("putting offsets into the transaction: %w", x.opt.Cluster.Denied(err, kafka.OnGroup("Read", x.opt.Group), kafka.OnTransactions("Write", txn)))
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = txn, x.opt.Group, id, epoch
	req.MemberID, req.Generation = x.kgo.GroupMetadata()
	req.InstanceID = &txn
	for topic, parts := range byTopic(positions) {
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, offset := range parts {
			p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.Metadata = partition, offset, x.metadata(assignment.TP{Topic: topic, Partition: partition}, offset, u)
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, x.kgo)
	if err != nil {
		return fmt.Errorf("putting offsets into the transaction: %w", err)
	}
	for _, rt := range resp.Topics {
		for _, rp := range rt.Partitions {
			if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
				return fmt.Errorf("putting offsets of %s, partition %d into the transaction: %w", rt.Topic, rp.Partition, x.opt.Cluster.Denied(err, kafka.OnGroup("Read", x.opt.Group), kafka.OnTopic("Read", rt.Topic)))
			}
		}
	}
	return nil
}
