package engine

import (
	"context"
	"errors"

	"weir/exec/local"
	"weir/exec/task"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
)

// query answers a SELECT.
func (e *Engine) query(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Query) (Result, error) {
	for {
		now := e.catalog.Snapshot()
		q := s.planOf(stmt, now)
		if q == nil {
			p, err := planner.Build(n, stmt.Text, e.planEnv(s, now, 0, nil))
			if err != nil {
				return nil, err
			}
			q = p.Query
		}
		if q.Row != nil {
			return e.constants(ctx, s, q)
		}
		if q.Lookup == nil {
			return e.push(ctx, s, q, tableNames(n))
		}
		out, err := e.pull(ctx, s, q, tableNames(n), now)
		if !errors.Is(err, errChanged) {
			return out, err
		}
	}
}

func tableNames(n *ast.Query) []string {
	var out []string
	ast.Tables(n.From, func(t *ast.Table) { out = append(out, t.Name) })
	return out
}

// push starts a query whose rows go to a client: from the end of its topic, or from its beginning where the session's
// auto.offset.reset says so. A pull query over a stream reads from beginning to end.
func (e *Engine) push(ctx context.Context, s *Session, q *plan.Query, sources []string) (Result, error) {
	config := e.config(s)
	topo, err := task.Build(q)
	if err != nil {
		return nil, err
	}
	most := -1
	if q.Kind == plan.Push {
		most = int(settings.MaxPushQueries.In(e.opt.Config))
	}
	x, done, err := e.transients.add(context.WithoutCancel(ctx), e.pushKind(q, config, sources), s.Principal, q, sources, most)
	if err != nil {
		return nil, err
	}
	out := newStream[Row]()
	o := local.ReaderOptions{Cluster: e.opt.Cluster, Bounded: q.Kind == plan.Pull, Earliest: settings.OffsetReset.In(config) == "earliest", Give: out.give,
		MaxBytes: settings.MaxQueryBytes.In(e.opt.Config), Exceeded: x.exceed}
	if coalesces(config) {
		o.Interval = settings.CommitInterval.In(config)
	}
	problems := e.problems.of(x.id)
	reader, err := local.NewReader(ctx, topo, e.transientEnv(x, "push", config, func(b task.BadRecord) { problems.addNow(x.ctx, b) }), o)
	if err != nil {
		done()
		return nil, err
	}
	e.transients.follow(x, reader.Figures, reader.Finish)
	go func() {
		defer done()
		defer close(out.pieces)
		err := reader.Run(x.ctx)
		e.tellFault(x, err)
		if limit := x.limit(); limit != nil {
			out.err = limit
		} else if !errors.Is(err, context.Canceled) {
			out.err = err
		}
		_ = problems.Flush(context.WithoutCancel(x.ctx))
	}()
	rows := &Rows{QueryID: x.id, Kind: q.Kind, Columns: q.Columns, Table: q.Root.Table(), Limit: reader.Limit(), next: out.next, close: x.cancel}
	return rows, nil
}

// pushKind is scalable for a query that follows what a running query writes from its end on, and makes nothing but rows of rows.
func (e *Engine) pushKind(q *plan.Query, config map[string]string, sources []string) string {
	if !settings.ScalableIDs.In(config) || q.Kind != plan.Push || len(sources) != 1 || settings.OffsetReset.In(config) == "earliest" || !q.RowByRow() {
		return ordinary
	}
	for _, running := range e.catalog.Snapshot().Queries() {
		if running.Sink == sources[0] {
			return scalable
		}
	}
	return ordinary
}
