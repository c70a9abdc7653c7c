package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/types"
)

// sendChunk is how many records are given to the client before it is told to send them.
const sendChunk = 8192

// keptBlob bounds the memory that is kept for the next outbox.
const keptBlob = 32 << 20

// parcel is what one commit has to bring: a batch, and the outbox in it.
type parcel struct {
	batch   *state.Batch
	blob    []byte // the outbox as it is stored: which partition of tps, timestamp, key, value, per record
	tps     []TP
	topic   string           // of index
	index   []int            // number of a partition of topic in tps, plus 1
	others  map[string][]int // indexes of other topics
	recs    [][]kgo.Record   // per task
	release []func()
	offsets map[TP]int64 // of the inputs
}

// delivery says that a parcel has arrived, or why it did not.
type delivery struct {
	err     error
	offsets map[TP]int64
	reached map[TP]int64
}

// add takes an output into the parcel.
func (p *parcel) add(out *Output) {
	if len(out.Records) == 0 {
		return
	}
	full := out.Take()
	p.recs = append(p.recs, full.Records)
	p.release = append(p.release, func() { out.Release(full) })
	p.blob = slices.Grow(p.blob, full.Bytes+16*len(full.Records))
	for i := range full.Records {
		p.append(&full.Records[i])
	}
}

func (p *parcel) append(r *kgo.Record) {
	p.blob = binary.AppendUvarint(p.blob, uint64(p.place(r.Topic, r.Partition)))
	p.blob = binary.AppendVarint(p.blob, r.Timestamp.UnixMilli())
	p.blob = appendNullable(appendNullable(p.blob, r.Key), r.Value)
	p.blob = binary.AppendUvarint(p.blob, uint64(len(r.Headers)))
	for _, h := range r.Headers {
		p.blob = appendNullable(appendNullable(p.blob, []byte(h.Key)), h.Value)
	}
}

// place numbers the output partitions of the parcel. Records of one topic come together.
func (p *parcel) place(topic string, part int32) int {
	if topic != p.topic {
		if p.others == nil {
			p.others = map[string][]int{}
		}
		p.others[p.topic] = p.index
		p.topic, p.index = topic, p.others[topic]
	}
	for int(part) >= len(p.index) {
		p.index = append(p.index, 0)
	}
	if p.index[part] == 0 {
		p.tps = append(p.tps, TP{topic, part})
		p.index[part] = len(p.tps)
	}
	return p.index[part] - 1
}

// address is what is stored beside an outbox: the producer that sends it, and the first offset at which its records can
// lie in each partition.
func (e *embedded) address(tps []TP) []byte {
	buf := binary.AppendVarint(nil, e.producer.ID)
	buf = binary.AppendVarint(buf, int64(e.producer.Epoch))
	for _, tp := range tps {
		buf = appendBytes(buf, []byte(tp.Topic))
		buf = binary.AppendVarint(buf, int64(tp.Partition))
		buf = binary.AppendVarint(buf, e.ends[tp])
	}
	return buf
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

func (c *cursor) headers() []kgo.RecordHeader {
	var out []kgo.RecordHeader
	for n := c.uvarint(); n > 0 && !c.bad; n-- {
		out = append(out, kgo.RecordHeader{Key: string(c.nullable()), Value: c.nullable()})
	}
	return out
}

type outbox struct {
	producer producerID
	first    map[TP]int64
	recs     []kgo.Record
}

func decodeOutbox(address, blob []byte) (*outbox, error) {
	c := &cursor{src: address}
	o := &outbox{producer: producerID{c.varint(), int16(c.varint())}, first: map[TP]int64{}}
	var tps []TP
	for len(c.src) > 0 && !c.bad {
		tp := TP{string(c.take(c.uvarint())), int32(c.varint())}
		o.first[tp] = c.varint()
		tps = append(tps, tp)
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	c.src = blob
	for len(c.src) > 0 && !c.bad {
		i := c.uvarint()
		if i >= uint64(len(tps)) {
			return nil, types.ErrCorrupt
		}
		o.recs = append(o.recs, kgo.Record{Topic: tps[i].Topic, Partition: tps[i].Partition, Timestamp: time.UnixMilli(c.varint()),
			Key: c.nullable(), Value: c.nullable(), Headers: c.headers()})
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return o, nil
}

// hand gives a parcel to the courier, who may have one in hand and one waiting.
func (e *embedded) hand(ctx context.Context, p *parcel) error {
	for {
		select {
		case e.parcels <- p:
			e.underway++
			return nil
		case d := <-e.arrived:
			if err := e.note(d); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// note takes in that a parcel has arrived.
func (e *embedded) note(d delivery) error {
	e.underway--
	if d.err != nil {
		return d.err
	}
	e.durable, e.reached = d.offsets, d.reached
	return nil
}

// collect takes in what has arrived by now.
func (e *embedded) collect() error {
	for {
		select {
		case d := <-e.arrived:
			if err := e.note(d); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// delivered waits until all parcels have arrived.
func (e *embedded) delivered(ctx context.Context) error {
	for e.underway > 0 {
		select {
		case d := <-e.arrived:
			if err := e.note(d); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// courier brings parcels, one after the other: the batch is on disk before its outbox is sent, and the next batch is
// written only when the broker has all of the outbox. After a failure it brings nothing more.
func (e *embedded) courier(ctx context.Context) {
	defer close(e.gone)
	var failed error
	for p := range e.parcels {
		if failed == nil {
			failed = e.bring(ctx, p)
		}
		e.arrived <- delivery{failed, p.offsets, maps.Clone(e.ends)}
	}
}

func (e *embedded) bring(ctx context.Context, p *parcel) error {
	ref, err := e.outbox.Write(p.blob)
	if err != nil {
		return err
	}
	if cap(p.blob) <= keptBlob {
		select {
		case e.blobs <- p.blob[:0]:
		default:
		}
	}
	e.w.opt.FailPoint("outbox")
	if err := p.batch.SetMeta(e.w.topo.Query.ID, metaOutbox, ref); err != nil {
		return err
	}
	if err := p.batch.SetMeta(e.w.topo.Query.ID, metaAddress, e.address(p.tps)); err != nil {
		return err
	}
	if err := p.batch.Commit(true); err != nil {
		return err
	}
	e.w.opt.FailPoint("written")
	for _, recs := range p.recs {
		if err := e.sendAll(ctx, recs); err != nil {
			return err
		}
	}
	for _, release := range p.release {
		release()
	}
	e.w.opt.FailPoint("acknowledged")
	return nil
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
	e.reach(recs)
	return nil
}

// reach notes how far the output topics reach, now that the broker has the records, which are of one topic mostly.
func (e *embedded) reach(recs []kgo.Record) {
	var ends []int64 // per partition of topic
	topic := ""
	put := func() {
		for p, end := range ends {
			if tp := (TP{topic, int32(p)}); end > e.ends[tp] {
				e.ends[tp] = end
			}
		}
		ends = ends[:0]
	}
	for i := range recs {
		if recs[i].Topic != topic {
			put()
			topic = recs[i].Topic
		}
		for int(recs[i].Partition) >= len(ends) {
			ends = append(ends, 0)
		}
		ends[recs[i].Partition] = max(ends[recs[i].Partition], recs[i].Offset+1)
	}
	put()
}

// settle finds out how much of the last outbox arrived before the process died, and sends the rest.
func (e *embedded) settle(ctx context.Context) error {
	query := e.w.topo.Query.ID
	ref, err := e.w.opt.DB.Meta(query, metaOutbox)
	if err != nil || ref == nil {
		return err
	}
	blob, err := e.outbox.Read(ref)
	if err != nil {
		return &FatalError{fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	if len(blob) == 0 {
		return nil
	}
	address, err := e.w.opt.DB.Meta(query, metaAddress)
	if err != nil {
		return err
	}
	o, err := decodeOutbox(address, blob)
	if err != nil {
		return &FatalError{fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	there, err := e.count(ctx, o)
	if err != nil {
		return err
	}
	p := &parcel{batch: e.w.opt.DB.NewBatch()}
	var rest []kgo.Record
	for i := range o.recs {
		if tp := (TP{o.recs[i].Topic, o.recs[i].Partition}); there[tp] > 0 {
			there[tp]--
			continue
		}
		rest = append(rest, o.recs[i])
		p.append(&o.recs[i])
	}
	p.recs = [][]kgo.Record{rest}
	e.w.opt.FailPoint("settled")
	return e.bring(ctx, p)
}

// count counts, per partition, the records with the outbox's producer id.
func (e *embedded) count(ctx context.Context, o *outbox) (map[TP]int, error) {
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

func appendOffset(dst []byte, id feedID, at int64) []byte {
	dst = appendBytes(dst, []byte(id.topic))
	for _, n := range []int64{int64(id.partition), int64(id.stage), int64(id.input), at} {
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

func decodeOffsets(blob []byte) (map[feedID]int64, error) {
	c := &cursor{src: blob}
	out := map[feedID]int64{}
	for len(c.src) > 0 {
		id := feedID{topic: string(c.take(c.uvarint())), partition: int32(c.varint()), stage: int(c.varint()), input: int(c.varint())}
		out[id] = c.varint()
	}
	if c.bad {
		return nil, types.ErrCorrupt
	}
	return out, nil
}
