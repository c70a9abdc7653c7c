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
		dst = binary.AppendVarint(binary.AppendVarint(dst, t.reached.Time), t.reached.Order)
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
	}{{trailOrder, &t.order}, {trailFirst, &t.reached.Time}, {trailFirst, &t.reached.Order}} {
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

// woven is what a reader knows of the query that writes its topic.
type woven struct {
	partition uint64
	writers   []writer
	order     int64 // of Reached
	upTo      int64 // the rows before this offset, for which it holds
	time      int64 // of Reached
	atEnd     bool  // of Reached
	asOf      int64
	live      bool // it is what the query has reached by now; else what it had when it wrote what is read
	orphan    bool // nobody writes the topic any more
	givenUp   bool // it brings nothing, and nobody waits for it until it does
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
	return &woven{partition: uint64(partition), order: types.NoTime, asOf: types.NoTime, time: types.NoTime}
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
		l.reached(t.reached, rec.Offset, false)
	}
	if t.order != types.NoTime {
		place = t.order
	}
	return l.lane(laneKey(t.query, t.task)), place
}

// laneKey names the lane of a query's task.
func laneKey(query, task uint64) uint64 { return query<<20 | task&(1<<20-1) }

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

// reached takes in how far the query had come when the topic ended before an offset.
func (l *lanes) reached(r Reached, upTo int64, live bool) {
	w := l.woven
	if upTo < w.upTo || !live && w.live && upTo == w.upTo {
		return
	}
	if r.Order != w.order || upTo != w.upTo {
		l.heard++
	}
	w.order, w.upTo, w.asOf, w.live, w.givenUp = r.Order, upTo, r.AsOf, live, false
	w.time, w.atEnd = max(w.time, r.Time), r.AtEnd
}

// frees says whether no row comes any more that is to go before a lane's.
func (w *woven) frees(ln *lane, h *laneRecord, force bool) bool {
	if force || w.givenUp || w.orphan {
		return true
	}
	return (h.rec.Offset < w.upTo || ln.key == foreign) && (h.place < w.order || w.order == math.MaxInt64)
}

// floor is the place before which no row comes any more, for a row of another input that came at a time, and up to which time that holds.
func (w *woven) floor(stamp int64, force bool) (place, asOf int64) {
	switch {
	case force || w.givenUp || w.orphan:
		return math.MaxInt64, math.MaxInt64
	case !w.live:
		return w.order, math.MaxInt64
	case w.asOf >= stamp:
		return w.order, w.asOf
	}
	return math.MinInt64, math.MaxInt64
}

// caughtUp is as of when the query had read all there is; NoTime where it has not.
func (w *woven) caughtUp() int64 {
	if w.live && w.order == math.MaxInt64 {
		return w.asOf
	}
	return types.NoTime
}
