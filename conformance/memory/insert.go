package memory

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/eval"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/types"
)

// insert writes the row of an INSERT INTO ... VALUES; without ROWTIME its time is 0.
func (e *Engine) insert(n *ast.InsertValues) error {
	v, row, err := e.Row(n, e.catalog.Snapshot())
	if err != nil {
		return err
	}
	rec := &kgo.Record{Topic: v.Target.Topic, Partition: -1, Timestamp: time.UnixMilli(row.Time)}
	if rec.Key, err = e.encode(v.Target, true, row.Values); err != nil {
		return fmt.Errorf("Failed to insert values into '%s'. %w", v.Target.Name, err)
	}
	if rec.Value, err = e.encode(v.Target, false, row.Values); err != nil {
		return fmt.Errorf("Failed to insert values into '%s'. %w", v.Target.Name, err)
	}
	return e.Driver.Produce(rec)
}

// Row computes the row of an INSERT, in the order of its target's columns, and its time. The target is looked up in the
// catalog given.
func (e *Engine) Row(n *ast.InsertValues, in catalog.Reader) (*planner.Values, Row, error) {
	env := e.planEnv()
	env.Catalog = in
	v, err := planner.BuildValues(n, env)
	if err != nil {
		return nil, Row{}, err
	}
	k := &eval.Compiler{Env: e.functionEnv()}
	exprs := append([]plan.Expr{v.RowTime}, v.Exprs...)
	fns := make([]eval.Fn, len(exprs))
	for i, x := range exprs {
		if x != nil {
			fns[i] = k.Compile(x)
		}
	}
	ctx := k.NewCtx()
	out := make([]types.Value, len(exprs))
	for i, f := range fns {
		if f != nil {
			out[i] = f(ctx)
		}
	}
	if ctx.Err != nil {
		return nil, Row{}, fmt.Errorf("Failed to insert values into '%s'. %w", v.Target.Name, ctx.Err)
	}
	return v, Row{Values: out[1:], Time: out[0].Int()}, nil
}

// encode writes a row's key or value; nil where there is none.
func (e *Engine) encode(target *catalog.Source, key bool, row []types.Value) ([]byte, error) {
	role, serde := types.ValueColumn, target.Value
	if key {
		role, serde = types.KeyColumn, target.Key
	}
	var slots []int
	given := false
	for i, c := range target.Schema {
		if c.Role == role {
			slots = append(slots, i)
			given = given || !row[i].IsNull()
		}
	}
	if len(slots) == 0 || key && !given {
		return nil, nil
	}
	spec := plan.Spec(serde, key, target.Topic)
	spec.Registry = e.Registry
	enc, err := formats.NewEncoder(spec, target.Schema.With(role), slots)
	if err != nil {
		return nil, err
	}
	out, err := enc.Append([]byte{}, row)
	if errors.Is(err, formats.ErrNullRecord) {
		return nil, nil
	}
	return out, err
}
