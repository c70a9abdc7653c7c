package chains

import (
	"context"
	"slices"
	"time"
)

// shrink looks for a smaller trial that fails, for as long as it is given: with fewer queries, steps and records. fails runs one.
func (t *trial) shrink(ctx context.Context, within time.Duration, fails func(*trial) bool) *trial {
	until := time.Now().Add(within)
	best := t
	try := func(next *trial) bool {
		if next == nil || ctx.Err() != nil || time.Now().After(until) || !fails(next) {
			return false
		}
		best = next
		return true
	}
	try(t.only(t.p.queries))
	for again := true; again; {
		again = false
		for _, q := range best.p.queries {
			again = again || try(best.without(q))
		}
	}
	try(best.atOnce())
	for i := 0; i < len(best.course.acts); {
		if a := best.course.acts[i]; a.produce > 0 || a.create != nil || a.resume != nil || !try(best.skipping(i)) {
			i++
		}
	}
	for n := len(best.recs) / 2; n > 0; n /= 2 {
		for from := 0; from < len(best.recs); {
			if to := min(from+n, len(best.recs)); !try(best.leaving(slices.Concat(best.recs[:from], best.recs[to:]))) {
				from = to
			}
		}
	}
	return best
}

// without is a trial without a query; nil where something reads what it makes, or no other is left.
func (t *trial) without(q *query) *trial {
	rest := slices.DeleteFunc(slices.Clone(t.p.queries), func(o *query) bool { return o == q })
	if len(rest) == 0 || slices.ContainsFunc(rest, func(o *query) bool {
		return slices.Contains(o.in, q.out) || q.view != nil && slices.Contains(o.in, q.view)
	}) {
		return nil
	}
	return t.only(rest)
}

// only is a trial with some of the queries, and with the sources that these read.
func (t *trial) only(queries []*query) *trial {
	next, course := *t, *t.course
	next.p = &pipeline{queries: queries}
	next.p.sources = slices.DeleteFunc(slices.Clone(t.p.sources), func(s *source) bool {
		return !slices.ContainsFunc(queries, func(q *query) bool { return slices.Contains(q.in, s) })
	})
	course.acts = slices.DeleteFunc(slices.Clone(course.acts), func(a act) bool {
		for _, q := range []*query{a.create, a.pause, a.resume} {
			if q != nil && !slices.Contains(queries, q) {
				return true
			}
		}
		return a.again != nil && a.again.only(queries) == nil
	})
	for i := range course.acts {
		if again := course.acts[i].again; again != nil {
			course.acts[i].again = again.only(queries)
		}
	}
	next.course = &course
	return next.leaving(slices.DeleteFunc(slices.Clone(t.recs), func(r *record) bool { return !slices.Contains(next.p.sources, r.source) }))
}

// atOnce is a trial with all data at once, where the first of them are; nil where they are.
func (t *trial) atOnce() *trial {
	if t.course.slices == 1 {
		return nil
	}
	next, course := *t, *t.course
	course.acts = slices.DeleteFunc(slices.Clone(course.acts), func(a act) bool { return a.produce > 1 })
	course.slices, course.late = 1, lateness{}
	next.course = &course
	return &next
}

// skipping is a trial without a step.
func (t *trial) skipping(at int) *trial {
	next, course := *t, *t.course
	course.acts = slices.Delete(slices.Clone(course.acts), at, at+1)
	next.course = &course
	return &next
}

// leaving is a trial with some of the records.
func (t *trial) leaving(recs []*record) *trial {
	next := *t
	next.recs = make([]*record, len(recs))
	for i := range recs {
		r := *recs[i]
		next.recs[i] = &r
	}
	number(next.recs)
	return &next
}
