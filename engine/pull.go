package engine

import (
	"context"
	"io"

	"weir/exec/pull"
	"weir/planner/plan"
	"weir/types"
)

// pull answers a query over a table from what its query has committed.
func (e *Engine) pull(ctx context.Context, s *Session, q *plan.Query, sources []string) (Result, error) {
	table := q.Lookup.Table
	e.mu.Lock()
	r := e.queries[table.Query]
	e.mu.Unlock()
	if r == nil {
		return nil, pull.NotRunning(q.Lookup)
	}
	x, done, err := e.transients.add(ctx, q, sources, 0)
	if err != nil {
		return nil, err
	}
	defer done()
	db, err := e.state.DB()
	if err != nil {
		return nil, err
	}
	view, err := db.View()
	if err != nil {
		return nil, err
	}
	defer view.Close()
	var rows []Row
	env := e.execEnv(table.Query, e.config(s), nil)
	err = pull.Answer(x.ctx, q.Lookup, r.topo, env.Functions, view, r.worker.Partitions(), func(row []types.Value, ts int64) error {
		rows = append(rows, Row{Values: row, Timestamp: ts})
		return nil
	})
	if err != nil && x.ctx.Err() != nil && ctx.Err() == nil {
		return nil, refuse(BadStatement, "the query was terminated")
	}
	if err != nil {
		return nil, err
	}
	return &Rows{Kind: plan.Pull, Columns: q.Columns, Table: true, Limit: q.Lookup.Limit, next: func(context.Context) (Row, error) {
		if len(rows) == 0 {
			return Row{}, io.EOF
		}
		first := rows[0]
		rows = rows[1:]
		return first, nil
	}}, nil
}
