package task

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/types"
)

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

// weave finds the lane of a record, and its place; others says that none of our queries is known to have written it.
func (l *lanes) weave(rec *kgo.Record, now int64) (ln *lane, place int64, others bool) {
	w := l.woven
	place = rec.Timestamp.UnixMilli()
	t, ok := trailOf(rec)
	if !ok {
		key := w.plain(rec)
		return l.lane(key), place, key == foreign && len(w.writers) > 0
	}
	w.saw(rec, t.query)
	if t.first {
		l.hear(t.query, t.reached, rec.Offset, false, now)
	}
	if t.order != types.NoTime {
		place = t.order
	}
	ln = l.lane(laneKey(t.query, t.task))
	return ln, place, ln.key == foreign
}

// taskBits are those of a lane's key that hold the task; the others hold the query.
const taskBits = 20

// laneKey names the lane of a query's task.
func laneKey(query, task uint64) uint64 { return query<<taskBits | task&(1<<taskBits-1) }

// mostLanes bounds the lanes of a partition: there are as many as tasks that write it, unless others write what only looks like our trails.
const mostLanes = 4096

// lane is the one of a key; that of foreign rows where there would be too many.
func (l *lanes) lane(key uint64) *lane {
	for i := range l.all {
		if l.all[i].key == key {
			return &l.all[i]
		}
	}
	if len(l.all) >= mostLanes && key != foreign {
		return l.lane(foreign)
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
func (w *woven) plain(rec *kgo.Record) uint64 {
	for i := len(w.writers) - 1; i >= 0; i-- {
		if by := &w.writers[i]; by.producer == rec.ProducerID && rec.Offset >= by.from {
			return laneKey(by.query, w.partition)
		}
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
