package task

import (
	"encoding/binary"
	"math"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/types"
)

// lanes put the rows of one partition in the order of their places, whichever upstream task wrote them, and whenever. Each upstream task has
// a lane, in which rows keep their order. The first row of all lanes goes on once no other lane can bring one before it. Of a repartition that is
// so when each of them has a row, has announced that none comes before that place, or had read all there was when this row was sent; of the topic
// of another query, when that query says so of all its tasks together (see woven).
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
	passed  *int64   // the same, of all inputs of the task
	sent    int64    // a time at which all had been sent that release has let go of last
	counts  *op.Counts
	// numbered is the number of the next row that goes on. It grows no faster than offsets do, and begins with one.
	numbered, saved int64
	renewed         bool   // the topic is not the one that the state tells of
	atOnce          bool   // nothing waits
	patience        int64  // as the task's
	woven           *woven // of the topic of another query; nil of a repartition
}

// lane is what one upstream task has sent.
type lane struct {
	key     uint64       // names it: of a repartition, the number of the upstream task
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
	stamp int64 // until when it waits for what has been read to its end: a time at which it had been sent, or later
	note  bool
}

func newLane(key uint64) lane {
	return lane{key: key, last: types.NoTime, bound: types.NoTime, asOf: types.NoTime}
}

// newLanes makes the lanes of so many upstream tasks. passed is the greatest place that has gone on of all inputs of the task.
func newLanes(n int, passed *int64, counts *op.Counts) *lanes {
	l := &lanes{all: make([]lane, n), gone: types.NoTime, passed: passed, counts: counts}
	for i := range l.all {
		l.all[i] = newLane(uint64(i))
	}
	return l
}

// add takes a record that came at a time, by the node's clock. It is given back at once, taken false, where it is none of a row that is still
// to be processed.
func (l *lanes) add(rec *kgo.Record, now int64) (taken bool) {
	if rec.Attrs.IsControl() {
		return false
	}
	if l.numbered == 0 {
		l.numbered = rec.Offset
	}
	var ln *lane
	var place int64
	if l.woven != nil {
		ln, place = l.weave(rec)
	} else {
		if n, ok := announcement(rec); ok {
			return n.upstream < len(l.all) && l.announced(&l.all[n.upstream], rec, n)
		}
		h, ok := headOf(rec)
		if !ok || h.upstream >= len(l.all) {
			h.upstream = 0 // its reader tells of what is wrong with it
		}
		m := types.Meta{Timestamp: rec.Timestamp.UnixMilli(), StreamTime: h.path, Order: h.order}
		ln, place = &l.all[h.upstream], m.Place()
	}
	if rec.Offset < ln.next {
		return false
	}
	if ln.last = max(ln.last, place); ln.last < max(l.gone, *l.passed) {
		l.counts.Behind++
	}
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
		ln.recs[i].stamp = min(ln.recs[i].stamp, max(n.asOf, 0)+l.patience)
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
	switch {
	case force || ln.givenUp:
		return math.MaxInt64, math.MaxInt64
	case ln.asOf >= stamp:
		return math.MaxInt64, ln.asOf
	}
	return ln.bound, math.MaxInt64
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

// earliest is the time of the first of the rows that have not been processed.
func (l *lanes) earliest() int64 {
	least := int64(math.MaxInt64)
	for i := range l.all {
		for _, r := range l.all[i].recs {
			if !r.note {
				least = min(least, r.rec.Timestamp.UnixMilli())
			}
		}
	}
	return least
}

// frontier is the place before which no row goes on any more.
func (l *lanes) frontier() int64 {
	least := int64(math.MaxInt64)
	if l.woven != nil {
		least = l.woven.order()
	}
	for i := range l.all {
		if h := l.all[i].head(); h != nil && !h.note {
			least = min(least, h.place)
		} else if l.woven == nil {
			least = min(least, l.all[i].bound)
		}
	}
	return least
}

// caughtUp is as of when all that is upstream had read all there is; NoTime where it has not.
func (l *lanes) caughtUp() int64 {
	if l.woven != nil {
		return l.woven.caughtUp()
	}
	asOf := int64(math.MaxInt64)
	for i := range l.all {
		asOf = min(asOf, l.all[i].asOf)
	}
	return asOf
}

// giveUp lets nobody wait any longer for what brings nothing.
func (l *lanes) giveUp() {
	if l.woven != nil {
		l.woven.givenUp = true
	}
	for i := range l.all {
		if ln := &l.all[i]; ln.head() == nil {
			ln.givenUp = true
		}
	}
}

// Of the state of a task, its lanes are an entry each: how far they have been processed. So are the producers that write for the query upstream.
const (
	laneEntry = iota
	writerEntry
	numberEntry
)

// Changed says whether anything has been processed.
func (l *lanes) Changed() bool {
	for i := range l.all {
		if l.all[i].next != l.all[i].saved {
			return true
		}
	}
	return l.numbered != l.saved || l.woven != nil && l.woven.changed()
}

// Dirty gives the lanes that have gone on.
func (l *lanes) Dirty(put func(key, value []byte)) {
	for i := range l.all {
		if ln := &l.all[i]; ln.next != ln.saved {
			put(binary.AppendUvarint([]byte{laneEntry}, ln.key), binary.AppendVarint(nil, ln.next))
		}
	}
	if l.numbered != l.saved {
		put([]byte{numberEntry}, binary.AppendVarint(nil, l.numbered))
	}
	if l.woven != nil {
		l.woven.dirty(put)
	}
}

// Expired has nothing to give.
func (l *lanes) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (l *lanes) Committed() {
	for i := range l.all {
		l.all[i].saved = l.all[i].next
	}
	l.saved = l.numbered
	if l.woven != nil {
		l.woven.committed()
	}
}

// Load puts a lane back.
func (l *lanes) Load(key, value []byte) error {
	if len(key) > 0 && key[0] == writerEntry && l.woven != nil {
		return l.woven.load(key[1:], value)
	}
	if len(key) == 1 && key[0] == numberEntry {
		at, n := binary.Varint(value)
		if l.numbered, l.saved = at, at; n <= 0 {
			return types.ErrCorrupt
		}
		return nil
	}
	if len(key) == 0 || key[0] != laneEntry {
		return types.ErrCorrupt
	}
	k, n := binary.Uvarint(key[1:])
	next, m := binary.Varint(value)
	switch {
	case n <= 0 || m <= 0:
		return types.ErrCorrupt
	case l.renewed:
	case l.woven != nil:
		ln := l.lane(k)
		ln.next, ln.saved = next, next
	case k < uint64(len(l.all)): // else the source had more partitions, and was made anew
		l.all[k].next, l.all[k].saved = next, next
	}
	return nil
}

// Size is none to speak of.
func (l *lanes) Size() (entries, bytes int) { return 0, 0 }
