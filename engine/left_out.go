package engine

import (
	"fmt"
	"slices"
	"time"

	"weir/planner/plan"
)

// LeftOut is what a query has left out since the engine was opened: rows that came too late, and records that could not be read or written.
type LeftOut struct {
	Query  string
	Late   []LateRows // by step; a query of a client only knows how many they are in all, and has one
	Bad    int64
	Behind int64  // rows that were used, and came behind others that were to come after them
	First  string // the first bad record, and what is wrong with it; empty where it was bad for its place in a topic
}

// LateRows are the late rows of a step.
type LateRows struct {
	Rows   int64
	To     string // the stream that they went to; empty for none
	Graces []Grace
}

// Grace is a grace period that rows came later than.
type Grace struct {
	Join   bool // of streams; otherwise of windows
	Period time.Duration
}

// maxLeftOut bounds how many ended queries are remembered that left something out: the latest.
const maxLeftOut = 100

// LeftOut tells of all queries, those that have ended too, that left anything out.
func (e *Engine) LeftOut() []LeftOut {
	var out []LeftOut
	e.mu.Lock()
	for _, r := range e.ending {
		out = appendLeftOut(out, r.leftOut())
	}
	for _, q := range e.catalog.Snapshot().Queries() {
		if r := e.queries[q.ID]; r != nil {
			out = appendLeftOut(out, r.leftOut())
		}
	}
	out = slices.Concat(e.endedOut, out)
	e.mu.Unlock()
	out = append(out, e.transients.leftOut()...)
	for i := range out {
		out[i].First = e.problems.firstOf(out[i].Query)
	}
	return out
}

// appendLeftOut adds to a list of bounded length what has anything to tell.
func appendLeftOut(to []LeftOut, l LeftOut) []LeftOut {
	if l.Bad == 0 && len(l.Late) == 0 && l.Behind == 0 {
		return to
	}
	return append(to[max(0, len(to)+1-maxLeftOut):], l)
}

// leftOut is what a persistent query has left out.
func (r *running) leftOut() LeftOut {
	s := r.stats()
	out := LeftOut{Query: r.query.ID, Bad: s.Bad, Behind: s.Behind}
	for _, step := range lateSteps(r.query) {
		for _, c := range s.Steps {
			if c.Step == step.line && c.Late > 0 {
				step.Rows = c.Late
				out.Late = append(out.Late, step.LateRows)
				break
			}
		}
	}
	return out
}

// leftOut is what a query of a client has left out.
func (x *transient) leftOut() LeftOut {
	out := LeftOut{Query: x.id}
	if x.figures == nil {
		return out
	}
	f := x.figures()
	out.Bad = f.Bad
	if f.Late == 0 { // as of changes, which no plan makes
		return out
	}
	if steps := lateSteps(x.query); len(steps) > 0 {
		all := LateRows{Rows: f.Late}
		for _, s := range steps {
			all.Graces = append(all.Graces, s.Graces...)
		}
		out.Late = append(out.Late, all)
	}
	return out
}

type lateStep struct {
	line string // in EXPLAIN
	LateRows
}

// lateSteps are the steps of a query that leave late rows out.
func lateSteps(q *plan.Query) []lateStep {
	var out []lateStep
	plan.Walk(q.Root, func(n plan.Node) bool {
		if j, ok := n.(*plan.StreamJoin); ok {
			out = append(out, lateStep{plan.Describe(n), LateRows{Graces: []Grace{{true, ms(j.Within.Grace)}}}})
		}
		if g := plan.GroupingOf(n); g != nil && g.Window != nil {
			s := lateStep{plan.Describe(n), LateRows{Graces: []Grace{{false, ms(g.Window.Grace)}}}}
			if g.Late != nil {
				s.To = g.Late.Sink.Target.Name
			}
			out = append(out, s)
		}
		return true
	})
	return out
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// firstBad remembers the first record of a query that could not be read.
func (l *problemLog) firstBad(query string, p problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, has := l.first[query]; !has && len(l.first) < maxLeftOut {
		l.first[query] = fmt.Sprintf("offset %d of topic %s, partition %d: %s", p.Offset, p.Topic, p.Partition, p.Reason)
	}
}

func (l *problemLog) firstOf(query string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first[query]
}
