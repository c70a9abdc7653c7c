package task

import (
	"encoding/binary"
	"math"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/types"
)

// lanes put the rows of one partition in the order of their places, whichever upstream task wrote them, and whenever. Each upstream task has
// a lane, in which rows keep their order. The first row of all lanes goes on once no other lane can bring one before it: each of them has a
// row, has announced that none comes before that place, or had read all there was when this row was sent.
//
// What goes on is no longer a prefix of the partition: how far each lane has been processed is part of the task's state, and what is read again
// after a restart is passed over up to there.
type lanes struct {
	all     []lane
	route   []uint16 // lanes of the records that have been let go, and are not processed yet
	routed  int      // how many of route have been processed
	waiting int      // records that wait in the lanes
	heard   int64    // announcements that said something new
	gone    int64    // the greatest place that has gone on
	sent    int64    // a time at which all had been sent that release has let go of last
	behind  *int64   // counts rows that come behind others that did not wait for them
	renewed bool     // the topic is not the one that the state tells of
}

// lane is what one upstream task has sent.
type lane struct {
	recs    []laneRecord // not processed yet
	free    int          // how many of recs have been let go
	last    int64        // the greatest place so far
	bound   int64        // no row with a place before it comes any more
	asOf    int64        // when it was found to have read all there is; NoTime where it has not
	stamped int          // how many of recs lie before an announcement
	next    int64        // what lies before this offset is processed
	saved   int64        // next, as last written
	givenUp bool         // nobody waits for it until it brings something
}

type laneRecord struct {
	rec   *kgo.Record
	place int64
	stamp int64 // a time at which it had been sent; for an announcement, nothing
	note  bool
}

func newLanes(n int, behind *int64) *lanes {
	l := &lanes{all: make([]lane, n), gone: types.NoTime, behind: behind}
	for i := range l.all {
		l.all[i] = lane{last: types.NoTime, bound: types.NoTime, asOf: types.NoTime}
	}
	return l
}

// add takes a record that came at a time, by the node's clock. It is given back at once, taken false, where it is none of a row that is still
// to be processed.
func (l *lanes) add(rec *kgo.Record, now int64) (taken bool) {
	if rec.Attrs.IsControl() {
		return false
	}
	if n, ok := announcement(rec); ok {
		return n.upstream < len(l.all) && l.announced(&l.all[n.upstream], rec, n)
	}
	h, ok := headOf(rec)
	if !ok || h.upstream >= len(l.all) {
		h.upstream = 0 // its reader tells of what is wrong with it
	}
	ln := &l.all[h.upstream]
	if rec.Offset < ln.next {
		return false
	}
	m := types.Meta{Timestamp: rec.Timestamp.UnixMilli(), StreamTime: h.path, Order: h.order}
	place := m.Place()
	if place < l.gone {
		*l.behind++
	}
	ln.last = max(ln.last, place)
	ln.recs = append(ln.recs, laneRecord{rec: rec, place: ln.last, stamp: now})
	ln.givenUp = false
	l.waiting++
	return true
}

func (l *lanes) announced(ln *lane, rec *kgo.Record, n note) (taken bool) {
	if !n.quiet {
		l.heard++
	}
	ln.last, ln.bound = max(ln.last, n.order), max(ln.bound, n.order)
	if ln.asOf = types.NoTime; n.caughtUp {
		ln.asOf = n.asOf
	}
	ln.givenUp = false
	for i := max(ln.stamped, ln.free); i < len(ln.recs); i++ {
		ln.recs[i].stamp = min(ln.recs[i].stamp, max(n.asOf, 0))
	}
	ln.stamped = len(ln.recs)
	if rec.Offset < ln.next {
		return false
	}
	ln.recs = append(ln.recs, laneRecord{rec: rec, note: true})
	l.waiting++
	return true
}

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
			if !h.note && (h.place > limit || h.stamp > asOf) {
				break
			}
			if !h.note {
				l.gone, l.sent = max(l.gone, h.place), max(l.sent, h.stamp)
			}
			dst = append(dst, h.rec)
			l.route = append(l.route, uint16(first))
			ln.free++
			l.waiting--
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
		case first < 0 || h.place < l.all[first].head().place:
			first = i
		}
	}
	if first < 0 {
		return -1, 0, 0
	}
	limit, asOf = math.MaxInt64, math.MaxInt64
	at := l.all[first].head()
	for i := range l.all {
		if i == first {
			continue
		}
		to, by := l.all[i].floor(at.stamp, force)
		if i < first && to > math.MinInt64 {
			to-- // of one place, the first lane's come first
		}
		limit, asOf = min(limit, to), min(asOf, by)
	}
	if at.place > limit {
		return -1, 0, 0
	}
	return first, limit, asOf
}

// floor is the place before which the lane brings nothing, for a row that was sent at a time, and up to which time that holds.
func (ln *lane) floor(stamp int64, force bool) (place, asOf int64) {
	h := ln.head()
	switch {
	case h != nil:
		return h.place, math.MaxInt64
	case force || ln.givenUp:
		return math.MaxInt64, math.MaxInt64
	case ln.asOf >= stamp:
		return math.MaxInt64, ln.asOf
	}
	return ln.bound, math.MaxInt64
}

// floor is the place before which nothing comes any more, for a row of another input that came at a time.
func (l *lanes) floor(stamp int64, force bool) (place, asOf int64) {
	place, asOf = math.MaxInt64, math.MaxInt64
	for i := range l.all {
		to, by := l.all[i].floor(stamp, force)
		place, asOf = min(place, to), min(asOf, by)
	}
	return place, asOf
}

// processed says that the first of the records that were let go has been processed.
func (l *lanes) processed() {
	ln := &l.all[l.route[l.routed]]
	l.routed++
	ln.next = ln.recs[0].rec.Offset + 1
	ln.recs[0] = laneRecord{}
	ln.recs = ln.recs[1:]
	ln.free--
	ln.stamped = max(ln.stamped-1, 0)
	if l.routed == len(l.route) {
		l.route, l.routed = l.route[:0], 0
	}
}

// position is the first offset that has not been processed; ok is false where all have.
func (l *lanes) position() (offset int64, ok bool) {
	for i := range l.all {
		if recs := l.all[i].recs; len(recs) > 0 && (!ok || recs[0].rec.Offset < offset) {
			offset, ok = recs[0].rec.Offset, true
		}
	}
	return offset, ok
}

// frontier is the place before which no row goes on any more.
func (l *lanes) frontier() int64 {
	least := int64(math.MaxInt64)
	for i := range l.all {
		if h := l.all[i].head(); h != nil && !h.note {
			least = min(least, h.place)
		} else {
			least = min(least, l.all[i].bound)
		}
	}
	return least
}

// caughtUp is as of when all lanes had read all there is; NoTime where one has not.
func (l *lanes) caughtUp() int64 {
	asOf := int64(math.MaxInt64)
	for i := range l.all {
		asOf = min(asOf, l.all[i].asOf)
	}
	return asOf
}

// giveUp lets nobody wait any longer for lanes that bring nothing.
func (l *lanes) giveUp() {
	for i := range l.all {
		if ln := &l.all[i]; ln.head() == nil {
			ln.givenUp = true
		}
	}
}

// Of the state of a task, its lanes are an entry each: how far they have been processed.

// Changed says whether anything has been processed.
func (l *lanes) Changed() bool {
	for i := range l.all {
		if l.all[i].next != l.all[i].saved {
			return true
		}
	}
	return false
}

// Dirty gives the lanes that have gone on.
func (l *lanes) Dirty(put func(key, value []byte)) {
	for i := range l.all {
		if ln := &l.all[i]; ln.next != ln.saved {
			put(binary.AppendUvarint(nil, uint64(i)), binary.AppendVarint(nil, ln.next))
		}
	}
}

// Expired has nothing to give.
func (l *lanes) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (l *lanes) Committed() {
	for i := range l.all {
		l.all[i].saved = l.all[i].next
	}
}

// Load puts a lane back.
func (l *lanes) Load(key, value []byte) error {
	i, n := binary.Uvarint(key)
	next, m := binary.Varint(value)
	if n <= 0 || m <= 0 {
		return types.ErrCorrupt
	}
	if i < uint64(len(l.all)) && !l.renewed { // else the source had more partitions, and was made anew
		l.all[i].next, l.all[i].saved = next, next
	}
	return nil
}

// Size is none to speak of.
func (l *lanes) Size() (entries, bytes int) { return 0, 0 }
