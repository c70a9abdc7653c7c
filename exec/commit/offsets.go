package commit

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/exec/state"
	"weir/kafka"
)

// onlyOffsets commits an interval that produced nothing. The client knows of nothing in its transaction, and would leave
// offsets in it uncommitted.
func (x *Transactions) onlyOffsets(ctx context.Context, b *state.Batch, offsets kafka.Offsets) error {
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

// addOffsets puts the processed offsets into the transaction.
func (x *Transactions) addOffsets(ctx context.Context, offsets kafka.Offsets) error {
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
