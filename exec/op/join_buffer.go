package op

import (
	"encoding/binary"

	"weir/exec/state"
	"weir/types"
)

// joinBuffer keeps the rows of one side of a stream-stream join until they are too old to match. Rows lie in byte chunks, in the
// order in which they came; those of one key are linked, the latest in event time first. A chunk goes as a whole when
// all its rows are too old. Since the links of a key lead back in time, a link into a chunk that is gone is the end.
//
// An entry is: the place of the next older one (8 bytes), its time (8), its number with flags in the upper bits (8), its
// record in the table (4), the length of the row (4), the row.
type joinBuffer struct {
	table  *state.Table // the first word is the place of the key's latest entry; more are their owner's
	extra  int          // words beside the first
	chunks []bufferChunk
	first  uint32 // number of chunks[0]; places begin at chunk 1
	next   uint64 // number of the next entry
	gone   int    // chunks that went since the table was last rebuilt
	live   int    // chunks that are there
	rows   int
	limit  int64    // rows older than it may be out of reach: see expire
	dirty  []uint64 // places
	key    []byte
}

type bufferChunk struct {
	bytes []byte // nil once gone
	rows  int
	last  int64 // latest time
}

const (
	entryHead  = 32
	entryDirty = 1 << 63 // changed since the last commit
	entryDone  = 1 << 62 // met a match, or went out without one
	entryFlags = entryDirty | entryDone
)

func newJoinBuffer(extra int) *joinBuffer {
	return &joinBuffer{table: state.NewTable(1 + extra), extra: extra, first: 1, limit: types.NoTime}
}

// entry is the bytes of an entry from its head on; nil where it is gone.
func (b *joinBuffer) entry(place uint64) []byte {
	n := uint32(place>>32) - b.first
	if place == 0 || uint32(place>>32) < b.first || b.chunks[n].bytes == nil {
		return nil
	}
	return b.chunks[n].bytes[uint32(place):]
}

func entryOlder(e []byte) uint64     { return binary.LittleEndian.Uint64(e) }
func entryTime(e []byte) int64       { return int64(binary.LittleEndian.Uint64(e[8:])) }
func entryNumber(e []byte) uint64    { return binary.LittleEndian.Uint64(e[16:]) }
func entryRecord(e []byte) state.Ref { return state.Ref(binary.LittleEndian.Uint32(e[24:])) }
func entryRow(e []byte) []byte {
	n := entryHead + int(binary.LittleEndian.Uint32(e[28:]))
	return e[entryHead:n:n]
}

// add stores a row, and returns its place.
func (b *joinBuffer) add(key []byte, ts int64, number uint64, row []types.Value) uint64 {
	place, e := b.alloc(row)
	b.link(key, place, e, ts, number)
	return place
}

// alloc encodes a row at the end of the last chunk, with room for its head.
func (b *joinBuffer) alloc(row []types.Value) (uint64, []byte) {
	at := len(b.chunks) - 1
	if at < 0 || b.chunks[at].bytes == nil || cap(b.chunks[at].bytes)-len(b.chunks[at].bytes) < entryHead {
		at = b.grow(entryHead)
	}
	var head [entryHead]byte
	c := &b.chunks[at]
	start, room := len(c.bytes), cap(c.bytes)
	grown := types.AppendRow(append(c.bytes, head[:]...), row)
	if cap(grown) != room {
		// It did not fit, and was encoded into memory of its own: copy it from there into a new chunk.
		e := grown[start:]
		at = b.grow(len(e))
		c = &b.chunks[at]
		start = 0
		grown = append(c.bytes, e...)
	}
	c.bytes = grown
	e := grown[start:]
	binary.LittleEndian.PutUint32(e[28:], uint32(len(e)-entryHead))
	return uint64(b.first+uint32(at))<<32 | uint64(start), e
}

// grow begins a chunk. Chunks grow with the buffer, so that a small one stays small.
func (b *joinBuffer) grow(size int) int {
	b.chunks = append(b.chunks, bufferChunk{bytes: make([]byte, 0, max(size, min(firstRowChunk<<min(b.live, 16), rowChunk))), last: types.NoTime})
	b.live++
	return len(b.chunks) - 1
}

// link puts an entry among those of its key, by time; of one time, the later one counts as later.
func (b *joinBuffer) link(key []byte, place uint64, e []byte, ts int64, number uint64) {
	ref, _ := b.table.GetOrAdd(key, state.Hash(key))
	binary.LittleEndian.PutUint64(e[8:], uint64(ts))
	binary.LittleEndian.PutUint64(e[16:], number)
	binary.LittleEndian.PutUint32(e[24:], uint32(ref))
	c := &b.chunks[uint32(place>>32)-b.first]
	c.last = max(c.last, ts)
	c.rows++
	b.rows++
	head := &b.table.Words(ref)[0]
	newer, older := []byte(nil), *head
	for at := b.entry(older); at != nil && entryTime(at) > ts; at = b.entry(older) {
		newer, older = at, entryOlder(at)
	}
	binary.LittleEndian.PutUint64(e, older)
	if newer == nil {
		*head = place
	} else {
		binary.LittleEndian.PutUint64(newer, place)
	}
}

// find appends the places of a key's entries with times from..to, latest first, and says how many it has looked at.
func (b *joinBuffer) find(dst []uint64, key []byte, from, to int64) (places []uint64, seen int) {
	ref, ok := b.table.Get(key, state.Hash(key))
	if !ok {
		return dst, 0
	}
	place := b.table.Words(ref)[0]
	for e := b.entry(place); e != nil; e = b.entry(place) {
		ts := entryTime(e)
		if ts < from {
			break
		}
		if ts <= to {
			dst = append(dst, place)
		}
		place = entryOlder(e)
		seen++
	}
	return dst, seen
}

// mark sets flags of an entry, and notes that it is to be written.
func (b *joinBuffer) mark(place uint64, e []byte, flags uint64) {
	n := entryNumber(e)
	if n&entryDirty == 0 {
		b.dirty = append(b.dirty, place)
	}
	binary.LittleEndian.PutUint64(e[16:], n|flags|entryDirty)
}

// expire lets go of rows that are older than limit, chunk by chunk. One that came late and lies in a later chunk stays, but nothing leads to it
// any more, and its key may be gone.
func (b *joinBuffer) expire(limit int64) {
	b.limit = max(b.limit, limit)
	for i := range b.chunks {
		if c := &b.chunks[i]; c.bytes != nil && c.last < limit {
			b.rows -= c.rows
			*c = bufferChunk{last: c.last}
			b.gone++
			b.live--
		}
	}
	drop := 0
	for drop < len(b.chunks) && b.chunks[drop].bytes == nil {
		drop++
	}
	if drop > 0 {
		b.chunks = append(b.chunks[:0], b.chunks[drop:]...)
		b.first += uint32(drop)
	}
	if b.gone > b.live {
		b.rebuild()
	}
}

// rebuild drops the keys that have no entries left.
func (b *joinBuffer) rebuild() {
	old := b.table
	b.table, b.gone = state.NewTable(1+b.extra), 0
	old.Each(func(was state.Ref) bool {
		place := old.Words(was)[0]
		e := b.entry(place)
		if e == nil {
			return true
		}
		key := old.Key(was)
		ref, _ := b.table.GetOrAdd(key, state.Hash(key))
		words := b.table.Words(ref)
		copy(words, old.Words(was))
		words[0] = place
		for ; e != nil; e = b.entry(entryOlder(e)) {
			binary.LittleEndian.PutUint32(e[24:], uint32(ref))
		}
		return true
	})
}

// keyOf is the key of an entry; not to be written to.
func (b *joinBuffer) keyOf(e []byte) []byte { return b.table.Key(entryRecord(e)) }

// changed gives the entries to be written: a prefix, the time, the key, the number; the value is whether it is done, and the row.
func (b *joinBuffer) changed(prefix byte, put func(key, value []byte)) {
	var val []byte
	for _, place := range b.dirty {
		e := b.entry(place)
		if e == nil || entryTime(e) < b.limit {
			continue
		}
		number := entryNumber(e)
		b.key = append(appendWindow(append(b.key[:0], prefix), entryTime(e)), b.keyOf(e)...)
		b.key = binary.BigEndian.AppendUint64(b.key, number&^entryFlags)
		done := byte(0)
		if number&entryDone != 0 {
			done = 1
		}
		val = append(append(val[:0], done), entryRow(e)...)
		put(b.key, val)
	}
}

func (b *joinBuffer) committed() {
	for _, place := range b.dirty {
		if e := b.entry(place); e != nil {
			binary.LittleEndian.PutUint64(e[16:], entryNumber(e)&^entryDirty)
		}
	}
	b.dirty = b.dirty[:0]
}

// load puts an entry back that changed once gave, without its prefix. One that is too old is left out: it has place 0. A changelog
// still has those that were let go of.
func (b *joinBuffer) load(key, value []byte, width int, limit int64) (place uint64, ts int64, done bool, err error) {
	var at [1]types.Value
	rest, err := types.DecodeKey(key, at[:])
	if err != nil || len(rest) < 8 || len(value) == 0 {
		return 0, 0, false, types.ErrCorrupt
	}
	ts = at[0].Int()
	number := binary.BigEndian.Uint64(rest[len(rest)-8:])
	row := make([]types.Value, width)
	if _, err := types.DecodeRow(value[1:], row); err != nil {
		return 0, 0, false, err
	}
	b.next = max(b.next, number+1)
	if ts < limit {
		return 0, ts, false, nil
	}
	if done = value[0] == 1; done {
		number |= entryDone
	}
	return b.add(rest[:len(rest)-8], ts, number, row), ts, done, nil
}

func (b *joinBuffer) size() (entries, bytes int) {
	for i := range b.chunks {
		bytes += cap(b.chunks[i].bytes)
	}
	return b.rows, bytes + b.table.Bytes() + 8*cap(b.dirty)
}
