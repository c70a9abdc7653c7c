package chains

import (
	"math/rand/v2"
)

// drawKeys draws what joins, groups or keys the rows, and so how many columns the key of the result has; false where the inputs don't fit.
func (q *query) drawKeys(r *rand.Rand) bool {
	in := q.in[0]
	switch {
	case q.kind == foreignJoin:
		q.on = [2]string{"g", "k"}
		if q.in[1].two {
			q.on[0] = "kg"
		}
		q.out.two = in.two
		return !in.two || !q.in[1].two
	case q.kind == tableJoin:
		q.on, q.out.two = [2]string{"k", "k"}, in.two
		return in.two == q.in[1].two
	case q.kind == union:
		q.out.two = in.two
		return in.two == q.in[1].two
	case q.does(lookup):
		q.on, q.out.two = [2]string{in.drawOn(r, q.in[1].two), "k"}, q.in[1].two
	case q.does(streamJoin):
		q.out.two = q.inner == "" && in.two && q.in[1].two && r.IntN(3) > 0 // others are brought together by one of the columns
		q.on = [2]string{in.drawOn(r, q.out.two), q.in[1].drawOn(r, q.out.two)}
	case q.kind == filter, q.kind == tableFilter:
		q.out.two = in.two
	case q.kind == rekey:
		q.out.two = !in.two && !in.keyless && r.IntN(4) == 0
	}
	if q.does(lookup) || q.does(streamJoin) {
		if q.on[0] == "" || q.does(streamJoin) && q.on[1] == "" {
			return false
		}
		if q.aggregates() {
			q.by, q.out.two = []string{"k", "g"}[r.IntN(2)], false
		}
		return true
	}
	switch {
	case q.kind == regroup:
		q.by = "g"
	case q.aggregates():
		q.out.two = r.IntN(5) == 0 || in.two && r.IntN(2) == 0
		if q.by = in.drawOn(r, q.out.two); q.by == "" {
			return false
		}
	}
	return true
}

// drawOn draws one column that rows can be brought together by, or two; empty where there are none.
func (s *source) drawOn(r *rand.Rand, two bool) string {
	switch {
	case s.keyless && two:
		return ""
	case s.keyless:
		return "g"
	case two && s.two:
		return "k"
	case two:
		return "kg"
	case s.two:
		return []string{"1", "g"}[r.IntN(2)]
	default:
		return []string{"k", "g"}[r.IntN(2)]
	}
}

// drawView draws a stream over the topic of a query: the rows of windows that go out once can be read as one, and so can any stream.
func (q *query) drawView(r *rand.Rand) {
	if q.windowed() && q.final && r.IntN(3) > 0 || !q.out.table && !q.out.leaf && r.IntN(2) == 0 {
		q.view = &source{name: "v" + q.out.name, partitions: q.out.partitions, format: q.out.format, two: q.out.two, made: q, view: true}
		q.view.keyless = q.windowed() && r.IntN(4) > 0
		q.view.two = q.out.two && !q.view.keyless
	}
}
