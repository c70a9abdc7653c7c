package task

import (
	"fmt"

	"weir/exec/eval"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Constants computes the row of a query that reads nothing. The error is that of the first column that can't be computed.
func Constants(q *plan.Query, env *functions.Env) ([]types.Value, error) {
	k := &eval.Compiler{Env: env}
	fns := k.All(q.Row)
	ctx := k.NewCtx()
	ctx.Enter(nil)
	row := make([]types.Value, len(fns))
	for i, f := range fns {
		if row[i] = f(ctx); ctx.Err != nil {
			return nil, fmt.Errorf("Column %s: %w", types.QuoteName(q.Columns[i].Name), ctx.Err)
		}
	}
	return row, nil
}
