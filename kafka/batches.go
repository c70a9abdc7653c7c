package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Batch is the head of a batch of records as it lies in a partition: who wrote it, and where. What is in it is not read.
type Batch struct {
	First, Last   int64 // offsets
	ProducerID    int64 // -1 where the writer was not idempotent
	ProducerEpoch int16
	Sequence      int32 // of its first record among those of the producer in this partition
	Control       bool  // the marker of a transaction
}

// Batches gives the batches of a partition that hold offsets from from (included) to to (excluded), those of open and
// aborted transactions and the markers included, in order. What was deleted is passed over.
func (c *Cluster) Batches(ctx context.Context, topic string, partition int32, from, to int64, each func(Batch)) error {
	what := fmt.Sprintf("read the batches of topic %s, partition %d", topic, partition)
	empty := 0
	for from < to {
		p, err := c.fetch(ctx, topic, partition, from, readAll)
		if errors.Is(err, kerr.OffsetOutOfRange) && p.LogStartOffset > from {
			from = p.LogStartOffset
			continue
		}
		if err != nil {
			return c.fail(what, err, OnTopic("Read", topic))
		}
		next := from
		for blob := p.RecordBatches; ; {
			b, rest, ok := readBatch(blob)
			if !ok {
				break
			}
			blob = rest
			if b.Last >= from && b.First < to {
				each(b)
			}
			next = max(next, b.Last+1)
		}
		switch {
		case next > from:
			from, empty = next, 0
		case p.HighWatermark <= from, empty == emptyAnswers:
			return nil // nothing lies there: the partition was cut since, or what lay there is gone
		default: // an answer without what lies there says nothing of it
			empty++
			if err := rest(ctx); err != nil {
				return c.fail(what, err)
			}
		}
	}
	return nil
}

// readBatch reads the head of the first batch; ok is false where there is no whole one.
func readBatch(blob []byte) (b Batch, rest []byte, ok bool) {
	const head = 61
	if len(blob) < head {
		return b, nil, false
	}
	size := 12 + int64(int32(binary.BigEndian.Uint32(blob[8:])))
	if size < head || size > int64(len(blob)) {
		return b, nil, false
	}
	first := int64(binary.BigEndian.Uint64(blob))
	b = Batch{First: first, Last: first + int64(int32(binary.BigEndian.Uint32(blob[23:]))), Control: binary.BigEndian.Uint16(blob[21:])&0x20 != 0,
		ProducerID: int64(binary.BigEndian.Uint64(blob[43:])), ProducerEpoch: int16(binary.BigEndian.Uint16(blob[51:])), Sequence: int32(binary.BigEndian.Uint32(blob[53:]))}
	return b, blob[size:], true
}
