package commit

import (
	"context"
	"encoding/binary"
	"maps"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/kafka"
)

// sendChunk is how many records are given to the client before it is told to send them.
const sendChunk = 8192

// keptBlob bounds the memory that is kept for the next outbox.
const keptBlob = 32 << 20

// delivery says that a parcel has arrived, or why it did not.
type delivery struct {
	err     error
	offsets map[assignment.TP]int64
	reached map[assignment.TP]int64
}

// hand gives a parcel to the courier, who may have one in hand and one waiting.
func (e *Outbox) hand(ctx context.Context, p *parcel) error {
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
func (e *Outbox) note(d delivery) error {
	e.underway--
	if d.err != nil {
		return d.err
	}
	e.durable, e.reached = d.offsets, d.reached
	return nil
}

// collect takes in what has arrived by now.
func (e *Outbox) collect() error {
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

// Delivered waits until all parcels have arrived.
func (e *Outbox) Delivered(ctx context.Context) error {
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
func (e *Outbox) courier(ctx context.Context) {
	defer close(e.gone)
	var failed error
	for p := range e.parcels {
		if failed == nil {
			failed = e.bring(ctx, p)
		}
		e.arrived <- delivery{failed, p.offsets, maps.Clone(e.ends)}
	}
}

func (e *Outbox) bring(ctx context.Context, p *parcel) error {
	address := e.address(p.tps)
	ref, err := e.files.Write(encodeNote(address, p.places, p.topics), p.blob)
	if err != nil {
		return err
	}
	if cap(p.blob) <= keptBlob {
		select {
		case e.blobs <- p.blob[:0]:
		default:
		}
	}
	e.opt.FailPoint("outbox")
	if err := p.batch.SetMeta(e.tasks.Query(), metaOutbox, ref); err != nil {
		return err
	}
	if err := p.batch.SetMeta(e.tasks.Query(), metaAddress, address); err != nil {
		return err
	}
	if p.known && len(ref) > 0 {
		if err := p.batch.SetMeta(e.tasks.Query(), metaSeq, binary.AppendUvarint(nil, e.files.Seq())); err != nil {
			return err
		}
	}
	if err := e.owe(p); err != nil {
		return err
	}
	// No power loss may take from under the state what went into it.
	if err := e.opt.Durable(ctx, p.read); err != nil {
		return err
	}
	if err := p.batch.Commit(true); err != nil {
		return err
	}
	if e.owed != nil {
		e.owed.leftOut = append(e.owed.leftOut, p.leftOut...)
	}
	e.opt.FailPoint("written")
	for _, recs := range p.recs {
		if err := e.sendAll(ctx, recs); err != nil {
			return err
		}
	}
	for _, release := range p.release {
		release()
	}
	e.opt.FailPoint("acknowledged")
	e.pay()
	if len(ref) == 0 {
		return nil
	}
	// Until the topics have them on disk, the outbox is where the records are.
	if err := e.opt.Durable(ctx, e.written(p.tps)); err != nil {
		return err
	}
	// Not synced: should it be lost, the topics tell.
	b := e.opt.db.NewBatch()
	if err := b.SetMeta(e.tasks.Query(), metaOutbox, []byte{}); err != nil {
		return err
	}
	if err := b.Commit(false); err != nil {
		return err
	}
	e.opt.FailPoint("delivered")
	return nil
}

func (e *Outbox) sendAll(ctx context.Context, recs []kgo.Record) error {
	var failed error
	promise := func(r *kgo.Record, err error) {
		if err != nil && failed == nil {
			failed = writeError(r, err)
		}
	}
	for from := 0; from < len(recs); from += sendChunk {
		chunk := recs[from:min(from+sendChunk, len(recs))]
		for i := range chunk {
			e.kgo.Produce(ctx, &chunk[i], promise)
		}
		if err := e.kgo.Flush(ctx); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		e.opt.FailPoint("sending")
	}
	e.reach(recs)
	return nil
}

// reach notes how far the output topics reach and how much of it is ours, now that the broker has the records.
func (e *Outbox) reach(recs []kgo.Record) {
	eachWritten(recs, func(tp assignment.TP, end, count int64) {
		e.ends[tp] = max(e.ends[tp], end)
		e.sent[tp] += count
	})
}

// written are the ends of output partitions.
func (e *Outbox) written(tps []assignment.TP) kafka.Offsets {
	out := kafka.Offsets{}
	for _, tp := range tps {
		out.Set(tp.Topic, tp.Partition, e.ends[tp])
	}
	return out
}

// eachWritten gives, for each partition, the offset behind the last of the records and their number. Records of one topic come together,
// mostly.
func eachWritten(recs []kgo.Record, each func(tp assignment.TP, end, count int64)) {
	var ends, counts []int64 // per partition of topic
	topic := ""
	put := func() {
		for p, n := range counts {
			if n > 0 {
				each(assignment.TP{Topic: topic, Partition: int32(p)}, ends[p], n)
			}
		}
		ends, counts = ends[:0], counts[:0]
	}
	for i := range recs {
		if recs[i].Topic != topic {
			put()
			topic = recs[i].Topic
		}
		p := recs[i].Partition
		for int(p) >= len(ends) {
			ends, counts = append(ends, 0), append(counts, 0)
		}
		ends[p] = max(ends[p], recs[i].Offset+1)
		counts[p]++
	}
	put()
}
