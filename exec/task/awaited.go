package task

import (
	"math"
	"slices"
)

// A row waits for what may still come before it. Each of that is waited for as long as it tells something new, and no longer than a while behind
// that, whatever the others do; once it is given up, it is not waited for again before it tells something.

// awaited gives what the next row of the task waits for, each with the input that it belongs to; nil for a source, of which nothing but its
// end is heard.
func (t *Task) awaited(visit func(input int, by *teller)) {
	first := t.foremost()
	place, stamp := int64(math.MaxInt64), int64(0)
	if first != nil {
		place, stamp = first.batch.Meta[first.row].Place(), first.stampOf(first.row)
	}
	for i, in := range t.inputs {
		switch {
		case in == first || in.row < in.batch.N:
		case in.lanes != nil:
			in.lanes.awaited(place, stamp, first != nil, func(by *teller) { visit(i, by) })
		case first != nil && (in.more || in.asOf < stamp):
			visit(i, nil)
		}
	}
}

// awaited gives what a row of another input waits for, with its place and its time, or where there is none the first row of the lanes.
func (l *lanes) awaited(place, stamp int64, other bool, visit func(by *teller)) {
	first := -1
	for i := range l.all {
		if h := l.all[i].head(); h != nil && !h.note && (first < 0 || l.before(i, h, first)) {
			first = i
		}
	}
	var row *laneRecord
	if first >= 0 {
		row = l.all[first].head()
		if row.place > place {
			return
		}
		place, stamp = row.place, row.stamp
	} else if !other {
		return
	}
	if w := l.woven; w != nil {
		for i := range w.upstream {
			u := &w.upstream[i]
			if to, _ := u.floorOf(stamp); row != nil && u.holds(&l.all[first], row) || row == nil && to <= place {
				visit(&u.teller)
			}
		}
		return
	}
	for i := range l.all {
		ln := &l.all[i]
		if to, _ := ln.floor(stamp, false); ln.head() == nil && to <= place {
			visit(&ln.teller)
		}
	}
}

// Awaited are the inputs that rows of the task wait for: others, or tasks upstream of their own.
func (t *Task) Awaited() (inputs []int) {
	t.awaited(func(i int, _ *teller) {
		if !slices.Contains(inputs, i) {
			inputs = append(inputs, i)
		}
	})
	return inputs
}

// SilentSince is when that of what the rows of the task wait for which has told nothing new for longest did so last, by the node's clock; 0
// where it never has.
func (t *Task) SilentSince() int64 {
	least, found := int64(math.MaxInt64), false
	t.awaited(func(_ int, by *teller) {
		if found = true; by == nil {
			least = 0
		} else {
			least = min(least, by.told)
		}
	})
	if !found {
		return 0
	}
	return least
}

// GiveUp lets rows go on without what has told nothing new since a time, by the node's clock.
func (t *Task) GiveUp(since int64) error {
	t.awaited(func(i int, by *teller) {
		if in := t.inputs[i]; by == nil {
			in.more, in.asOf = false, max(in.asOf, t.now()+t.patience)
		} else if by.told <= since {
			by.givenUp = true
		}
	})
	return t.merge(false)
}

// GiveUpToo does so for the rows that will come of what another task of the query has given up, whose input reads the same topic: all of them tell those
// behind the query together that it is not waited for.
func (t *Task) GiveUpToo(input int, other *Task, theirs int) error {
	mine, given := t.inputs[input].woven, other.inputs[theirs].woven
	if mine == nil || given == nil {
		return nil
	}
	found := false
	for i := range given.upstream {
		u := &given.upstream[i]
		if at := slices.IndexFunc(mine.upstream, func(m upstream) bool { return m.query == u.query }); u.givenUp && at >= 0 && mine.upstream[at].told <= u.told {
			found = found || !mine.upstream[at].givenUp
			mine.upstream[at].givenUp = true
		}
	}
	if !found {
		return nil
	}
	return t.merge(false)
}

// Read grows with each row that goes on.
func (t *Task) Read() int64 {
	n := int64(0)
	for _, in := range t.inputs {
		n += in.counts.Read
	}
	return n
}
