package commit

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
	"weir/kafka"
)

// settle finds out how much of the last outbox arrived before the session ended, and sends the rest. What a topic takes no
// longer is left out and told of.
func (e *Outbox) settle(ctx context.Context, o *leftover) error {
	if err := e.forgive(); err != nil {
		return err
	}
	if o == nil {
		e.pay()
		return nil
	}
	left := o.arrived
	p := &parcel{batch: e.opt.db.NewBatch(), places: o.places, topics: encodeTopics(e.tasks), known: e.rebuild == nil}
	var rest []kgo.Record
	begun := map[int32]bool{} // partitions of the result that get more rows
	for i := range o.recs {
		r := &o.recs[i]
		if tp := (assignment.TP{Topic: r.Topic, Partition: r.Partition}); left[tp] > 0 {
			left[tp]--
			continue
		}
		limits := e.tasks.Topics[r.Topic].Limits
		if err := limits.Check(r, e.tasks.Env.Functions.Now); err != nil {
			e.leaveOut(r, err)
			p.leftOut = append(p.leftOut, r.Topic)
			continue
		}
		if result := e.tasks.Topology.Last().Output(e.tasks.Env); r.Topic == result && !begun[r.Partition] {
			begun[r.Partition] = true
			task.Resend(r, e.tasks.Number)
		}
		rest = append(rest, *r)
		p.append(r)
	}
	p.recs = [][]kgo.Record{rest}
	e.opt.FailPoint("settled")
	if err := e.opt.Problems.Flush(ctx); err != nil {
		return err
	}
	return e.bring(ctx, p)
}

// open reads the last outbox; nil where it was delivered, or there is none.
func (e *Outbox) open() (*decoded, error) {
	query := e.tasks.Query()
	ref, err := e.opt.db.Meta(query, metaOutbox)
	if err != nil || len(ref) == 0 {
		return nil, err
	}
	address, err := e.opt.db.Meta(query, metaAddress)
	if err != nil {
		return nil, err
	}
	if address == nil {
		e.opt.Log.Warn("an outbox does not say who sent it, as those of earlier versions: it is taken for delivered", "query", query)
		return nil, nil
	}
	blob, err := e.files.Read(ref)
	if err != nil {
		return nil, &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	o, err := decodeOutbox(address, blob)
	if err != nil {
		return nil, &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	return o, nil
}

// leaveOut tells of a record that will not be sent.
func (e *Outbox) leaveOut(r *kgo.Record, why error) {
	if e.tasks.Env.Bad != nil {
		e.tasks.Env.Bad(task.BadRecord{Topic: r.Topic, Partition: r.Partition, Offset: -1, Time: r.Timestamp.UnixMilli(), Kind: task.RecordProcessingError,
			Message: "sink: " + why.Error(), Key: r.Key, Value: r.Value})
	}
}

// arrivals are how many records of the outbox, from its beginning, each partition has got. A broker takes what a producer
// writes into a partition in order, so the last that is there says it for all before, whatever else was written between, and
// deleted since.
func (e *Outbox) arrivals(ctx context.Context, o *decoded) (map[assignment.TP]int64, error) {
	out := map[assignment.TP]int64{}
	var topics []string
	for tp := range o.first {
		topics = append(topics, tp.Topic)
	}
	starts, err := e.opt.Cluster.StartOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	for tp, a := range o.first {
		start, end := starts[tp.Topic][tp.Partition], e.ends[tp]
		if end < a.offset {
			err := e.opt.lose(e.tasks, Lost{Topic: tp.Topic, Partition: tp.Partition, From: end, To: a.offset,
				Reason: "the topic that the query writes is shorter than it was, or was deleted and made anew. What was written there is not written again"})
			if err != nil {
				return nil, err
			}
		}
		arrived, seen := int64(0), false
		upTo := func(number int64) {
			const numbers = 1 << 31 // they begin anew behind the largest of 32 bits
			arrived, seen = max(arrived, (number-a.number%numbers+numbers)%numbers+1), true
		}
		err := e.opt.Cluster.Batches(ctx, tp.Topic, tp.Partition, max(a.offset, start), end, func(b kafka.Batch) {
			if b.Control || b.ProducerID != o.producer.ID || b.ProducerEpoch != o.producer.Epoch {
				return
			}
			upTo(int64(b.Sequence) + b.Last - b.First)
		})
		if err != nil {
			return nil, err
		}
		if last, at, ok := e.opt.Compacted(tp.Topic, tp.Partition, o.producer.ID, o.producer.Epoch); ok && at >= a.offset {
			upTo(int64(last))
		}
		if !seen && start > a.offset {
			// All that could tell was deleted: what was deleted is taken for ours, and may have been somebody else's.
			arrived = start - a.offset
			err := e.opt.lose(e.tasks, Lost{Topic: tp.Topic, Partition: tp.Partition, From: a.offset, To: start,
				Reason: "they were deleted before it could be seen which of them the query had written last. It takes all for its own: rows that it was about to write may be missing"})
			if err != nil {
				return nil, err
			}
		}
		out[tp] = arrived
	}
	return out, nil
}
