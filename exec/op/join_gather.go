package op

import (
	"slices"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// gatherer makes one row of each left row of a join of streams: its columns, the key, and aggregates over the right rows that match it. A left
// row waits until no match can come any more, and is then let go of; right rows are kept for those to come.
type gatherer struct {
	join    *StreamJoin
	acc     *accumulators
	pair    []types.Value // the columns of both sides
	results []types.Value // of the aggregates
	words   []uint64      // of the left row at hand
	places  []uint64
	slides  slides
}

// gatherRows makes a join gather.
func (j *StreamJoin) gatherRows() {
	left, right := &j.sides[0], &j.sides[1]
	left.outer, left.keeps = true, left.after+j.plan.Within.Grace
	right.buf = newJoinBuffer(1)
	j.keyAt = left.to
	j.gather = &gatherer{join: j, acc: newAccumulators(j.host, j.plan.Gather.Aggs), pair: make([]types.Value, right.to), results: make([]types.Value, len(j.plan.Gather.Aggs))}
	j.gather.words = make([]uint64, j.gather.acc.words)
}

// keep stores a row for those to come. One that is too late for them is left out, as it is of a window with final results.
func (j *StreamJoin) keep(side int, row []types.Value, m types.Meta, now int64) error {
	s := &j.sides[side]
	if m.Timestamp < now-s.keeps {
		j.host.Counts.Late++
		j.host.report(Problem{Late, "JOIN", lateMessage(m.Timestamp-s.before, m.Timestamp+s.after, now), m})
		return nil
	}
	place := j.store(s, row, m.Timestamp, side == 0)
	if side == 1 {
		return j.gather.came(place)
	}
	return nil
}

// gathered hands on a left row with the aggregates over what matches it.
func (j *StreamJoin) gathered(left *streamSide, e []byte, m types.Meta) error {
	g := j.gather
	if _, err := types.DecodeRow(entryRow(e), g.pair[:left.to]); err != nil {
		return err
	}
	there, err := g.matches(left.buf.keyOf(e), m)
	if err == nil && !there && j.plan.Kind == plan.LeftJoin {
		there, err = true, g.alone(m)
	}
	if err != nil || !there {
		return err
	}
	if err := j.single(left, e, m); err != nil {
		return err
	}
	copy(j.out.Row(j.out.N - 1)[j.keyAt+len(left.key.vals):], g.results)
	return nil
}

// matches aggregates over what matches the left row in pair; ok is false where nothing does.
func (g *gatherer) matches(key []byte, m types.Meta) (ok bool, err error) {
	left, right := &g.join.sides[0], &g.join.sides[1]
	from, to := m.Timestamp-left.before, m.Timestamp+left.after
	if s := g.slideOf(key); s != nil {
		return g.slideTo(s, from, to)
	}
	var seen int
	g.places, seen = right.buf.find(g.places[:0], key, from, to)
	if seen > manyRows && g.join.plan.Gather.Slides {
		return g.slideTo(g.newSlide(key, from), from, to)
	}
	if len(g.places) == 0 {
		return false, nil
	}
	w, objs := g.fresh()
	for i, place := range slices.Backward(g.places) {
		e := right.buf.entry(place)
		if _, err := types.DecodeRow(entryRow(e), g.pair[right.from:]); err != nil {
			return false, err
		}
		of := m
		of.Timestamp, of.Offset = max(m.Timestamp, entryTime(e)), int64(len(g.places)-i)
		if !g.join.match.holds(g.pair, of) {
			continue
		}
		ok = true
		if err := g.join.host.refused(g.acc.add(w, objs, g.pair, &of, false), &of); err != nil {
			return false, err
		}
	}
	if ok {
		g.acc.results(w, objs, g.results)
	}
	return ok, nil
}

// alone aggregates over the left row in pair, which nothing matches.
func (g *gatherer) alone(m types.Meta) error {
	clear(g.pair[g.join.sides[1].from:])
	w, objs := g.fresh()
	err := g.join.host.refused(g.acc.add(w, objs, g.pair, &m, false), &m)
	g.acc.results(w, objs, g.results)
	return err
}

// fresh is the state of aggregates that have taken nothing in.
func (g *gatherer) fresh() ([]uint64, []functions.Object) {
	clear(g.words)
	return g.words, g.acc.newObjects()
}
