package engine

import (
	"context"
	"time"

	"weir/exec/worker"
	"weir/planner/plan"
)

// Drain waits until every bounded source connector has finished and every persistent query has read all of its input,
// then closes the windows that are open, so that EMIT FINAL answers, and waits until the sink connectors have written all of it.
func (e *Engine) Drain(ctx context.Context) error {
	if err := e.conns.Wait(ctx); err != nil {
		return err
	}
	if err := e.Settle(ctx); err != nil {
		return err
	}
	for _, r := range e.runningQueries() {
		for stage := range r.worker.Stages() {
			if err := e.closeWindows(ctx, r, stage); err != nil {
				return err
			}
			// What a stage closes is the next one's input, or another query's.
			if err := e.Settle(ctx); err != nil {
				return err
			}
		}
	}
	return e.conns.Deliver(ctx)
}

// closeWindows closes the windows of a stage, again where the commit of it failed for the moment.
func (e *Engine) closeWindows(ctx context.Context, r *running, stage int) error {
	for {
		err := r.worker.CloseWindows(ctx, stage)
		if err == nil || ctx.Err() != nil || r.worker.Failed() {
			return err
		}
		if err := e.Settle(ctx); err != nil {
			return err
		}
	}
}

// FinishPushes ends the push queries once they have read all that is there, and waits until their rows are handed out.
func (e *Engine) FinishPushes(ctx context.Context) error {
	for e.transients.finishPushes() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// Settle waits until every persistent query that runs has read all that there is, and what came of it is committed.
func (e *Engine) Settle(ctx context.Context) error {
	last := int64(-1)
	for {
		all, sum := !e.starting() && !e.catchingUp(), int64(0)
		for _, r := range e.runningQueries() {
			done, ends, err := r.worker.CaughtUp(ctx)
			switch {
			case ctx.Err() != nil, err != nil && r.worker.Failed():
				return err
			case err != nil: // it tries again by itself
				all = false
				continue
			}
			all, sum = all && done, sum+ends
		}
		if all && sum == last {
			return nil
		}
		last = sum
		if !all {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// starting says whether a query that is not paused could not be started and is tried again.
func (e *Engine) starting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.queries {
		if r.waits && !r.worker.Paused() {
			return true
		}
	}
	return false
}

// runningQueries are the queries that read: neither failed nor paused.
func (e *Engine) runningQueries() []*running {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*running
	for _, q := range e.catalog.Snapshot().Queries() {
		if r := e.queries[q.ID]; r != nil && r.broken == nil && !r.worker.Failed() && !r.worker.Paused() {
			out = append(out, r)
		}
	}
	return out
}

// Totals are the figures of all queries together, ended ones included: rows in and out of the persistent ones, and the late and bad rows
// of all, those of clients too. A record that several queries can't read is bad in each.
type Totals struct{ RowsIn, RowsOut, Late, Bad int64 }

// Totals sums up.
func (e *Engine) Totals() Totals {
	var all worker.Stats
	for _, q := range e.Queries() {
		if q.Kind == plan.Persistent {
			addStats(&all, q.Stats)
		}
	}
	e.mu.Lock()
	addStats(&all, e.ended)
	for _, r := range e.ending {
		addStats(&all, r.stats())
	}
	e.mu.Unlock()
	clients := e.transients.figures()
	return Totals{all.RowsIn, all.RowsOut, all.Late + clients.Late, all.Bad + clients.Bad}
}
