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

// insert writes one row, as INSERT INTO ... VALUES.
func (e *Engine) insert(ctx context.Context, s *Session, n *ast.InsertValues) (Result, error) {
	if err := s.bring(ctx); err != nil {
		return nil, err
	}
	v, err := planner.BuildValues(n, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil {
		return nil, err
	}
	row, err := task.Insert(v, &functions.Env{Now: time.Now, Config: e.config(s), Done: ctx.Done()})
	if err != nil {
		return nil, refuse(BadStatement, "Failed to insert values into '%s'. %v", v.Target.Name, err)
	}
	topic, err := e.opt.Cluster.Topic(ctx, v.Target.Topic)
	if err != nil {
		return nil, err
	}
	rec, err := e.record(v.Target, task.NewRowEncoder(v.Target, e.opt.Registry), row, int32(len(topic.Partitions)))
	if err != nil {
		return nil, err
	}
	if s.SkipUnchanged {
		return e.insertOnce(ctx, s, n, topic, rec)
	}
	return &Done{Sequence: -1, did: effect{wrote: rec.Topic}}, e.send(ctx, rec)
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

// send writes a record and waits until the broker has it.
func (e *Engine) send(ctx context.Context, rec *kgo.Record) error {
	if err := e.room(); err != nil {
		return err
	}
	client, err := e.inserts()
	if err != nil {
		return err
	}
	if err := client.ProduceSync(ctx, rec).FirstErr(); err != nil {
		return fmt.Errorf("cannot write to %s: %w", rec.Topic, e.opt.Cluster.Denied(err, kafka.OnTopic("Write", rec.Topic)))
	}
	return nil
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
