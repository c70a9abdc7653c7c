package task

import (
	"math"
	"slices"

	"weir/types"
)

// The topic of one query is the source of another. Its rows come from all tasks of the query that writes it, as those of a repartition do, and
// its bounds lie beside the topic: what has been committed is in Reached, for those that stand at its end, and the first row that a commit
// writes into a partition has what was reached by the commit before. Both are of all tasks of the query together.

// Reached is how far a query has come at a commit.
type Reached struct {
	Time  int64 // no row before it is written any more; NoTime where it is not known
	Order int64 // no row with a place before it is written any more, by a task that has not read all there is; the greatest int64 where all have
	All   int64 // the same of all tasks; NoTime where it is not known
	AsOf  int64 // when those that have read all there is had done so, by the node's clock, milliseconds
	AtEnd bool  // all have been at their ends for weir.idle.upstream
	Waits int64 // grows at each commit at which rows of the query wait, or of what is before it: who waits for it does so no less long
}

// woven is what a reader knows of the queries that write its topic.
type woven struct {
	partition uint64
	writers   []writer
	upstream  []upstream
	time      int64 // of Reached: the least of all; NoTime until it is known which queries those are
	atEnd     bool  // all are
	listed    bool  // it is known which queries those are
	patience  int64 // as the task's
	stirred   bool  // one of them has told that rows wait
	orphan    bool  // nobody writes the topic any more, and all that was written has come
}

// upstream is one of the queries that write a topic.
type upstream struct {
	teller
	query uint64
	Reached
	upTo int64 // it holds of the rows before this offset
	live bool  // it is what the query has reached by now; else what it had when it wrote what is read
	over bool  // the query has ended, and all that it wrote has come
}

// known names the queries that write the topic: what was known of others is forgotten.
func (w *woven) known(queries []uint64) {
	w.upstream = slices.DeleteFunc(w.upstream, func(u upstream) bool { return !slices.Contains(queries, u.query) })
	for _, q := range queries {
		w.of(q)
	}
	w.listed = true
	w.count()
}

// ended says that a query has ended, and all that it wrote has come.
func (w *woven) ended(query uint64) {
	u := w.of(query)
	u.Reached = Reached{Time: math.MaxInt64, Order: math.MaxInt64, All: math.MaxInt64, AsOf: math.MaxInt64, AtEnd: true}
	u.upTo, u.live, u.over = math.MaxInt64, true, true
	w.count()
}

// count looks whether any of the queries may still write; between the batches of the task, since others look at it meanwhile.
func (w *woven) count() {
	w.orphan = !slices.ContainsFunc(w.upstream, func(u upstream) bool { return !u.over })
	w.sum()
}

// sum takes together what the queries have told, once it is known which those are: of one that has told nothing yet, everything may come.
func (w *woven) sum() {
	if !w.listed || w.orphan {
		return
	}
	w.time, w.atEnd = math.MaxInt64, true
	for i := range w.upstream {
		u := &w.upstream[i]
		w.time, w.atEnd = min(w.time, u.Time), w.atEnd && u.AtEnd
	}
}

// of is what is known of a query.
func (w *woven) of(query uint64) *upstream {
	for i := range w.upstream {
		if w.upstream[i].query == query {
			return &w.upstream[i]
		}
	}
	w.upstream = append(w.upstream, upstream{query: query, Reached: Reached{Time: types.NoTime, Order: types.NoTime, All: types.NoTime, AsOf: types.NoTime}})
	return &w.upstream[len(w.upstream)-1]
}

// heard takes in how far a query had come when the topic ended before an offset.
func (w *woven) heard(query uint64, r Reached, upTo int64, live bool, now int64) {
	if w.listed && !slices.ContainsFunc(w.upstream, func(u upstream) bool { return u.query == query }) {
		return // it writes no more
	}
	u := w.of(query)
	if upTo < u.upTo || !live && u.live && upTo == u.upTo {
		return
	}
	if r.Order != u.Order || r.All != u.All || r.Waits > u.Waits { // what it writes meanwhile is no news to who waits for it to go on
		u.news(now)
	}
	w.stirred = w.stirred || r.Waits > u.Waits
	r.Time = max(r.Time, u.Time)
	u.Reached, u.upTo, u.live = r, upTo, live
	w.sum()
}

// frees says whether no row comes any more that is to go before a lane's: by what each query has said of the time when the row was there.
func (w *woven) frees(ln *lane, h *laneRecord, force bool) bool {
	if force || w.orphan {
		return true
	}
	if !w.listed {
		return false
	}
	for i := range w.upstream {
		if w.holds(&w.upstream[i], ln, h) {
			return false
		}
	}
	return true
}

// holds says whether a query may still write what is to go before the row of a lane.
func (w *woven) holds(u *upstream, ln *lane, h *laneRecord) bool {
	if u.givenUp {
		return false
	}
	own := ln.key != foreign && ln.key>>taskBits == u.query
	switch stale := u.AsOf < h.stamp; {
	case h.place >= u.Order && u.Order != math.MaxInt64:
		return true
	case h.rec.Offset >= u.upTo && (own || !u.live || stale):
		return true
	}
	return w.patience > 0 && (!u.live || u.AsOf < h.stamp) && h.place >= u.All // tasks that had read all there is may have got more since
}

// floor is the place before which no row comes any more, for a row of another input that came at a time, and up to which time that holds.
func (w *woven) floor(stamp int64, force bool) (place, asOf int64) {
	place, asOf = math.MaxInt64, math.MaxInt64
	if force || w.orphan {
		return place, asOf
	}
	if !w.listed {
		return math.MinInt64, asOf
	}
	for i := range w.upstream {
		to, by := w.floorOf(&w.upstream[i], stamp)
		place, asOf = min(place, to), min(asOf, by)
	}
	return place, asOf
}

// floorOf is what one query adds to floor.
func (w *woven) floorOf(u *upstream, stamp int64) (place, asOf int64) {
	switch {
	case u.givenUp:
		return math.MaxInt64, math.MaxInt64
	case !u.live && w.patience > 0:
		return u.All, math.MaxInt64
	case !u.live:
		return u.Order, math.MaxInt64
	case u.AsOf >= stamp:
		return u.Order, u.AsOf
	}
	return math.MinInt64, math.MaxInt64
}

// order is the place before which no row comes any more.
func (w *woven) order() int64 {
	if !w.listed {
		return types.NoTime
	}
	least := int64(math.MaxInt64)
	for i := range w.upstream {
		if u := &w.upstream[i]; !u.givenUp {
			least = min(least, u.Order)
		}
	}
	return least
}

// caughtUp is as of when the queries had read all there is; NoTime where one has not that is still waited for.
func (w *woven) caughtUp() int64 {
	if !w.listed {
		return types.NoTime
	}
	asOf := int64(math.MaxInt64)
	for i := range w.upstream {
		switch u := &w.upstream[i]; {
		case u.givenUp:
		case u.live && u.Order == math.MaxInt64:
			asOf = min(asOf, u.AsOf)
		default:
			return types.NoTime
		}
	}
	return asOf
}
