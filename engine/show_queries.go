package engine

import (
	"weir/exec/worker"
	"weir/planner/plan"
)

// Queries answers SHOW QUERIES.
type Queries struct {
	Extended bool
	Queries  []Query
}

func (*Queries) result()  {}
func (*Queries) listing() {}

// Query is a running query in SHOW QUERIES.
type Query struct {
	ID        string
	Kind      plan.QueryKind // Persistent or Push
	SQL       string
	Sink      string // empty for push queries
	SinkTopic string
	Sources   []string
	State     QueryState
	Error     string // why it is not running, or what it is trying again
	Stats     worker.Stats
	Group     string // consumer group
	Waits     []Wait
	Held      string // why the table that it computes anew can't take the place of another one yet; empty where nothing is in the way
	Notices   []Notice
}

// QueryState is the state of a query, named as in ksqlDB.
type QueryState string

// The states.
const (
	Running QueryState = "RUNNING"
	Paused  QueryState = "PAUSED"
	Failed  QueryState = "ERROR"
	// Unresponsive is a query that does not get on for now, and tries again.
	Unresponsive QueryState = "UNRESPONSIVE"
)

// Queries are the queries of this node: persistent ones in the order they were made, those that could not be brought back, then push queries.
func (e *Engine) Queries() []Query {
	e.mu.Lock()
	var out []Query
	for _, q := range e.catalog.Snapshot().Queries() {
		r := e.queries[q.ID]
		if r == nil {
			continue
		}
		x := Query{ID: q.ID, Kind: plan.Persistent, SQL: q.SQL, Sink: q.Sink, Sources: q.Sources, Group: r.group, Stats: r.stats(), Notices: e.problems.notices(q.ID)}
		if target := r.query.Target(); target != nil {
			x.SinkTopic = target.Topic
		}
		x.State, x.Error = r.state()
		if x.State == Running {
			x.Waits, x.Held = e.waits(x.Stats.Waits), e.heldUp(q.ID)
		}
		out = append(out, x)
	}
	for _, c := range e.lost {
		if q, ok := c.asQuery(); ok {
			out = append(out, q)
		}
	}
	e.mu.Unlock()
	return append(out, e.transients.list()...)
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
