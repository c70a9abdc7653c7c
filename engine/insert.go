package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/task"
	"weir/functions"
	"weir/kafka"
	"weir/parser/ast"
	"weir/planner"
)

// insert writes rows, as INSERT INTO ... VALUES: none of them where one is wrong.
func (e *Engine) insert(ctx context.Context, s *Session, n *ast.InsertValues) (Result, error) {
	if err := s.bring(ctx); err != nil {
		return nil, err
	}
	rows, err := planner.BuildValues(n, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil {
		return nil, err
	}
	target := rows[0].Target
	topic, err := e.opt.Cluster.Topic(ctx, target.Topic)
	if err != nil {
		return nil, err
	}
	encoder := task.NewRowEncoder(target, e.opt.Registry)
	recs := make([]*kgo.Record, len(rows))
	for i, v := range rows {
		row, err := task.Insert(v, &functions.Env{Now: time.Now, Config: e.config(s), Done: ctx.Done()})
		if err != nil {
			return nil, refuse(BadStatement, "Failed to insert values into '%s'. %v", target.Name, err)
		}
		if recs[i], err = e.record(target, encoder, row, int32(len(topic.Partitions))); err != nil {
			return nil, err
		}
	}
	if s.SkipUnchanged {
		return e.insertOnce(ctx, s, n, topic, recs)
	}
	return &Done{Sequence: -1, did: effect{wrote: target.Topic}}, e.send(ctx, recs...)
}

// record makes the record of a row, for one of the partitions that its topic has.
func (e *Engine) record(target *catalog.Source, enc *task.RowEncoder, row task.Inserted, parts int32) (*kgo.Record, error) {
	rec, err := enc.Record(row.Values)
	if err != nil {
		return nil, refuse(BadStatement, "Failed to insert values into '%s'. %v", target.Name, err)
	}
	if rec.Timestamp = row.Time; row.Time.IsZero() {
		rec.Timestamp = time.Now()
	}
	if rec.Key != nil {
		rec.Partition = kafka.Partition(rec.Key, parts)
	} else {
		rec.Partition = e.turn.Add(1) % parts
	}
	return rec, nil
}

// send writes records of one topic and waits until the broker has them.
func (e *Engine) send(ctx context.Context, recs ...*kgo.Record) error {
	if err := e.room(); err != nil {
		return err
	}
	client, err := e.inserts()
	if err != nil {
		return err
	}
	written := 0
	for _, r := range client.ProduceSync(ctx, recs...) {
		if r.Err == nil {
			written++
		} else if err == nil {
			err = e.opt.Cluster.Denied(r.Err, kafka.OnTopic("Write", r.Record.Topic))
		}
	}
	switch {
	case err == nil:
		return nil
	case written > 0:
		return fmt.Errorf("cannot write to %s: %d of %d rows are there, and the others are not: %w", recs[0].Topic, written, len(recs), err)
	default:
		return fmt.Errorf("cannot write to %s: %w", recs[0].Topic, err)
	}
}

// room says why nothing more may be written: the broker is in this process, and its disk is full.
func (e *Engine) room() error {
	if !e.opt.Embedded {
		return nil
	}
	db, err := e.state.DB()
	if err == nil {
		err = db.Room()
	}
	if err != nil {
		return &Error{Kind: System, Msg: err.Error(), Err: err}
	}
	return nil
}

// inserts is the client for single rows, opened when first needed.
func (e *Engine) inserts() (*kgo.Client, error) {
	e.insertMu.Lock()
	defer e.insertMu.Unlock()
	if e.insertClient != nil {
		return e.insertClient, nil
	}
	c, err := e.opt.Cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	e.insertClient = c
	return c, err
}
