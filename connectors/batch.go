package connectors

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/connectors/connector"
	"weir/kafka"
)

const (
	batchRows  = 8192
	batchBytes = 4 << 20
	clockRows  = 256 // rows that share one look at the clock
)

// batch is what is sent, acknowledged and counted at once. Everything in it is reused.
type batch struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	bytes   []byte
	now     time.Time
	rows    int64 // as records, kept apart since a batch may only move the position
	pos     []byte
}

func newBatch() *batch {
	return &batch{records: make([]kgo.Record, 0, batchRows)}
}

func (b *batch) reset() {
	clear(b.headers)
	b.records, b.headers, b.bytes, b.rows, b.pos = b.records[:0], b.headers[:0], b.bytes[:0], 0, nil
}

func (b *batch) full() bool { return len(b.records) == batchRows || len(b.bytes) >= batchBytes }

// add copies a record. Where the slabs grow, the records before keep the old ones.
func (b *batch) add(r *connector.Record) {
	if b.rows%clockRows == 0 {
		b.now = time.Now()
	}
	b.rows++
	out := kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: b.keep(r.Key), Value: b.keep(r.Value), Timestamp: b.now}
	if r.Timestamp != 0 {
		out.Timestamp = time.UnixMilli(r.Timestamp)
	}
	if len(r.Headers) > 0 {
		start := len(b.headers)
		for _, h := range r.Headers {
			b.headers = append(b.headers, kgo.RecordHeader{Key: h.Key, Value: b.keep(h.Value)})
		}
		out.Headers = b.headers[start:len(b.headers):len(b.headers)]
	}
	b.records = append(b.records, out)
}

func (b *batch) keep(p []byte) []byte {
	if p == nil {
		return nil
	}
	start := len(b.bytes)
	b.bytes = append(b.bytes, p...)
	return b.bytes[start:len(b.bytes):len(b.bytes)]
}

// ends are the offsets behind the records, once these are acknowledged.
func (b *batch) ends() kafka.Offsets {
	out := kafka.Offsets{}
	for i := range b.records {
		r := &b.records[i]
		if out[r.Topic][r.Partition] <= r.Offset {
			out.Set(r.Topic, r.Partition, r.Offset+1)
		}
	}
	return out
}
