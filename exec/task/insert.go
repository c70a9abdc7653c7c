package task

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/eval"
	"weir/formats"
	"weir/functions"
	"weir/planner/plan"
	"weir/registry"
	"weir/types"
)

// Inserted is the row of an INSERT INTO ... VALUES, in the order of its target's columns.
type Inserted struct {
	Values []types.Value
	Time   time.Time // zero where the statement does not say
}

// Insert computes the row of an INSERT INTO ... VALUES.
func Insert(v *plan.Values, env *functions.Env) (Inserted, error) {
	k := &eval.Compiler{Env: env, Checked: true}
	exprs := append([]plan.Expr{v.RowTime}, v.Exprs...)
	fns := make([]eval.Fn, len(exprs))
	for i, x := range exprs {
		if x != nil {
			fns[i] = k.Compile(x)
		}
	}
	ctx := k.NewCtx()
	row := make([]types.Value, len(exprs))
	for i, f := range fns {
		if f == nil {
			continue
		}
		if row[i] = f(ctx); ctx.Err != nil {
			name := types.RowTime
			if i > 0 {
				name = v.Target.Schema[i-1].Name
			}
			return Inserted{}, fmt.Errorf("Column %s: %w", types.QuoteName(name), ctx.Err)
		}
	}
	out := Inserted{Values: row[1:]}
	switch at := row[0]; {
	case at.IsNull():
	case at.Int() < 0:
		return out, fmt.Errorf("Invalid timestamp: %d. Timestamp should always be non-negative or null.", at.Int())
	default:
		out.Time = time.UnixMilli(at.Int())
	}
	return out, nil
}

// RowEncoder makes records of rows for a stream or table.
type RowEncoder struct {
	topic string
	sides [2]plan.Side
	encs  [2]formats.Encoder // of the sides; nil until a row has something for it, since it may register a schema
}

// NewRowEncoder makes one for rows in the order of the target's columns.
func NewRowEncoder(target *catalog.Source, reg registry.Client) *RowEncoder {
	return &RowEncoder{topic: target.Topic, sides: plan.Sides(target, reg)}
}

// Record makes the key and the value of the record of a row.
func (e *RowEncoder) Record(row []types.Value) (*kgo.Record, error) {
	rec := &kgo.Record{Topic: e.topic}
	for i, side := range e.sides {
		empty := true
		for _, slot := range side.Slots {
			empty = empty && row[slot].IsNull()
		}
		if len(side.Slots) == 0 || empty && side.Spec.IsKey {
			continue
		}
		if e.encs[i] == nil {
			enc, err := formats.NewEncoder(side.Spec, side.Columns, side.Slots)
			if err != nil {
				return nil, err
			}
			e.encs[i] = enc
		}
		out, err := e.encs[i].Append([]byte{}, row)
		switch {
		case errors.Is(err, formats.ErrNullRecord):
		case err != nil:
			return nil, err
		case side.Spec.IsKey:
			rec.Key = out
		default:
			rec.Value = out
		}
	}
	return rec, nil
}
