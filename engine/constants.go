package engine

import (
	"context"
	"io"
	"time"

	"weir/exec/task"
	"weir/functions"
	"weir/planner/plan"
)

// constants answers a query that reads nothing with its one row.
func (e *Engine) constants(ctx context.Context, s *Session, q *plan.Query) (Result, error) {
	row, err := task.Constants(q, &functions.Env{Now: time.Now, Config: e.config(s), Done: ctx.Done()})
	if err != nil {
		return nil, refuse(BadStatement, "%v", err)
	}
	given := false
	return &Rows{Kind: plan.Pull, Columns: q.Columns, Limit: -1, next: func(context.Context) (Row, error) {
		if given {
			return Row{}, io.EOF
		}
		given = true
		return Row{Values: row, Timestamp: time.Now().UnixMilli()}, nil
	}}, nil
}
