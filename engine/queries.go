package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/catalog"
	"weir/exec/task"
	"weir/exec/worker"
	"weir/functions"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
)

// running is a persistent query on this node.
type running struct {
	query  *plan.Query
	config map[string]string
	topo   *task.Topology
	worker *worker.Worker
	group  string
	number uint64
	before *worker.Stats // of those in whose place it runs; nil where there were none
	broken error         // why it does not run; guarded by the engine's mu, as is waits
	waits  bool          // it will be started as soon as that can be done
}

// coalesces says whether a table's changes are held back until the commit.
func coalesces(config map[string]string) bool {
	return settings.Buffering.In(config) != 0
}

func (e *Engine) replicas() int16 { return int16(settings.Replicas.In(e.opt.Config)) }

// execEnv is what the tasks of a query run with.
func (e *Engine) execEnv(query string, config map[string]string, bad func(task.BadRecord)) *task.Env {
	return &task.Env{
		Functions: &functions.Env{Now: time.Now, Config: config},
		Registry:  e.opt.Registry,
		Internal: func(step, kind string) string {
			return e.internalTopic(query + "-" + step + "-" + kind)
		},
		Coalesce: coalesces(config),
		Bad:      bad,
	}
}

// transientEnv is what the query of a client runs with: it ends with the query, and a row that asks for more than a limit allows ends it.
func (e *Engine) transientEnv(x *transient, query string, config map[string]string, bad func(task.BadRecord)) *task.Env {
	env := e.execEnv(query, config, bad)
	env.Functions.Done, env.Functions.Exceeded = x.ctx.Done(), x.exceed
	return env
}

// stopTime bounds how long a statement waits for the last commit of a query that it ends.
const stopTime = 30 * time.Second

// stop commits and stops the query; when the context ends first, without a commit.
func (r *running) stop(ctx context.Context) error {
	if r.broken != nil {
		return nil
	}
	return r.worker.Stop(ctx)
}

// dropTopic deletes a topic with its schemas. One that is not there is no error.
func (e *Engine) dropTopic(ctx context.Context, name string) error {
	err := e.opt.Cluster.DeleteTopic(ctx, name)
	if errors.Is(err, kafka.ErrNoTopic) {
		err = nil
	}
	e.insertMu.Lock()
	if e.insertClient != nil {
		e.insertClient.PurgeTopicsFromProducing(name) // another topic of the name would be taken for this one
	}
	e.insertMu.Unlock()
	planner.ForgetSchemas(ctx, e.opt.Registry, name)
	return err
}

func dropQuery(id string) catalog.Change { return catalog.Change{DropQuery: id} }

func (e *Engine) terminate(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Terminate) (Result, error) {
	if id, ended := e.transients.end(n.QueryID.Name); ended && !n.All {
		return &Terminated{QueryID: id, Terminated: true}, nil
	}
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	ids, err := e.endedBy(n)
	if err != nil {
		return nil, err
	}
	out := onQuery(onTerminate, n.All, n.QueryID)
	out.Sequence, err = e.enter(ctx, command{Statement: stmt.Text, ID: e.log.nextID()}, func(ctx context.Context, _ int64) {
		for _, id := range ids {
			e.terminated(ctx, id)
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// terminated carries out that a query has ended, which the command log tells.
func (e *Engine) terminated(ctx context.Context, id string) {
	if _, ok := e.catalog.Snapshot().Query(id); ok {
		_ = e.catalog.Apply(dropQuery(id)) // it is there
	}
	lost := e.casualties()
	if c := lost.queryID(id); c != nil {
		e.setCasualties(lost.terminated(c))
		if c.query == "" {
			return
		}
	}
	e.endQuery(ctx, id)
}

// endedBy are the queries that a statement ends: those of the catalog, and those that could not be brought back.
func (e *Engine) endedBy(n *ast.Terminate) ([]string, error) {
	ids, err := e.ids(n.All, n.QueryID)
	if err != nil {
		return nil, err
	}
	own, err := e.catalog.Snapshot().Terminates(n.All, n.QueryID.Name)
	lost := e.casualties()
	ids = slices.DeleteFunc(ids, func(id string) bool { return lost.queryID(id) == nil && !slices.Contains(own, id) })
	if len(ids) > 0 {
		return ids, nil
	}
	return nil, err
}

// ids are the persistent queries that a statement means.
func (e *Engine) ids(all bool, id ast.Ident) ([]string, error) {
	var known []string
	for _, q := range e.Queries() {
		if q.Kind == plan.Persistent {
			known = append(known, q.ID)
		}
	}
	if all {
		return slices.DeleteFunc(known, func(id string) bool { c := e.casualties().queryID(id); return c != nil && c.sink == "" }), nil
	}
	if !slices.Contains(known, id.Name) {
		return nil, fmt.Errorf("Unknown queryId: %s. The queries are: %s", id.Name, strings.Join(known, ", "))
	}
	return []string{id.Name}, nil
}

// Forget ends all queries and deletes what the engine keeps on the brokers: its own topics and groups. What the queries
// wrote stays. It is for an engine whose data directory goes too.
func (e *Engine) Forget(ctx context.Context) error {
	done, err := e.change(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, q := range e.catalog.Snapshot().Queries() {
		e.endQuery(ctx, q.ID)
	}
	if err := e.log.forget(ctx); err != nil {
		return err
	}
	for _, topic := range []string{e.log.topic, e.problems.topic} {
		if err := e.opt.Cluster.DeleteTopic(ctx, topic); err != nil {
			return err
		}
	}
	return nil
}
