package chains

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// width bounds what a shape may have.
type width struct {
	queries   int   // at most
	disorder  int64 // how far rows may be out of order, in milliseconds
	only      []kind
	orderless bool // no aggregates that hang on the order of rows
}

// drawPipeline draws a pipeline. refused says why the planner does not take a statement, in which case another is drawn.
func drawPipeline(r *rand.Rand, w width, refused func(sql string) error) (*pipeline, error) {
	p := &pipeline{}
	parts := []int{1, 2, 4}
	common := parts[r.IntN(3)]
	for i := range 1 + r.IntN(4) {
		s := &source{name: fmt.Sprintf("s%d", i), partitions: common, table: i > 0 && r.IntN(2) == 0, two: r.IntN(6) == 0}
		s.format = drawFormat(r, givenFormats, s.two)
		if r.IntN(5) == 0 {
			s.partitions = parts[r.IntN(3)]
		}
		p.sources = append(p.sources, s)
		if err := refused(s.declare("")); err != nil {
			return nil, err
		}
	}
	uncached := []int{0, 0, 1, 2}[r.IntN(4)] // all of them, none, or some
	n := 1 + r.IntN(w.queries)
	for tries := 0; len(p.queries) < n && tries < 1000; tries++ {
		q := p.draw(r, w, len(p.queries) == n-1)
		if q == nil {
			continue
		}
		q.uncached = uncached == 0 || uncached == 2 && r.IntN(2) == 0
		q.out.name = fmt.Sprintf("q%d", len(p.queries))
		q.out.format = drawFormat(r, keyFormats, q.out.two)
		q.leaf()
		q.drawView(r)
		err := refused(q.sql("", q.view))
		switch {
		case err == nil:
			p.queries = append(p.queries, q)
		case !strings.Contains(err.Error(), "partitions"):
			return nil, fmt.Errorf("%s\n%w", q.sql("", q.view), err)
		}
	}
	return p, nil
}

// draw draws one query over what there is; nil where what it drew does not fit. Windows, which no query reads, come rather last.
func (p *pipeline) draw(r *rand.Rand, w width, last bool) *query {
	q := &query{kind: kinds[r.IntN(len(kinds))], grace: w.disorder}
	if len(w.only) > 0 {
		q.kind = w.only[r.IntN(len(w.only))]
	} else if q.windowed() != last && r.IntN(3) > 0 {
		return nil
	}
	if q.aggregates() && r.IntN(4) == 0 {
		q.inner = []kind{streamJoin, lookup}[r.IntN(2)]
	}
	if w.disorder > 0 && q.does(lookup) {
		return nil // as of when a row meets the table hangs on more than the records
	}
	stream, table := func(s *source) bool { return !s.table }, func(s *source) bool { return s.table }
	one, keyed := func(s *source) bool { return s.table && !s.two }, func(s *source) bool { return !s.table && !s.keyless }
	switch {
	case q.kind == union:
		q.in = p.pick(r, keyed, keyed)
	case q.does(streamJoin):
		q.in = p.pick(r, stream, stream)
	case q.inner == lookup:
		q.in = p.pick(r, stream, one)
	case q.does(lookup):
		q.in = p.pick(r, stream, table)
	case q.kind == tableFilter, q.kind == regroup:
		q.in = p.pick(r, table)
	case q.kind == tableJoin, q.kind == foreignJoin:
		q.in = p.pick(r, table, table)
	case q.kind == filter:
		q.in = p.pick(r, keyed)
	default:
		q.in = p.pick(r, stream)
	}
	if q.in == nil || q.inner == lookup && q.open() {
		return nil
	}
	if plain := q.kind == aggregate && q.inner == ""; !plain && slices.ContainsFunc(q.in, (*source).windows) {
		return nil // all else is refused
	}
	joins := []string{"INNER", "LEFT", "RIGHT", "FULL"}
	q.out = &source{partitions: q.in[0].partitions, made: q}
	if r.IntN(6) == 0 {
		q.out.partitions = []int{1, 2, 4}[r.IntN(3)]
	}
	q.mod, q.plus = 2+r.Int64N(4), r.Int64N(100)
	if !q.drawKeys(r) {
		return nil
	}
	switch {
	case q.does(streamJoin):
		q.join = joins[r.IntN(4)]
		q.before = span(r)
		q.after = q.before
		if r.IntN(4) == 0 {
			q.after = span(r)
		}
	case q.does(lookup):
		q.join = joins[r.IntN(2)]
	}
	q.third(r, p, w)
	switch q.kind {
	case aggregate, tumbling, hopping, session:
		q.out.table = true
		q.ordered = w.disorder == 0 && r.IntN(3) == 0 && !w.orderless
		q.having = r.IntN(4) == 0
		q.final = q.kind != aggregate && r.IntN(2) == 0
		q.size = []int64{400, 1000, 2400, 10_000}[r.IntN(4)]
		q.advance = q.size / (1 + r.Int64N(3))
	case tableJoin:
		q.out.table, q.join = true, []string{"INNER", "LEFT", "FULL", "RIGHT"}[r.IntN(4)]
	case foreignJoin:
		q.out.table, q.join = true, joins[r.IntN(2)]
	case regroup:
		q.out.table = true
	case tableFilter:
		q.out.table = true
	}
	return q
}

// span draws a time within which rows meet: often one by which rows of the data lie apart, to a millisecond.
func span(r *rand.Rand) int64 {
	if r.IntN(3) == 0 {
		return r.Int64N(1500)
	}
	return max(0, 50*r.Int64N(25)+r.Int64N(5)-1)
}

// third draws a table that the rows of a join are joined with.
func (q *query) third(r *rand.Rand, p *pipeline, w width) {
	joins := q.does(streamJoin) && (q.join == "INNER" || q.join == "LEFT") || q.does(lookup) && !q.open()
	if behindFinal(q) || !joins || q.out.two || w.disorder > 0 || r.IntN(2) > 0 {
		return
	}
	var fit []*source
	for _, s := range p.readable() {
		if s.table && s.exact() && !s.two && !slices.Contains(q.in, s) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return
	}
	q.more, q.moreJoin, q.moreOn = fit[r.IntN(len(fit))], []string{"INNER", "LEFT"}[r.IntN(2)], []string{"k", "g"}[r.IntN(2)]
	q.in = append(q.in, q.more)
}

// pick chooses different inputs, rather late ones than early ones; nil where there are none.
func (p *pipeline) pick(r *rand.Rand, wanted ...func(*source) bool) []*source {
	var out []*source
	for _, fits := range wanted {
		fit := slices.DeleteFunc(p.readable(), func(s *source) bool { return !fits(s) || slices.Contains(out, s) })
		if len(fit) == 0 {
			return nil
		}
		at := r.IntN(len(fit))
		if r.IntN(4) > 0 {
			at = len(fit) - 1
		}
		out = append(out, fit[at])
	}
	return out
}

// readable is what a query can read.
func (p *pipeline) readable() []*source {
	all := slices.Clone(p.sources)
	for _, q := range p.queries {
		if all = append(all, q.out); q.view != nil {
			all = append(all, q.view)
		}
	}
	return slices.DeleteFunc(all, func(s *source) bool { return s.leaf })
}
