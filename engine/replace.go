package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"weir/exec/task"
	"weir/parser"
	"weir/planner"
)

const metaLayout = "layout"

// checkLayout sees that the state that is stored for a query is laid out as its plan takes it, and notes the layout.
func (e *Engine) checkLayout(id string, topo *task.Topology, config map[string]string) error {
	before, err := e.storedLayout(id)
	if err != nil {
		return err
	}
	if err := e.weave(topo, config, before); err != nil {
		return err
	}
	if err := topo.Adopt(before); err != nil {
		return fmt.Errorf("the state of %s was made by another plan: %w. DROP what the query makes and CREATE it again, or go back to the version of Weir that made it", id, err)
	}
	return e.noteLayout(id, topo.Layout())
}

// storedLayout is how the state that is stored for a query is laid out; nil where there is none.
func (e *Engine) storedLayout(id string) (l task.Layout, err error) {
	stored, err := e.state.Meta(id, metaLayout)
	if err != nil || stored == nil {
		return nil, err
	}
	if err := json.Unmarshal(stored, &l); err != nil {
		return nil, fmt.Errorf("the layout of the state of %s can't be read: %w", id, err)
	}
	return l, nil
}

// nextLayout is how the state of a planned query will be laid out, which may have to go on with that of one that it replaces.
func (e *Engine) nextLayout(p *planner.Plan, config map[string]string) (task.Layout, error) {
	topo, err := task.Build(p.Query)
	if err != nil {
		return nil, err
	}
	var before task.Layout
	if p.Replaces {
		if before, err = e.storedLayout(p.Query.ID); err != nil {
			return nil, err
		}
	}
	if err := e.weave(topo, config, before); err != nil {
		return nil, err
	}
	if p.Replaces {
		if err := topo.Adopt(before); err != nil {
			return nil, refuse(BadStatement, "%s can't be replaced: the new query could not go on with its state: %v", p.Query.ID, err)
		}
	}
	return topo.Layout(), nil
}

// knowLayout notes the layout that the command log tells where the database has none: the state will come from changelogs.
func (e *Engine) knowLayout(id string, logged task.Layout) error {
	stored, err := e.state.Meta(id, metaLayout)
	if err != nil || stored != nil || logged == nil {
		return err
	}
	return e.noteLayout(id, logged)
}

func (e *Engine) noteLayout(id string, l task.Layout) error {
	blob, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return e.state.SetMeta(id, metaLayout, blob)
}

// handOver logs a statement whose query replaces a running one. The old plan commits and stops first, the log entry
// decides from which moment on the new plan counts, and the new one goes on from the offsets and the state that are stored:
// no record is processed by both or by neither, wherever the process dies. The new one is paused where the old one was.
func (e *Engine) handOver(ctx context.Context, stmt parser.Stmt, d *draft, config map[string]string) (int64, error) {
	old := e.runs(d.Query.ID)
	if old == nil {
		return 0, refuse(BadStatement, "%s is not running on this node: it can't be replaced here", d.Query.ID)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	paused := old.worker.Paused()
	stopped, err := e.stopAll(ctx, append(d.ends(), d.Query.ID))
	again := func() {
		for _, r := range stopped {
			e.start(r.query, r.config, r.worker.Paused())
		}
	}
	if err != nil {
		again()
		return 0, fmt.Errorf("%s can't be replaced: %w", d.Query.ID, err)
	}
	e.failPoint("replaced query stopped")
	return e.enter(context.WithoutCancel(ctx), d.entry, func(ctx context.Context, _ int64) {
		e.failPoint("replacement logged")
		if err := e.catalog.Apply(d.Change); err != nil {
			e.fail(old, err)
			return
		}
		for _, id := range d.ends() {
			e.endQuery(ctx, id)
		}
		e.own(d.Query.ID, d.entry.Principal)
		e.begin(d.Query.ID, d.entry.Begin)
		e.start(d.Query, config, paused)
	}, func(context.Context) { again() })
}

// stopAll has queries commit and stop, until it is known whether what replaces them stands in the command log. It tells those that it has stopped, or tried to.
func (e *Engine) stopAll(ctx context.Context, ids []string) (stopped []*running, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	for _, id := range ids {
		r := e.runs(id)
		if r == nil {
			continue
		}
		stopped = append(stopped, r)
		if err := r.stop(ctx); err != nil {
			return stopped, fmt.Errorf("the last commit of %s did not come to its end: %w", id, err)
		}
		e.fail(r, errors.New("it has stopped until it is known whether its replacement stands in the command log"))
	}
	return stopped, nil
}

func (e *Engine) failPoint(name string) {
	if e.opt.FailPoint != nil {
		e.opt.FailPoint(name)
	}
}
