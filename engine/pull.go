package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"weir/catalog"
	"weir/exec/pull"
	"weir/exec/state"
	"weir/fault"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// errChanged is that what makes a table has been exchanged since a query over the table was planned.
var errChanged = errors.New("what makes the table has been exchanged: plan again")

// pull answers a query over a table, planned by a catalog, from what the table's query has committed. Rows go to the client as they are found.
func (e *Engine) pull(ctx context.Context, s *Session, q *plan.Query, sources []string, planned *catalog.Snapshot) (Result, error) {
	table := q.Lookup.Table
	r, view, err := e.viewOf(ctx, q.Lookup, planned)
	if err != nil {
		return nil, err
	}
	if fewRows(q.Lookup) {
		out, err := e.pullWhole(ctx, s, q, sources, r, view)
		if !errors.Is(err, errMore) {
			view.Close()
			return out, err
		}
	}
	x, done, err := e.transients.add(context.WithoutCancel(ctx), ordinary, s.Principal, q, sources, -1)
	if err != nil {
		view.Close()
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
		e.tellFault(x, err)
		out.err = x.ended(err)
	}()
	if err := out.first(ctx); err != nil {
		x.cancel()
		return nil, err
	}
	return &Rows{QueryID: x.id, Kind: plan.Pull, Columns: q.Columns, Table: true, Limit: q.Lookup.Limit, next: out.next, close: x.cancel}, nil
}

// errMore is that an answer has more rows than are given at once.
var errMore = errors.New("the answer is larger than a piece")

// fewRows says whether a query asks for so few rows that they would not wait for a client.
func fewRows(l *plan.Lookup) bool {
	return l.Keys != nil && len(l.Keys) <= streamPieces && l.Table.Windowed == nil && len(l.Steps) == 0
}

// pullWhole answers a query for a few keys before it returns: there is nothing to do beside. errMore where that would be more than a piece; the view is left open.
func (e *Engine) pullWhole(ctx context.Context, s *Session, q *plan.Query, sources []string, r *running, view *state.View) (Result, error) {
	x, done, err := e.transients.add(ctx, ordinary, s.Principal, q, sources, -1)
	if err != nil {
		return nil, err
	}
	defer done()
	env := e.transientEnv(x, q.Lookup.Table.Query, e.config(s), nil)
	p := pieces{give: func(context.Context, []Row) error { return errMore }}
	err = pull.Answer(x.ctx, q.Lookup, r.topo, env.Functions, view, r.worker.Partitions(), p.add)
	e.tellFault(x, err)
	if err == nil {
		err = x.ctx.Err()
	}
	switch {
	case errors.Is(err, errMore):
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case x.ended(err) != nil:
		return nil, x.ended(err)
	}
	rows := p.rows
	next := func(context.Context) (row Row, err error) {
		if len(rows) == 0 {
			return row, io.EOF
		}
		row, rows = rows[0], rows[1:]
		return row, nil
	}
	return &Rows{QueryID: x.id, Kind: plan.Pull, Columns: q.Columns, Table: true, Limit: q.Lookup.Limit, Whole: true, next: next}, nil
}

// viewOf is the query that makes a table, and a view of what it has committed: of the one query, also where another takes its place meanwhile, whose state goes.
func (e *Engine) viewOf(ctx context.Context, l *plan.Lookup, planned *catalog.Snapshot) (*running, *state.View, error) {
	r := e.runs(l.Table.Query)
	switch {
	case r != nil && r.query.Target() != nil && !r.query.Target().Schema.Equal(l.Table.Schema):
		return nil, nil, e.exchanged(ctx) // it is about to go on by another plan
	case r == nil && e.catalog.Snapshot() != planned:
		return nil, nil, errChanged
	case r == nil:
		return nil, nil, pull.NotRunning(l)
	case e.unassigned(r):
		return nil, nil, &Error{Kind: System, Msg: fmt.Sprintf("the query that makes %s is not started yet: ask again in a moment. SHOW QUERIES tells what it waits for", l.Table.Name)}
	}
	db, err := e.state.DB()
	if err != nil {
		return nil, nil, err
	}
	view, err := db.View()
	if err != nil {
		return nil, nil, err
	}
	if e.runs(l.Table.Query) != r { // the view may be of less than its state, or of another plan's
		view.Close()
		return nil, nil, errChanged
	}
	return r, view, nil
}

// exchanged gives a query a moment to take its place.
func (e *Engine) exchanged(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Millisecond):
		return errChanged
	}
}

// unassigned says whether a query has not got any partitions yet.
func (e *Engine) unassigned(r *running) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return r.waits && r.worker.Partitions() == 0
}

// tellFault puts what is a bug into the log, with where it came from: to the client it says little.
func (e *Engine) tellFault(x *transient, err error) {
	if _, bug := errors.AsType[*fault.Error](err); bug {
		fault.Log(e.opt.Log, slog.LevelError, "a query of a client failed", err, "query", x.id)
	}
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
