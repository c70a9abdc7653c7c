package chains

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// again drops queries with what they make, and makes them again.
type again struct {
	queries []*query // in the order in which they are made
	deletes []bool   // of each, whether its topic goes too
	stands  *query   // the one of which those go on that read it by way of another stream over its topic; nil where all are dropped that read it
}

// drawAgain draws such a step: one query is made again, and what reads it. The topics of tables go with them, since a second run need not come by
// the rows that the first one left. Who goes on, and reads rows of all times once more, is nothing that goes by time.
func (c *course) drawAgain(r *rand.Rand, p *pipeline) {
	if c.way == memoryWay || r.IntN(3) > 0 {
		return
	}
	q := p.queries[r.IntN(len(p.queries))]
	if i := slices.IndexFunc(p.queries, func(q *query) bool { return q.view != nil && q.view.lasts(p) }); i >= 0 && r.IntN(2) == 0 {
		q = p.queries[i] // its readers may go on
	}
	first := 1 + slices.IndexFunc(c.acts, func(a act) bool { return a.create == q })
	at := first + r.IntN(len(c.acts)-first+1)
	a := &again{}
	of := []*source{q.out}
	if q.view != nil && q.view.lasts(p) && r.IntN(3) > 0 {
		a.stands = q
	} else if q.view != nil {
		of = append(of, q.view)
	}
	made := func(q *query) bool {
		return slices.ContainsFunc(c.acts[:at], func(a act) bool { return a.create == q })
	}
	for _, q := range append([]*query{q}, p.readers(of...)...) {
		if slices.ContainsFunc(c.acts, func(a act) bool { return a.pause == q }) {
			return
		}
		if made(q) {
			a.queries = append(a.queries, q)
			a.deletes = append(a.deletes, q.out.table || q != a.stands && r.IntN(2) == 0)
		}
	}
	c.acts = slices.Insert(c.acts, at, act{again: a})
}

// lasts says whether all that reads a stream takes rows of all times at any time.
func (s *source) lasts(p *pipeline) bool {
	return !s.made.out.table && !slices.ContainsFunc(p.readers(s), func(q *query) bool {
		plain := q.kind == filter || q.kind == rekey || q.kind == union || q.kind == aggregate && q.inner == "" && !q.ordered
		return !plain || q.more != nil
	})
}

// only is what is left with some of the queries; nil where there is nothing.
func (a *again) only(queries []*query) *again {
	out := &again{stands: a.stands}
	for i, q := range a.queries {
		if slices.Contains(queries, q) {
			out.queries, out.deletes = append(out.queries, q), append(out.deletes, a.deletes[i])
		}
	}
	if len(out.queries) == 0 {
		return nil
	}
	return out
}

// run carries it out. What is in topics that are kept is taken in: it is data for those who read them.
func (a *again) run(ctx context.Context, w place, prefix string, kept map[*query][]row) error {
	for i, q := range slices.Backward(a.queries) {
		if q.view != nil && q != a.stands {
			if err := w.execute(ctx, "DROP STREAM "+q.view.name+";"); err != nil {
				return err
			}
		}
		if err := w.drop(ctx, q, a.deletes[i]); err != nil {
			return err
		}
		if kept[q] = nil; a.deletes[i] {
			continue
		}
		had, err := q.results(ctx, w, prefix)
		if err != nil {
			return err
		}
		for _, r := range had {
			kept[q] = append(kept[q], q.had(r))
		}
	}
	for _, q := range a.queries {
		view := q.view
		if q == a.stands {
			view = nil
		}
		if err := w.execute(ctx, q.cache()+"\n"+q.sql(prefix, view)); err != nil {
			return err
		}
	}
	return nil
}

// had is a row of a stream that was read from its topic.
func (q *query) had(r result) row {
	out := row{at: r.at, key: r.key, g: r.cols["G"]}
	if _, err := fmt.Sscan(r.cols["V"], &out.v); err != nil {
		panic(err)
	}
	switch w, ok := r.cols["W"]; {
	case ok && !q.open():
		out.fixed = "W=" + w
	case ok:
		out.loose = &loose{looked: []string{w}}
	}
	return out
}

func (a *again) String() string {
	var out []string
	for i, q := range a.queries {
		text := q.out.name
		if a.deletes[i] {
			text += " with its topic"
		}
		if q == a.stands {
			text += " while readers go on"
		}
		out = append(out, text)
	}
	return "again " + strings.Join(out, " and ")
}
