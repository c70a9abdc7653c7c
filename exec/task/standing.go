package task

import "math"

// Standing is what is known of the rows that are still to come, from what is before a task or from the task itself: none of them has a place before
// All, and none of those that lay in the sources at the time AsOf has one before Order. never stands for: none comes.
type Standing struct {
	All   int64 // NoTime where nothing is known
	Order int64
	AsOf  int64 // by the node's clock, microseconds; NoTime where nothing has been read to its end yet
}

var (
	nothingComes = Standing{All: never, Order: never, AsOf: never}
	unknown      = Standing{All: NoTime, Order: NoTime, AsOf: NoTime}
)

// Unknown is what is known where nothing is.
func Unknown() Standing { return unknown }

// AsOf says that nothing of what lay in the sources at a time is still to come, nor of what came since: it is where And begins.
func AsOf(asOf int64) Standing { return Standing{All: never, Order: never, AsOf: asOf} }

// And is what is known of both together.
func (s Standing) And(o Standing) Standing {
	return Standing{min(s.All, o.All), min(s.Order, o.Order), min(s.AsOf, o.AsOf)}
}

// before says that no row comes any more with a place before this one.
func (s Standing) before(place int64) Standing {
	s.All, s.Order = min(s.All, place), min(s.Order, place)
	return s
}

// frees says whether no row comes any more that is to go before the one with a place, which lay in its source at a time.
func (s Standing) frees(place, stamp int64) bool {
	return place < s.All || s.AsOf >= stamp && place < s.Order
}

// floor is the place before which nothing comes, for a row that lay in its source at a time, and up to which time that holds.
func (s Standing) floor(stamp int64) (place, asOf int64) {
	if s.AsOf >= stamp {
		return max(s.Order, s.All), s.AsOf
	}
	return s.All, math.MaxInt64
}

// Standing is what is known of the rows that the task still makes, but for what its operators hold back. ended says which of the sources it has
// read to their ends, as those were at the time asOf, by the node's clock in microseconds.
func (t *Task) Standing(ended func(input int) bool, asOf int64) Standing {
	s := AsOf(asOf)
	for i, in := range t.inputs {
		if !t.feeders[in.feeder].free { // what does not hold back rows makes none
			s = s.And(t.standingOf(in, ended(i)))
		}
	}
	if s.All != never { // while nothing is to come of what is known, it stays where it was
		t.front = max(t.front, s.All)
	}
	s.All = t.front
	s.Order = max(s.Order, s.All)
	return s
}

func (t *Task) standingOf(in *input, ended bool) Standing {
	s := nothingComes
	if in.row < in.batch.N {
		s = s.before(in.batch.Meta[in.row].Place())
	}
	switch {
	case in.lanes != nil:
		return s.And(in.lanes.standing())
	case in.woven != nil:
		return s.And(in.woven.standing())
	case in.repartitioned:
		for _, f := range t.feeders[in.feeder : in.feeder+in.feeders] {
			s = s.And(Standing{f.bound, max(f.bound, f.order), f.asOf})
		}
		return s
	case in.row == in.batch.N:
		s.All = t.feeders[in.feeder].bound
		if !ended {
			s.Order = s.All
		}
	}
	return s
}

// standing is what is known of the rows of the partition that have not been processed.
func (l *lanes) standing() Standing {
	s := nothingComes
	if l.woven != nil {
		s = l.woven.standing()
	}
	for i := range l.all {
		ln := &l.all[i]
		if r := ln.unprocessed(); r != nil {
			s = s.before(r.place)
		} else if l.woven == nil && !ln.givenUp {
			s = s.And(ln.standing())
		}
	}
	return s
}

// unprocessed is the first row of the lane that has not been processed; nil where there is none.
func (ln *lane) unprocessed() *laneRecord {
	for i := range ln.recs {
		if !ln.recs[i].note {
			return &ln.recs[i]
		}
	}
	return nil
}

// standing is what the lane's task has announced.
func (ln *lane) standing() Standing { return Standing{ln.bound, max(ln.bound, ln.order), ln.asOf} }

// standing is what is known of the rows that the queries still write, and of those that have not come.
func (w *woven) standing() Standing {
	switch {
	case w.orphan:
		return nothingComes
	case !w.listed:
		return unknown
	}
	s := nothingComes
	for i := range w.upstream {
		if u := &w.upstream[i]; !u.givenUp {
			s = s.And(u.Standing)
		}
	}
	return s
}

// HasAll says whether all that lay in the sources before an input at a time, by the node's clock in microseconds, has come.
func (t *Task) HasAll(input int, at int64) bool {
	s := t.standingOf(t.inputs[input], false)
	return s.Order == never && s.AsOf >= at
}
