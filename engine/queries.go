package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/catalog"
	"weir/exec/commit"
	"weir/exec/task"
	"weir/exec/worker"
	"weir/functions"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
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
	broken error // why it could not be started
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

// start starts a persistent query. A broker that is away does not fail it: the worker tries again.
func (e *Engine) start(q *plan.Query, config map[string]string, paused bool) error {
	topo, err := task.Build(q)
	if err != nil {
		return err
	}
	r := &running{query: q, config: config, topo: topo, group: e.internalTopic(q.ID)}
	problems := e.problems.of(q.ID)
	env := e.execEnv(q.ID, config, problems.add)
	r.worker = worker.New(topo, env, worker.Options{
		Options: commit.Options{Cluster: e.opt.Cluster, DB: e.db, Group: r.group, Node: e.node, Replicas: e.replicas(), Log: e.opt.Log,
			Budget: e.budget, Problems: problems, FailOnLost: settings.OnLostRecords.In(config) == "fail", FailPoint: e.opt.FailPoint},
		Embedded: e.opt.Embedded, Interval: settings.CommitInterval.In(config), IdleUpstream: settings.IdleUpstream.In(config),
		Earliest: keeps(q) || settings.OffsetReset.In(config) != "latest"})
	if paused {
		r.worker.BeginPaused()
	}
	err = e.checkLayout(q.ID, topo)
	if err == nil {
		err = r.worker.Start(context.Background())
	}
	if err != nil {
		r.broken = err
		e.opt.Log.Error("a query could not be started", "query", q.ID, "error", err)
	}
	e.queries[q.ID] = r
	e.plans.Store(q.ID, q)
	return nil
}

// keeps says whether a query does nothing but keep the rows of a SOURCE TABLE.
func keeps(q *plan.Query) bool { return sinkOf(q) == nil }

// stopTime bounds how long a statement waits for the last commit of a query that it ends.
const stopTime = 30 * time.Second

// stop commits and stops the query; when the context ends first, without a commit.
func (r *running) stop(ctx context.Context) error {
	if r.broken != nil {
		return nil
	}
	return r.worker.Stop(ctx)
}

func (r *running) state() (QueryState, string) {
	switch err := r.worker.Err(); {
	case r.broken != nil:
		return Failed, r.broken.Error()
	case r.worker.Failed():
		return Failed, err.Error()
	case r.worker.Paused():
		return Paused, ""
	case err != nil:
		return Unresponsive, "trying again: " + err.Error()
	}
	return Running, ""
}

// end stops a query for good and forgets its state, its group and its own topics.
func (e *Engine) end(ctx context.Context, id string) error {
	r := e.queries[id]
	if r == nil {
		return nil
	}
	if err := r.stop(ctx); err != nil {
		e.opt.Log.Warn("a query was ended without its last commit", "query", id, "error", err)
	}
	delete(e.queries, id)
	e.plans.Delete(id)
	if err := r.worker.Leave(ctx); err != nil {
		e.opt.Log.Warn("the group of a query that ended still counts this node as a member", "group", r.group, "error", err)
	}
	b := e.db.NewBatch()
	if err := b.DropQuery(id); err != nil {
		return err
	}
	if err := b.Commit(true); err != nil {
		return err
	}
	if err := e.db.Outbox(id).Remove(); err != nil {
		return err
	}
	if err := e.opt.Cluster.DeleteGroup(ctx, r.group); err != nil && !errors.Is(err, kafka.ErrNoGroup) {
		e.opt.Log.Warn("the group of a query that ended is still there", "group", r.group, "error", err)
	}
	prefix := e.internalTopic(id + "-")
	topics, err := e.opt.Cluster.Topics(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if strings.HasPrefix(t.Name, prefix) {
			e.dropTopic(ctx, t.Name)
		}
	}
	return nil
}

func (e *Engine) dropTopic(ctx context.Context, name string) {
	if err := e.opt.Cluster.DeleteTopic(ctx, name); err != nil {
		e.opt.Log.Warn("a topic could not be deleted", "topic", name, "error", err)
	}
	e.insertMu.Lock()
	if e.insertClient != nil {
		e.insertClient.PurgeTopicsFromProducing(name) // another topic of the name would be taken for this one
	}
	e.insertMu.Unlock()
	if e.opt.Registry == nil {
		return
	}
	for _, subject := range []string{name + "-key", name + "-value"} {
		_, _ = e.opt.Registry.DeleteSubject(ctx, subject, false) // most topics have no schemas
	}
}

func dropQuery(id string) catalog.Change { return catalog.Change{DropQuery: id} }

// Queries are the queries of this node: persistent ones in the order they were made, then push queries.
func (e *Engine) Queries() []Query {
	e.mu.Lock()
	var out []Query
	for _, q := range e.catalog.Snapshot().Queries() {
		r := e.queries[q.ID]
		if r == nil {
			continue
		}
		x := Query{ID: q.ID, Kind: plan.Persistent, SQL: q.SQL, Sink: q.Sink, Sources: q.Sources, Group: r.group, Stats: r.worker.Stats()}
		if target := sinkOf(r.query); target != nil {
			x.SinkTopic = target.Topic
		}
		x.State, x.Error = r.state()
		out = append(out, x)
	}
	e.mu.Unlock()
	return append(out, e.pushes.list()...)
}

func (e *Engine) terminate(ctx context.Context, s *Session, stmt parser.Stmt, n *ast.Terminate) (Result, error) {
	if !n.All && e.pushes.end(n.QueryID.Name) {
		return &Done{Entity: "query", Name: n.QueryID.Name, Action: "terminate", Message: "Query terminated.", QueryID: n.QueryID.Name, Sequence: -1}, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	ids, err := e.ids(n.All, n.QueryID)
	if err != nil {
		return nil, err
	}
	if ids, err = e.mayTerminate(n.All, ids); err != nil {
		return nil, err
	}
	seq, err := e.log.append(ctx, command{Statement: stmt.Text, ID: e.log.nextID()})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := e.end(ctx, id); err != nil {
			return nil, err
		}
		if err := e.catalog.Apply(dropQuery(id)); err != nil {
			return nil, err
		}
	}
	return &Done{Entity: "query", Name: n.QueryID.Name, Action: "terminate", Message: "Query terminated.", QueryID: n.QueryID.Name, Sequence: seq}, nil
}

// mayTerminate leaves the queries of source tables out, which end with their tables; one that is meant by name is refused.
func (e *Engine) mayTerminate(all bool, ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		switch {
		case !keeps(e.queries[id].query):
			out = append(out, id)
		case !all:
			return nil, refuse(BadStatement, "Cannot terminate query '%s' as it is linked to a source table. DROP the table instead.", id)
		}
	}
	return out, nil
}

func (e *Engine) pause(ctx context.Context, s *Session, stmt parser.Stmt, all bool, id ast.Ident, pause bool) (Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids, err := e.ids(all, id)
	if err != nil {
		return nil, err
	}
	var seq int64
	d := &Done{Entity: "query", Name: id.Name, Action: "pause", Message: "Query paused.", QueryID: id.Name}
	if !pause {
		d.Action, d.Message = "resume", "Query resumed."
	}
	for _, one := range ids {
		verb := strings.ToUpper(d.Action)
		if seq, err = e.log.append(ctx, command{Statement: verb + " `" + one + "`", ID: e.log.nextID()}); err != nil {
			return nil, err
		}
		if pause {
			e.queries[one].worker.Pause(ctx)
		} else {
			e.queries[one].worker.Resume()
		}
	}
	d.Sequence = seq
	return d, nil
}

// ids are the persistent queries that a statement means.
func (e *Engine) ids(all bool, id ast.Ident) ([]string, error) {
	var known []string
	for _, q := range e.catalog.Snapshot().Queries() {
		if e.queries[q.ID] != nil {
			known = append(known, q.ID)
		}
	}
	if all {
		return known, nil
	}
	if !slices.Contains(known, id.Name) {
		return nil, fmt.Errorf("Unknown queryId: %s. The queries are: %s", id.Name, strings.Join(known, ", "))
	}
	return []string{id.Name}, nil
}

// Forget ends all queries and deletes what the engine keeps on the brokers: its own topics and groups. What the queries
// wrote stays. It is for an engine whose data directory goes too.
func (e *Engine) Forget(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.catalog.Snapshot().Queries() {
		if err := e.end(ctx, q.ID); err != nil {
			return err
		}
	}
	for _, topic := range []string{e.log.topic, e.problems.topic} {
		if err := e.opt.Cluster.DeleteTopic(ctx, topic); err != nil {
			return err
		}
	}
	return nil
}
