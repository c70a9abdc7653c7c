package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/types"
)

// sendChunk is how many records are given to the client before it is told to send them.
const sendChunk = 8192

// An outbox is stored as: producer id, epoch, the output partitions with the first offsets where its records can lie,
// then the records.

func (e *embedded) writeOutbox(b *state.Batch, recs []kgo.Record) error {
	buf := binary.AppendVarint(nil, e.producer.ID)
	buf = binary.AppendVarint(buf, int64(e.producer.Epoch))
	used := map[TP]int{}
	var tps []TP
	for i := range recs {
		tp := TP{recs[i].Topic, recs[i].Partition}
		if _, ok := used[tp]; !ok {
			used[tp] = len(tps)
			tps = append(tps, tp)
		}
	}
	buf = binary.AppendUvarint(buf, uint64(len(tps)))
	for _, tp := range tps {
		buf = appendBytes(buf, []byte(tp.Topic))
		buf = binary.AppendVarint(buf, int64(tp.Partition))
		buf = binary.AppendVarint(buf, e.ends[tp])
	}
	for i := range recs {
		r := &recs[i]
		buf = binary.AppendUvarint(buf, uint64(used[TP{r.Topic, r.Partition}]))
		buf = binary.AppendVarint(buf, r.Timestamp.UnixMilli())
		buf = appendNullable(appendNullable(buf, r.Key), r.Value)
	}
	return b.SetMeta(e.w.topo.Query.ID, metaOutbox, buf)
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// appendNullable writes length+1 and the bytes, or 0 for nil.
func appendNullable(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

// cursor reads what the functions above wrote.
type cursor struct {
	src []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	n, used := binary.Uvarint(c.src)
	if used <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[used:]
	return n
}

func (c *cursor) varint() int64 {
	n, used := binary.Varint(c.src)
	if used <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[used:]
	return n
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.src)) {
		c.bad, c.src = true, nil
		return nil
	}
	out := c.src[:n:n]
	c.src = c.src[n:]
	return out
}

func (c *cursor) nullable() []byte {
	n := c.uvarint()
	if n == 0 {
		return nil
	}
	if out := c.take(n - 1); out != nil {
		return out
	}
	return []byte{}
}

type outbox struct {
	producer producerID
	first    map[TP]int64
	recs     []kgo.Record
}

func decodeOutbox(blob []byte) (*outbox, error) {
	c := &cursor{src: blob}
	o := &outbox{producer: producerID{c.varint(), int16(c.varint())}, first: map[TP]int64{}}
	tps := make([]TP, 0, 16)
	for n := c.uvarint(); n > 0 && !c.bad; n-- {
		tp := TP{string(c.take(c.uvarint())), int32(c.varint())}
		o.first[tp] = c.varint()
		tps = append(tps, tp)
	}
	for len(c.src) > 0 && !c.bad {
		i := c.uvarint()
		if i >= uint64(len(tps)) {
			return nil, types.ErrCorrupt
		}
		o.recs = append(o.recs, kgo.Record{Topic: tps[i].Topic, Partition: tps[i].Partition, Timestamp: time.UnixMilli(c.varint()),
			Key: c.nullable(), Value: c.nullable()})
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return o, nil
}

// deliver writes the batch, then gives the outbox to the broker, in the background.
func (e *embedded) deliver(ctx context.Context, b *state.Batch, recs []kgo.Record) {
	done := make(chan error, 1)
	e.sending, e.sent = done, recs
	go func() {
		if err := b.Commit(true); err != nil {
			done <- err
			return
		}
		e.w.opt.FailPoint("written")
		done <- e.sendAll(ctx, recs)
	}()
}

func (e *embedded) sendAll(ctx context.Context, recs []kgo.Record) error {
	var failed error
	size := int64(0)
	promise := func(r *kgo.Record, err error) {
		if err != nil && failed == nil {
			failed = fmt.Errorf("writing to %s, partition %d: %w", r.Topic, r.Partition, err)
		}
	}
	for from := 0; from < len(recs); from += sendChunk {
		chunk := recs[from:min(from+sendChunk, len(recs))]
		for i := range chunk {
			size += int64(len(chunk[i].Key) + len(chunk[i].Value))
			e.kgo.Produce(ctx, &chunk[i], promise)
		}
		if err := e.kgo.Flush(ctx); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		e.w.opt.FailPoint("sending")
	}
	e.w.stats.sent(int64(len(recs)), size)
	return nil
}

// arrivedAt notes how far the output topics reach, now that the broker has the records.
func (e *embedded) arrivedAt(recs []kgo.Record) {
	last, at := TP{}, int64(0)
	for i := range recs {
		if tp := (TP{recs[i].Topic, recs[i].Partition}); tp != last {
			e.reaches(last, at)
			last, at = tp, 0
		}
		at = max(at, recs[i].Offset+1)
	}
	e.reaches(last, at)
}

func (e *embedded) reaches(tp TP, at int64) {
	if at > e.ends[tp] {
		e.ends[tp] = at
	}
}

// acknowledged waits until the broker has all of the outbox.
func (e *embedded) acknowledged(ctx context.Context) error {
	if e.sending == nil {
		return nil
	}
	select {
	case err := <-e.sending:
		if err == nil {
			e.arrivedAt(e.sent)
			maps.Copy(e.durable, e.saved)
		}
		e.sending, e.sent = nil, nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle finds out how much of the last outbox arrived before the process died, and sends the rest.
func (e *embedded) settle(ctx context.Context) error {
	query := e.w.topo.Query.ID
	blob, err := e.w.opt.DB.Meta(query, metaOutbox)
	if err != nil || blob == nil {
		return err
	}
	o, err := decodeOutbox(blob)
	if err != nil {
		return &FatalError{fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	if len(o.recs) == 0 {
		return nil
	}
	arrived, err := e.arrived(ctx, o)
	if err != nil {
		return err
	}
	var rest []kgo.Record
	for i := range o.recs {
		tp := TP{o.recs[i].Topic, o.recs[i].Partition}
		if arrived[tp] > 0 {
			arrived[tp]--
			continue
		}
		rest = append(rest, o.recs[i])
	}
	b := e.w.opt.DB.NewBatch()
	if err := e.writeOutbox(b, rest); err != nil {
		return err
	}
	if err := b.Commit(true); err != nil {
		return err
	}
	e.w.opt.FailPoint("settled")
	if err := e.sendAll(ctx, rest); err != nil {
		return err
	}
	e.arrivedAt(rest)
	return nil
}

// arrived counts, per partition, the records with the outbox's producer id.
func (e *embedded) arrived(ctx context.Context, o *outbox) (map[TP]int, error) {
	from := map[string]map[int32]kgo.Offset{}
	left := map[TP]int64{}
	for tp, first := range o.first {
		if e.ends[tp] <= first {
			continue
		}
		if from[tp.Topic] == nil {
			from[tp.Topic] = map[int32]kgo.Offset{}
		}
		from[tp.Topic][tp.Partition] = kgo.NewOffset().At(first)
		left[tp] = e.ends[tp]
	}
	out := map[TP]int{}
	if len(left) == 0 {
		return out, nil
	}
	client, err := e.w.opt.Cluster.NewClient(kgo.ConsumePartitions(from))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			tp := TP{r.Topic, r.Partition}
			if r.Offset >= e.ends[tp] {
				return
			}
			if r.ProducerID == o.producer.ID && r.ProducerEpoch == o.producer.Epoch {
				out[tp]++
			}
			if r.Offset+1 >= left[tp] {
				delete(left, tp)
			}
		})
	}
	return out, nil
}

func encodeOffsets(offsets map[TP]int64) []byte {
	var buf []byte
	for tp, at := range offsets {
		buf = appendBytes(buf, []byte(tp.Topic))
		buf = binary.AppendVarint(buf, int64(tp.Partition))
		buf = binary.AppendVarint(buf, at)
	}
	return buf
}

func decodeOffsets(blob []byte) (map[TP]int64, error) {
	c := &cursor{src: blob}
	out := map[TP]int64{}
	for len(c.src) > 0 {
		tp := TP{string(c.take(c.uvarint())), int32(c.varint())}
		out[tp] = c.varint()
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return out, nil
}
