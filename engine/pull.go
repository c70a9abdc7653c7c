package engine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"weir/exec/pull"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// pull answers a query over a table from what its query has committed. Rows go to the client as they are found.
func (e *Engine) pull(ctx context.Context, s *Session, q *plan.Query, sources []string) (Result, error) {
	table := q.Lookup.Table
	e.mu.Lock()
	r := e.queries[table.Query]
	starting := r != nil && r.waits && r.worker.Partitions() == 0
	e.mu.Unlock()
	if r == nil {
		return nil, pull.NotRunning(q.Lookup)
	}
	if starting {
		return nil, &Error{Kind: System, Msg: fmt.Sprintf("the query that makes %s is not started yet: ask again in a moment. SHOW QUERIES tells what it waits for", table.Name)}
	}
	x, done, err := e.transients.add(context.WithoutCancel(ctx), ordinary, s.Principal, q, sources, -1)
	if err != nil {
		return nil, err
	}
	db, err := e.state.DB()
	if err != nil {
		done()
		return nil, err
	}
	view, err := db.View()
	if err != nil {
		done()
		return nil, err
	}
	env := e.transientEnv(x, table.Query, e.config(s), nil)
	out := newStream[Row]()
	go func() {
		defer done()
		defer close(out.pieces)
		defer view.Close()
		p := pieces{give: out.give}
		err := pull.Answer(x.ctx, q.Lookup, r.topo, env.Functions, view, r.worker.Partitions(), p.add)
		if err == nil {
			err = p.flush(x.ctx)
		}
		out.err = x.ended(err)
	}()
	if err := out.first(ctx); err != nil {
		x.cancel()
		return nil, err
	}
	return &Rows{QueryID: x.id, Kind: plan.Pull, Columns: q.Columns, Table: true, Limit: q.Lookup.Limit, next: out.next, close: x.cancel}, nil
}

// ended is the error that the client of a pull query gets.
func (x *transient) ended(err error) error {
	var limit *functions.LimitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limit): // with the function that met it
		return refuse(BadStatement, "%v", err)
	case x.limit() != nil:
		return x.limit()
	case x.ctx.Err() != nil:
		return refuse(BadStatement, "the query was terminated")
	}
	return err
}

// pieces gathers rows until they are worth handing on.
type pieces struct {
	give  func(ctx context.Context, rows []Row) error
	rows  []Row
	bytes int
}

// pieceRows and pieceBytes are from where on rows are handed on.
const pieceRows, pieceBytes = 1000, 1 << 20

func (p *pieces) add(ctx context.Context, row []types.Value, ts int64) error {
	p.rows = append(p.rows, Row{Values: row, Timestamp: ts})
	if p.bytes += types.SizeOf(row, math.MaxInt); len(p.rows) < pieceRows && p.bytes < pieceBytes {
		return nil
	}
	return p.flush(ctx)
}

func (p *pieces) flush(ctx context.Context) error {
	if len(p.rows) == 0 {
		return ctx.Err()
	}
	rows := p.rows
	p.rows, p.bytes = nil, 0
	return p.give(ctx, rows)
}
