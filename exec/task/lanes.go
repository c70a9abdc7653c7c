package task

import (
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
	gone    int64    // the greatest place that has gone on
	passed  *int64   // the same, of all inputs of the task
	sent    int64    // a time at which all had been sent that release has let go of last
	counts  *op.Counts
	// numbered is the number of the next row that goes on. It grows no faster than offsets do, and begins with one.
	numbered, saved int64
	renewed         bool   // the topic is not the one that the state tells of
	atOnce          bool   // nothing waits
	stirred         bool   // an upstream task has told that rows wait
	patience        int64  // as the task's
	woven           *woven // of the topic of another query; nil of a repartition
}

// teller is what tells how far it has come.
type teller struct {
	told    int64 // when it last told something new, by the node's clock
	givenUp bool  // nobody waits for it until it does
}

func (w *teller) news(now int64) { w.told, w.givenUp = now, false }

// lane is what one upstream task has sent.
type lane struct {
	teller
	key     uint64       // names it: of a repartition, the number of the upstream task
	recs    []laneRecord // not processed yet
	free    int          // how many of recs have been let go
	last    int64        // the greatest place so far
	bound   int64        // no row with a place before it comes any more
	order   int64        // nor one with a place before this of what lay in the sources at the time asOf
	asOf    int64        // by the node's clock, microseconds; NoTime where nothing is known
	stamped int          // how many of recs lie before an announcement
	next    int64        // what lies before this offset is processed
	saved   int64        // next, as last written
}

type laneRecord struct {
	rec   *kgo.Record
	place int64
	stamp int64 // a time at which it lay in its source, or later: what lay there before it is waited for, and patience longer
	note  bool
	// behind and foreign are to be counted once it is processed.
	behind, foreign bool
}

func newLane(key uint64) lane {
	return lane{key: key, last: types.NoTime, bound: types.NoTime, order: types.NoTime, asOf: types.NoTime}
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
	r := laneRecord{rec: rec, stamp: now + l.patience}
	if l.woven != nil {
		ln, place, r.foreign = l.weave(rec, now)
	} else {
		if n, ok := announcement(rec); ok {
			return n.upstream < len(l.all) && l.announced(&l.all[n.upstream], rec, n, now)
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
	ln.last = max(ln.last, place)
	r.place, r.behind = ln.last, !l.atOnce && ln.last < max(l.gone, *l.passed)
	ln.recs = append(ln.recs, r)
	ln.news(now)
	l.waiting++
	return true
}

func (l *lanes) announced(ln *lane, rec *kgo.Record, n note, now int64) (taken bool) {
	if !n.quiet || n.waits {
		ln.news(now)
	}
	l.stirred = l.stirred || n.waits
	ln.last, ln.bound = max(ln.last, n.order), max(ln.bound, n.order)
	ln.order, ln.asOf = n.known()
	ln.lay(math.MaxInt64, n.sent+l.patience)
	if rec.Offset < ln.next {
		return false
	}
	ln.recs = append(ln.recs, laneRecord{rec: rec, note: true})
	l.waiting++
	return true
}

// lay says that what came before an offset lay in its source at a time.
func (ln *lane) lay(upTo, at int64) {
	i := max(ln.stamped, ln.free)
	for ; i < len(ln.recs) && ln.recs[i].rec.Offset < upTo; i++ {
		ln.recs[i].stamp = min(ln.recs[i].stamp, at)
	}
	ln.stamped = i
}

// hear takes in how far a query upstream had come when the partition ended before an offset.
func (l *lanes) hear(query uint64, r Reached, upTo int64, live bool, now int64) {
	if !l.woven.heard(query, r, upTo, live, now) || r.Sent == never {
		return
	}
	for i := range l.all {
		if ln := &l.all[i]; ln.key != foreign && ln.key>>taskBits == query {
			ln.lay(upTo, r.Sent+l.patience)
		}
	}
}

// processed says that the first of the records that were let go has been processed.
func (l *lanes) processed() {
	ln := &l.all[l.route[l.routed]]
	l.routed++
	if r := &ln.recs[0]; r.behind || r.foreign {
		l.count(r)
	}
	ln.next = ln.recs[0].rec.Offset + 1
	ln.recs[0] = laneRecord{}
	ln.recs = ln.recs[1:]
	ln.free--
	ln.stamped = max(ln.stamped-1, 0)
	if l.routed == len(l.route) {
		l.route, l.routed = l.route[:0], 0
	}
}

// count counts a row apart.
func (l *lanes) count(r *laneRecord) {
	if r.behind {
		l.counts.Behind++
	}
	if r.foreign {
		l.counts.Foreign++
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
