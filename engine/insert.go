package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/eval"
	"weir/formats"
	"weir/functions"
	"weir/kafka"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/types"
)

// insert writes one row, as INSERT INTO ... VALUES.
func (e *Engine) insert(ctx context.Context, s *Session, n *ast.InsertValues) (Result, error) {
	v, err := planner.BuildValues(n, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil {
		return nil, err
	}
	row, rowTime, err := evaluate(v, &functions.Env{Now: time.Now, Config: e.config(s)})
	if err != nil {
		return nil, refuse(BadStatement, "Failed to insert values into '%s'. %v", v.Target.Name, err)
	}
	if s.SkipUnchanged {
		return e.insertOnce(ctx, s, n, v.Target, row, rowTime)
	}
	if err := e.Produce(ctx, v.Target, row, rowTime); err != nil {
		return nil, err
	}
	return &Done{Sequence: -1}, nil
}

// evaluate computes the values; rowTime is 0 where the statement does not say.
func evaluate(v *planner.Values, env *functions.Env) (row []types.Value, rowTime int64, err error) {
	k := &eval.Compiler{Env: env}
	row = make([]types.Value, len(v.Exprs))
	fns := make([]eval.Fn, len(v.Exprs))
	for i, x := range v.Exprs {
		if x != nil {
			fns[i] = k.Compile(x)
		}
	}
	var timeFn eval.Fn
	if v.RowTime != nil {
		timeFn = k.Compile(v.RowTime)
	}
	ctx := k.NewCtx()
	for i, f := range fns {
		if f != nil {
			row[i] = f(ctx)
		}
	}
	if timeFn != nil {
		rowTime = timeFn(ctx).Int()
	}
	return row, rowTime, ctx.Err
}

// Produce writes a row, in the order of the target's schema, to its topic. ms is the timestamp; 0 for now.
func (e *Engine) Produce(ctx context.Context, target *catalog.Source, row []types.Value, ms int64) error {
	topic, err := e.opt.Cluster.Topic(ctx, target.Topic)
	if err != nil {
		return err
	}
	rec, err := e.record(target, row, ms, int32(len(topic.Partitions)))
	if err != nil {
		return err
	}
	return e.send(ctx, rec)
}

// record makes the record of a row, for one of the partitions that its topic has.
func (e *Engine) record(target *catalog.Source, row []types.Value, ms int64, parts int32) (*kgo.Record, error) {
	rec, err := e.encode(target, row)
	if err != nil {
		return nil, refuse(BadStatement, "Failed to insert values into '%s'. %v", target.Name, err)
	}
	if rec.Timestamp = time.UnixMilli(ms); ms == 0 {
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
	if e.opt.Embedded {
		if err := e.db.Room(); err != nil {
			return &Error{Kind: System, Msg: err.Error(), Err: err}
		}
	}
	client, err := e.inserts()
	if err != nil {
		return err
	}
	if err := client.ProduceSync(ctx, rec).FirstErr(); err != nil {
		return fmt.Errorf("cannot write to %s: %w", rec.Topic, err)
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

func (e *Engine) encode(target *catalog.Source, row []types.Value) (*kgo.Record, error) {
	rec := &kgo.Record{Topic: target.Topic}
	for _, side := range []struct {
		role types.Role
		key  bool
		dst  *[]byte
	}{{types.KeyColumn, true, &rec.Key}, {types.ValueColumn, false, &rec.Value}} {
		cols := target.Schema.With(side.role)
		if len(cols) == 0 {
			continue
		}
		serde := target.Value
		if side.key {
			serde = target.Key
		}
		var slots []int
		empty := true
		for i, c := range target.Schema {
			if c.Role == side.role {
				slots = append(slots, i)
				empty = empty && row[i].IsNull()
			}
		}
		if side.key && empty {
			continue
		}
		spec := plan.Spec(serde, side.key, target.Topic)
		spec.Registry = e.opt.Registry
		enc, err := formats.NewEncoder(spec, cols, slots)
		if err != nil {
			return nil, err
		}
		out, err := enc.Append([]byte{}, row)
		if err != nil && !errors.Is(err, formats.ErrNullRecord) {
			return nil, err
		}
		if err == nil {
			*side.dst = out
		}
	}
	return rec, nil
}
