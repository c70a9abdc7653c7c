package commit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/exec/assignment"
	"weir/exec/state"
	"weir/kafka"
)

// topicMark stands before the topic's id in what is written beside a committed offset.
const topicMark = "topic="

// metadata is what is written beside a committed offset: which topic it is of, since one that is made anew has its name.
func (x *Transactions) metadata(topic string) *string {
	id := x.tasks.Topics[topic].ID
	text := topicMark + hex.EncodeToString(id[:])
	return &text
}

// topicOf is the id that metadata wrote; zero where it wrote none.
func topicOf(metadata string) (id [16]byte) {
	if text, ok := strings.CutPrefix(metadata, topicMark); ok {
		if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(id) {
			id = [16]byte(raw)
		}
	}
	return id
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
func (x *Transactions) onlyOffsets(ctx context.Context, b *state.Batch, positions map[assignment.TP]int64) error {
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
			p.Partition, p.Offset, p.Metadata = partition, offset, x.metadata(topic)
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
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
		return judge(fmt.Errorf("committing offsets: %w", err))
	}
	return x.keep(b)
}

// addOffsets puts the processed offsets into the transaction.
func (x *Transactions) addOffsets(ctx context.Context, positions map[assignment.TP]int64) error {
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
		return fmt.Errorf("putting offsets into the transaction: %w", err)
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
			p.Partition, p.Offset, p.Metadata = partition, offset, x.metadata(topic)
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
				return fmt.Errorf("putting offsets of %s, partition %d into the transaction: %w", rt.Topic, rp.Partition, err)
			}
		}
	}
	return nil
}
