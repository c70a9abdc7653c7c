package engine

import (
	"errors"
	"time"

	"weir/exec/commit"
	"weir/exec/task"
	"weir/exec/worker"
	"weir/planner/plan"
	"weir/settings"
)

// start starts a persistent query. A broker that is away does not fail it: the worker tries again, and so does this where the worker
// can't begin.
func (e *Engine) start(q *plan.Query, config map[string]string, paused bool) {
	err := e.tryStart(q, config, paused)
	if errors.Is(err, errFilling) {
		e.jobs.Go(func() { e.fillAndStart(q.ID) })
		return
	}
	if err != nil {
		e.opt.Log.Error("a query could not be started; trying again", "query", q.ID, "error", err)
		e.jobs.Go(func() { e.startLater(q.ID) })
	}
}

// tryStart starts a persistent query. The error is one that may pass; one that stays is shown with the query.
func (e *Engine) tryStart(q *plan.Query, config map[string]string, paused bool) error {
	if e.unfilled(q.ID) != nil {
		if before := e.runs(q.ID); before != nil {
			e.hold(q, config, before)
			return errFilling
		}
	}
	r := &running{query: q, config: config, group: e.internalTopic(q.ID), number: e.numberOf(q.ID)}
	var err error
	if r.topo, err = task.Build(q); err != nil {
		r.topo = &task.Topology{Query: q} // has been built before it was logged
	}
	problems := e.problems.of(q.ID)
	env := e.execEnv(q.ID, config, problems.add)
	r.worker = worker.New(r.topo, env, worker.Options{
		Options: commit.Options{Cluster: e.opt.Cluster, State: e.state, Group: r.group, Node: e.node, Replicas: e.replicas(), Log: e.opt.Log,
			Budget: e.budget, Problems: problems, FailOnLost: settings.OnLostRecords.In(config) == "fail", FailPoint: e.opt.FailPoint, Gone: e.opt.Lost, Durable: e.opt.Durable, Compacted: e.opt.Compacted},
		Embedded: e.opt.Embedded, Interval: settings.CommitInterval.In(config), IdleUpstream: settings.IdleUpstream.In(config), TaskIdle: settings.TaskIdle.In(config), WaitUpstream: settings.WaitUpstream.In(config), WaitBytes: settings.WaitBytes.In(config), Waiting: e.waiting, CommitBytes: settings.MaxCommitBytes.In(config), Look: e.opt.Look, Hold: e.holdState(q.ID), Upstream: e.upstream, Number: r.number,
		Earliest: q.Target() == nil || settings.OffsetReset.In(config) != "latest", Begin: e.begun(q.ID)})
	if paused {
		r.worker.Pause()
	}
	if err == nil {
		err = e.checkLayout(q.ID, r.topo, config)
	}
	var passing error
	if err == nil && e.unfilled(q.ID) != nil {
		err, passing = errFilling, errFilling
	} else if err != nil {
		e.opt.Log.Error("a query can't be started", "query", q.ID, "error", err)
	} else if passing = r.worker.Start(e.life); passing != nil {
		err = passing
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r.broken, r.waits = err, passing != nil
	if before := e.queries[q.ID]; before != nil { // it has stopped, and this goes on in its place
		r.follow(before)
	}
	e.queries[q.ID] = r
	e.plans.Store(q.ID, q)
	e.upstreams.Store(r.number, r.worker)
	return passing
}

// hold has a query wait that has stopped, and that goes on by another plan later. Meanwhile its state is asked as it is.
func (e *Engine) hold(q *plan.Query, config map[string]string, stopped *running) {
	r := *stopped
	r.query, r.config, r.broken, r.waits = q, config, errFilling, true
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries[q.ID] = &r
	e.plans.Store(q.ID, q)
}

// startLater starts a query that could not be started, as soon as that can be done.
func (e *Engine) startLater(id string) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		select {
		case <-e.life.Done():
			return
		case <-time.After(wait):
		}
		done, err := e.change(e.life)
		if err != nil {
			continue // the log is in doubt, lost, or the engine closes
		}
		r := e.runs(id)
		if r == nil || !r.waits {
			done()
			return
		}
		err = e.tryStart(r.query, r.config, r.worker.Paused())
		done()
		if err == nil {
			e.opt.Log.Info("a query has been started", "query", id)
			return
		}
		e.opt.Log.Warn("a query could not be started; trying again", "query", id, "error", err)
	}
}

// runs is a persistent query of this node, or nil.
func (e *Engine) runs(id string) *running {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queries[id]
}

// fail shows why a query does not run.
func (e *Engine) fail(r *running, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.broken, r.waits = why, false
}
