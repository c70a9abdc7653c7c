package task

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

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
}

// trailHeader is the name of the record header in which a row's trail lies; HEADERS columns hide it.
const trailHeader = "_weir"

// trail is what stands in the header of a row. A row without one is of the task of its partition's number, and its place is its time.
type trail struct {
	query, task uint64
	order       int64 // NoTime where its time is its place
	reached     Reached
	first       bool // it is the first row of a commit in its partition: reached is of the commit before
}

const (
	trailOrder = 1 << iota
	trailFirst
)

func (t *trail) append(dst []byte) []byte {
	flags := byte(0)
	if t.order != types.NoTime {
		flags |= trailOrder
	}
	if t.first {
		flags |= trailFirst
	}
	dst = binary.AppendUvarint(binary.AppendUvarint(append(dst, flags), t.query), t.task)
	if t.order != types.NoTime {
		dst = binary.AppendVarint(dst, t.order)
	}
	if t.first {
		dst = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(dst, t.reached.Time), t.reached.Order), t.reached.All)
	}
	return dst
}

// trailOf reads the trail of a record; ok is false where it has none.
func trailOf(rec *kgo.Record) (t trail, ok bool) {
	for i := len(rec.Headers) - 1; i >= 0; i-- {
		if rec.Headers[i].Key == trailHeader {
			return readTrail(rec.Headers[i].Value)
		}
	}
	return t, false
}

func readTrail(src []byte) (t trail, ok bool) {
	t.order = types.NoTime
	if len(src) == 0 {
		return t, false
	}
	flags, src := src[0], src[1:]
	for _, to := range [...]*uint64{&t.query, &t.task} {
		v, n := binary.Uvarint(src)
		if n <= 0 {
			return t, false
		}
		*to, src = v, src[n:]
	}
	t.first = flags&trailFirst != 0
	for _, f := range [...]struct {
		flag byte
		to   *int64
	}{{trailOrder, &t.order}, {trailFirst, &t.reached.Time}, {trailFirst, &t.reached.Order}, {trailFirst, &t.reached.All}} {
		if flags&f.flag == 0 {
			continue
		}
		v, n := binary.Varint(src)
		if n <= 0 {
			return t, false
		}
		*f.to, src = v, src[n:]
	}
	return t, true
}

// woven is what a reader knows of the queries that write its topic.
type woven struct {
	partition uint64
	writers   []writer
	upstream  []upstream
	time      int64 // of Reached: the least of all
	atEnd     bool  // all are
	listed    bool  // it is known which queries those are
	patience  int64 // as the task's
	orphan    bool  // nobody writes the topic any more
	givenUp   bool  // nothing comes, and nobody waits for it until it does
}

// upstream is one of the queries that write a topic.
type upstream struct {
	query uint64
	Reached
	upTo int64 // it holds of the rows before this offset
	live bool  // it is what the query has reached by now; else what it had when it wrote what is read
}

// writer is a producer that has been seen to write for a query of ours: what it writes without a trail is so as well.
type writer struct {
	producer int64
	query    uint64
	from     int64 // the offset at which it was first seen
	saved    bool
}

// maxWriters is how many producers are remembered: a query has another one each time it begins anew.
const maxWriters = 32

// foreign is the lane of rows that somebody else has written.
const foreign = math.MaxUint64

func newWoven(partition int32) *woven {
	return &woven{partition: uint64(partition), time: types.NoTime}
}

// weave finds the lane of a record, and its place.
func (l *lanes) weave(rec *kgo.Record) (*lane, int64) {
	w := l.woven
	place := rec.Timestamp.UnixMilli()
	t, ok := trailOf(rec)
	if !ok {
		return l.lane(w.plain(rec, &l.counts.Foreign)), place
	}
	w.saw(rec, t.query)
	if t.first {
		l.reached(t.query, t.reached, rec.Offset, false)
	}
	if t.order != types.NoTime {
		place = t.order
	}
	return l.lane(laneKey(t.query, t.task)), place
}

// taskBits are those of a lane's key that hold the task; the others hold the query.
const taskBits = 20

// laneKey names the lane of a query's task.
func laneKey(query, task uint64) uint64 { return query<<taskBits | task&(1<<taskBits-1) }

// lane is the one of a key.
func (l *lanes) lane(key uint64) *lane {
	for i := range l.all {
		if l.all[i].key == key {
			return &l.all[i]
		}
	}
	l.all = append(l.all, newLane(key))
	return &l.all[len(l.all)-1]
}

// saw notes that a producer writes for a query.
func (w *woven) saw(rec *kgo.Record, query uint64) {
	for i := len(w.writers) - 1; i >= 0; i-- {
		if w.writers[i].producer == rec.ProducerID {
			return
		}
	}
	w.writers = append(w.writers, writer{producer: rec.ProducerID, query: query, from: rec.Offset})
}

// plain is the lane of a record without a trail.
func (w *woven) plain(rec *kgo.Record, others *int64) uint64 {
	for i := len(w.writers) - 1; i >= 0; i-- {
		if by := &w.writers[i]; by.producer == rec.ProducerID && rec.Offset >= by.from {
			return laneKey(by.query, w.partition)
		}
	}
	if len(w.writers) > 0 {
		*others++
	}
	return foreign
}

// dirty gives the writers that have come.
func (w *woven) dirty(put func(key, value []byte)) {
	for i := range w.writers {
		if by := &w.writers[i]; !by.saved {
			put(binary.AppendVarint([]byte{writerEntry}, by.producer), binary.AppendVarint(binary.AppendUvarint(nil, by.query), by.from))
		}
	}
	for i := 0; i < len(w.writers)-maxWriters; i++ {
		put(binary.AppendVarint([]byte{writerEntry}, w.writers[i].producer), nil)
	}
}

func (w *woven) changed() bool {
	return len(w.writers) > maxWriters || slices.ContainsFunc(w.writers, func(by writer) bool { return !by.saved })
}

func (w *woven) committed() {
	w.writers = slices.Delete(w.writers, 0, max(len(w.writers)-maxWriters, 0))
	for i := range w.writers {
		w.writers[i].saved = true
	}
}

func (w *woven) load(key, value []byte) error {
	producer, n := binary.Varint(key)
	query, m := binary.Uvarint(value)
	if n <= 0 || m <= 0 {
		return types.ErrCorrupt
	}
	from, m := binary.Varint(value[m:])
	if m <= 0 {
		return types.ErrCorrupt
	}
	w.writers = append(w.writers, writer{producer, query, from, true})
	slices.SortFunc(w.writers, func(a, b writer) int { return cmp.Compare(a.from, b.from) })
	return nil
}

// known names the queries that write the topic: what was known of others is forgotten.
func (w *woven) known(queries []uint64) {
	w.upstream = slices.DeleteFunc(w.upstream, func(u upstream) bool { return !slices.Contains(queries, u.query) })
	for _, q := range queries {
		w.of(q)
	}
	w.listed, w.orphan = true, len(queries) == 0
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

// heard takes in how far a query had come when the topic ended before an offset, and says whether that is new.
func (w *woven) heard(query uint64, r Reached, upTo int64, live bool) bool {
	u := w.of(query)
	if upTo < u.upTo || !live && u.live && upTo == u.upTo {
		return false
	}
	told := r.Order != u.Order || upTo != u.upTo
	r.Time = max(r.Time, u.Time)
	u.Reached, u.upTo, u.live, w.givenUp = r, upTo, live, false
	w.time, w.atEnd = r.Time, r.AtEnd
	for i := range w.upstream {
		o := &w.upstream[i]
		w.time, w.atEnd = min(w.time, o.Time), w.atEnd && o.AtEnd
	}
	return told
}

// reached takes in how far a query had come.
func (l *lanes) reached(query uint64, r Reached, upTo int64, live bool) {
	if l.woven.heard(query, r, upTo, live) {
		l.heard++
	}
}

// frees says whether no row comes any more that is to go before a lane's: by what each query has said of the time when the row was there.
func (w *woven) frees(ln *lane, h *laneRecord, force bool) bool {
	if force || w.givenUp || w.orphan {
		return true
	}
	if !w.listed {
		return false
	}
	for i := range w.upstream {
		u := &w.upstream[i]
		own := ln.key != foreign && ln.key>>taskBits == u.query
		switch stale := u.AsOf < h.stamp; {
		case h.place >= u.Order && u.Order != math.MaxInt64:
			return false
		case h.rec.Offset >= u.upTo && (own || !u.live || stale):
			return false
		case w.patience > 0 && (!u.live || stale) && h.place >= u.All: // tasks that had read all there is may have got more since
			return false
		}
	}
	return true
}

// floor is the place before which no row comes any more, for a row of another input that came at a time, and up to which time that holds.
func (w *woven) floor(stamp int64, force bool) (place, asOf int64) {
	place, asOf = math.MaxInt64, math.MaxInt64
	if force || w.givenUp || w.orphan {
		return place, asOf
	}
	if !w.listed {
		return math.MinInt64, asOf
	}
	for i := range w.upstream {
		switch u := &w.upstream[i]; {
		case !u.live && w.patience > 0:
			place = min(place, u.All)
		case !u.live:
			place = min(place, u.Order)
		case u.AsOf >= stamp:
			place, asOf = min(place, u.Order), min(asOf, u.AsOf)
		default:
			return math.MinInt64, math.MaxInt64
		}
	}
	return place, asOf
}

// order is the place before which no row comes any more.
func (w *woven) order() int64 {
	if !w.listed {
		return types.NoTime
	}
	least := int64(math.MaxInt64)
	for i := range w.upstream {
		least = min(least, w.upstream[i].Order)
	}
	return least
}

// caughtUp is as of when the queries had read all there is; NoTime where one has not.
func (w *woven) caughtUp() int64 {
	if !w.listed {
		return types.NoTime
	}
	asOf := int64(math.MaxInt64)
	for i := range w.upstream {
		if u := &w.upstream[i]; u.live && u.Order == math.MaxInt64 {
			asOf = min(asOf, u.AsOf)
		} else {
			return types.NoTime
		}
	}
	return asOf
}
