package commit

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/exec/task"
)

// settle finds out how much of the last outbox arrived before the process died, and sends the rest.
func (e *Outbox) settle(ctx context.Context) error {
	query := e.tasks.Query()
	ref, err := e.opt.DB.Meta(query, metaOutbox)
	if err != nil || ref == nil {
		return err
	}
	blob, err := e.files.Read(ref)
	if err != nil {
		return &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	if len(blob) == 0 {
		return nil
	}
	address, err := e.opt.DB.Meta(query, metaAddress)
	if err != nil {
		return err
	}
	o, err := decodeOutbox(address, blob)
	if err != nil {
		return &task.FatalError{Err: fmt.Errorf("the outbox of %s can't be read: %w", query, err)}
	}
	there, err := e.count(ctx, o)
	if err != nil {
		return err
	}
	p := &parcel{batch: e.opt.DB.NewBatch()}
	var rest []kgo.Record
	for i := range o.recs {
		if tp := (assignment.TP{Topic: o.recs[i].Topic, Partition: o.recs[i].Partition}); there[tp] > 0 {
			there[tp]--
			continue
		}
		rest = append(rest, o.recs[i])
		p.append(&o.recs[i])
	}
	p.recs = [][]kgo.Record{rest}
	e.opt.FailPoint("settled")
	return e.bring(ctx, p)
}

// count counts, per partition, the records with the outbox's producer id.
func (e *Outbox) count(ctx context.Context, o *decoded) (map[assignment.TP]int, error) {
	from := map[string]map[int32]kgo.Offset{}
	left := map[assignment.TP]int64{}
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
	out := map[assignment.TP]int{}
	if len(left) == 0 {
		return out, nil
	}
	client, err := e.opt.Cluster.NewClient(kgo.ConsumePartitions(from))
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
			tp := assignment.TP{Topic: r.Topic, Partition: r.Partition}
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
