package task

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/types"
)

// note is what a task announces to those behind its repartition, at a commit, behind the rows of all tasks of its stage.
type note struct {
	upstream int
	bound    int64 // no row before it comes any more; NoTime where it is not known
	order    int64 // no row with a place before it comes any more; NoTime where it is not known
	atEnd    bool  // its inputs have been at their ends for weir.idle.upstream
	caughtUp bool  // no row comes any more of what lay in the sources at the time asOf
	place    int64 // where it has not: none of those comes with a place before it
	asOf     int64 // by the node's clock, microseconds
	sent     int64 // a time at which all lay in its source that has been sent, by the node's clock, microseconds
	idled    int64 // how far it has gone on since the last one because the inputs were idle
	quiet    bool  // nothing is new but asOf
	waits    bool  // its rows wait, or those of what is before it
}

// Flags of a note's record, which lies behind announces and the upstream task (uvarint):
//
//	bound (varint), flags, order (varint) and asOf (varint) where noteOrder, place and sent (varint) where notePlace, the rest is how far it has idled
//	(varint) where it has
const (
	noteAtEnd = 1 << iota
	noteCaughtUp
	noteOrder
	noteQuiet
	noteWaits
	notePlace
)

// known is the place before which no row comes of what lay in the sources at a time.
func (n note) known() (order, asOf int64) {
	if n.caughtUp {
		return never, n.asOf
	}
	if n.place == types.NoTime {
		return types.NoTime, types.NoTime
	}
	return n.place, n.asOf
}

// differs says whether there is anything new to announce.
func (n note) differs(told note) bool {
	told.upstream, told.asOf, told.sent, told.idled, told.quiet, told.waits = n.upstream, n.asOf, n.sent, 0, n.quiet, n.waits
	return n != told
}

func (n note) append(val []byte) []byte {
	val = binary.AppendUvarint(append(val, announces), uint64(n.upstream))
	val = binary.AppendVarint(val, n.bound)
	flags := byte(noteOrder | notePlace)
	if n.atEnd {
		flags |= noteAtEnd
	}
	if n.caughtUp {
		flags |= noteCaughtUp
	}
	if n.quiet {
		flags |= noteQuiet
	}
	if n.waits {
		flags |= noteWaits
	}
	val = append(val, flags)
	for _, v := range [...]int64{n.order, n.asOf, n.place, n.sent} {
		val = binary.AppendVarint(val, v)
	}
	if n.idled > 0 {
		val = binary.AppendVarint(val, n.idled)
	}
	return val
}

// announcement reads a note; ok is false for a row.
func announcement(rec *kgo.Record) (n note, ok bool) {
	val := rec.Value
	if len(val) < 4 || val[0] != announces {
		return n, false
	}
	n.order, n.place = types.NoTime, types.NoTime
	from, size := binary.Uvarint(val[1:])
	if size <= 0 {
		return n, false
	}
	val = val[1+size:]
	n.upstream = int(from)
	if n.bound, size = binary.Varint(val); size <= 0 || size >= len(val) {
		return n, false
	}
	flags := val[size]
	val = val[size+1:]
	n.atEnd, n.caughtUp, n.quiet, n.waits = flags&noteAtEnd != 0, flags&noteCaughtUp != 0, flags&noteQuiet != 0, flags&noteWaits != 0
	for _, f := range [...]struct {
		flag byte
		to   *int64
	}{{noteOrder, &n.order}, {noteOrder, &n.asOf}, {notePlace, &n.place}, {notePlace, &n.sent}} {
		if flags&f.flag == 0 {
			continue // it is from before that was announced
		}
		if *f.to, size = binary.Varint(val); size <= 0 {
			return n, false
		}
		val = val[size:]
	}
	if flags&notePlace == 0 {
		n.sent = n.asOf
	}
	if len(val) > 0 {
		if n.idled, size = binary.Varint(val); size <= 0 {
			return n, false
		}
	}
	return n, true
}

// head is what stands before the row in a repartitioned record.
type head struct {
	upstream    int
	path, order int64 // NoTime where it has none
	size        int
}

// headOf reads the head of a row's record.
func headOf(rec *kgo.Record) (h head, ok bool) {
	h.path, h.order, h.size = types.NoTime, types.NoTime, 1
	val := rec.Value
	if len(val) == 0 {
		return h, false
	}
	flags := val[0]
	if flags&hasTask != 0 {
		from, n := binary.Uvarint(val[h.size:])
		if n <= 0 {
			return h, false
		}
		h.upstream, h.size = int(from), h.size+n
	}
	for _, t := range [...]struct {
		flag byte
		to   *int64
	}{{hasTime, &h.path}, {hasOrder, &h.order}} {
		if flags&t.flag == 0 {
			continue
		}
		v, n := binary.Varint(val[h.size:])
		if n <= 0 {
			return h, false
		}
		*t.to, h.size = v, h.size+n
	}
	return h, true
}
