package task

import "slices"

// The topic of one query is the source of another. Its rows come from all tasks of the query that writes it, as those of a repartition do, and
// its bounds lie beside the topic: what has been committed is in Reached, for those that stand at its end, and the first row that a commit
// writes into a partition has what was reached by the commit before. Both are of all tasks of the query together.

// Reached is how far a query has come at a commit.
type Reached struct {
	Time int64 // no row before it is written any more; NoTime where it is not known
	Standing
	Sent  int64 // a time at which all lay in its source that has been written, by the node's clock, microseconds
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
	u.Reached = Reached{Time: never, Standing: nothingComes, AtEnd: true}
	u.upTo, u.live, u.over = never, true, true
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
	w.time, w.atEnd = never, true
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
	w.upstream = append(w.upstream, upstream{query: query, Reached: Reached{Time: NoTime, Standing: unknown}})
	return &w.upstream[len(w.upstream)-1]
}

// heard takes in how far a query had come when the topic ended before an offset; news says that this was not known.
func (w *woven) heard(query uint64, r Reached, upTo int64, live bool, now int64) (news bool) {
	if w.listed && !slices.ContainsFunc(w.upstream, func(u upstream) bool { return u.query == query }) {
		return false // it writes no more
	}
	u := w.of(query)
	if u.knows(r, upTo, live) {
		return false
	}
	if r.Order != u.Order || r.All != u.All || r.Waits > u.Waits { // what it writes meanwhile is no news to who waits for it to go on
		u.news(now)
	}
	w.stirred = w.stirred || r.Waits > u.Waits
	r.Time = max(r.Time, u.Time)
	u.Reached, u.upTo, u.live = r, upTo, live
	w.sum()
	return true
}

// knows says whether as much was known as is told: of the rows of one commit that which comes first tells, and not those of its other tasks; and those
// tell of each commit, which is not always told of otherwise. Rows from before it was told by when they were sent do not say of which commit they are.
func (u *upstream) knows(r Reached, upTo int64, live bool) bool {
	switch {
	case upTo < u.upTo:
		return true
	case r.Sent == never:
		return !live && u.live && upTo == u.upTo
	case upTo == u.upTo && u.Sent != never && r.Sent < u.Sent:
		return true
	}
	return !live && r.Sent == u.Sent
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
		if w.upstream[i].holds(ln, h) {
			return false
		}
	}
	return true
}

// holds says whether a query may still write what is to go before the row of a lane.
func (u *upstream) holds(ln *lane, h *laneRecord) bool {
	if u.givenUp {
		return false
	}
	own := ln.key != foreign && ln.key>>taskBits == u.query
	return own && h.rec.Offset >= u.upTo || !u.frees(h.place, h.stamp)
}

// floor is the place before which no row comes any more, for a row of another input that came at a time, and up to which time that holds.
func (w *woven) floor(stamp int64, force bool) (place, asOf int64) {
	switch {
	case force || w.orphan:
		return never, never
	case !w.listed:
		return unknown.floor(stamp)
	}
	place, asOf = never, never
	for i := range w.upstream {
		to, by := w.upstream[i].floorOf(stamp)
		place, asOf = min(place, to), min(asOf, by)
	}
	return place, asOf
}

// floorOf is what one query adds to floor.
func (u *upstream) floorOf(stamp int64) (place, asOf int64) {
	if u.givenUp {
		return never, never
	}
	return u.floor(stamp)
}
