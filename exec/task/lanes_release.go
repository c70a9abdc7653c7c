package task

import (
	"math"

	"github.com/twmb/franz-go/pkg/kgo"
)

// head is the first record of a lane that waits; nil where there is none.
func (ln *lane) head() *laneRecord {
	if ln.free < len(ln.recs) {
		return &ln.recs[ln.free]
	}
	return nil
}

// release lets go of what need not wait any longer, up to so many records. force lets all of it go.
func (l *lanes) release(dst []*kgo.Record, most int, force bool) []*kgo.Record {
	l.sent = 0
	for l.waiting > 0 && len(dst) < most {
		first, limit, asOf := l.first(force)
		if first < 0 {
			break
		}
		ln := &l.all[first]
		for h := ln.head(); h != nil && len(dst) < most; h = ln.head() {
			if !h.note && (h.place > limit || h.stamp > asOf || l.woven != nil && !l.woven.frees(ln, h, force)) {
				break
			}
			if !h.note {
				l.gone, l.sent = max(l.gone, h.place), max(l.sent, h.stamp)
			}
			dst = append(dst, h.rec)
			l.route = append(l.route, uint16(first))
			ln.free++
			if l.waiting--; l.atOnce {
				break
			}
		}
	}
	return dst
}

// first is the lane whose record goes on next, -1 for none; its rows up to the place limit follow, as long as they were sent by asOf.
func (l *lanes) first(force bool) (first int, limit, asOf int64) {
	first = -1
	for i := range l.all {
		h := l.all[i].head()
		switch {
		case h == nil:
		case h.note:
			return i, math.MinInt64, math.MaxInt64 // an announcement goes on with the row behind it
		case first < 0 || l.before(i, h, first):
			first = i
		}
	}
	if first < 0 {
		return -1, 0, 0
	}
	if limit, asOf = math.MaxInt64, math.MaxInt64; l.atOnce {
		return first, limit, asOf
	}
	at := l.all[first].head()
	if l.woven != nil && !l.woven.frees(&l.all[first], at, force) {
		return -1, 0, 0
	}
	for i := range l.all {
		if i == first {
			continue
		}
		ln := &l.all[i]
		to, by := int64(math.MaxInt64), int64(math.MaxInt64)
		if h := ln.head(); h != nil {
			to = h.place
		} else if l.woven == nil {
			to, by = ln.floor(at.stamp, force)
		}
		if ln.key < l.all[first].key && to > math.MinInt64 {
			to-- // of one place, the first lane's come first
		}
		limit, asOf = min(limit, to), min(asOf, by)
	}
	if at.place > limit {
		return -1, 0, 0
	}
	return first, limit, asOf
}

// before says whether the head h of a lane comes before that of another one.
func (l *lanes) before(lane int, h *laneRecord, other int) bool {
	o := l.all[other].head()
	if l.atOnce {
		return h.rec.Offset < o.rec.Offset
	}
	return h.place < o.place || h.place == o.place && l.all[lane].key < l.all[other].key
}

// floor is the place before which the lane, which has no row, brings nothing, for a row that was sent at a time, and up to which time that holds.
func (ln *lane) floor(stamp int64, force bool) (place, asOf int64) {
	if force || ln.givenUp {
		return never, never
	}
	return ln.standing().floor(stamp)
}

// floor is the place before which nothing comes any more, for a row of another input that came at a time, and up to which time that holds.
func (l *lanes) floor(stamp int64, force bool) (place, asOf int64) {
	place, asOf = math.MaxInt64, math.MaxInt64
	if l.woven != nil {
		place, asOf = l.woven.floor(stamp, force)
	}
	for i := range l.all {
		to, by := int64(math.MaxInt64), int64(math.MaxInt64)
		if h := l.all[i].head(); h != nil {
			to = h.place
		} else if l.woven == nil {
			to, by = l.all[i].floor(stamp, force)
		}
		place, asOf = min(place, to), min(asOf, by)
	}
	return place, asOf
}
