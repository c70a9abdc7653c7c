// Package state keeps what operators remember: pointer-free tables in RAM, and Pebble beneath them.
package state

import (
	"bytes"
	"hash/maphash"
	"slices"
	"unsafe"
)

// Table is an open-addressing hash table from byte keys to a fixed number of machine words. Records lie in chunks
// without pointers, so that the garbage collector never walks them, and don't move when the table grows.
//
// A record is: header (key length, flags), the words, the key's bytes padded to a word.
type Table struct {
	width  int
	slots  []uint64 // high half: upper hash bits; low half: record reference + 1; 0 is free, deadSlot was removed
	mask   uint64
	live   int
	used   int // slots that are not free
	chunks [][]uint64
	chunk  int // the one that is being filled; -1 before there is any
	tail   int // words used of it
	held   int // words of all chunks
	dead   int // words lost to removed records
}

// Ref is a record's place in its table; it stays valid until the record is removed or the table is cleared.
type Ref uint32

const (
	firstChunk = 256 // words
	chunkBits  = 15  // the largest chunk: 256 KiB
	chunkWords = 1 << chunkBits
	deadSlot   = 0xFFFFFFFF
)

// NewTable makes a table whose records have width words.
func NewTable(width int) *Table {
	t := &Table{width: width}
	t.Clear()
	return t
}

// Clear drops all records and gives back the memory.
func (t *Table) Clear() {
	t.slots, t.mask = make([]uint64, 16), 15
	t.chunks, t.chunk, t.tail, t.held, t.live, t.used, t.dead = nil, -1, 0, 0, 0, 0, 0
}

// Forget drops all records, and keeps the memory for those that come next.
func (t *Table) Forget() {
	if t.used == 0 {
		return
	}
	clear(t.slots)
	t.chunks = slices.DeleteFunc(t.chunks, func(c []uint64) bool { return len(c) > chunkWords }) // that of one record
	t.held = 0
	for _, c := range t.chunks {
		t.held += len(c)
	}
	t.chunk, t.tail, t.live, t.used, t.dead = min(0, len(t.chunks)-1), 0, 0, 0, 0
}

// Len is the number of records.
func (t *Table) Len() int { return t.live }

// Bytes is the memory held, in bytes.
func (t *Table) Bytes() int { return 8 * (len(t.slots) + t.held) }

var seed = maphash.MakeSeed()

// Hash is the hash of a key, the same for all tables of the process.
func Hash(key []byte) uint64 { return maphash.Bytes(seed, key) }

// Get finds a record; ok is false where there is none.
func (t *Table) Get(key []byte, hash uint64) (ref Ref, ok bool) {
	at := t.find(key, hash)
	if s := t.slots[at]; s != 0 {
		return Ref(uint32(s) - 1), true
	}
	return 0, false
}

// Touch reads what hashes lead to, so that cache misses overlap and later Gets find it in the processor's cache. Small tables
// are there anyway. The sum is to be stored: the compiler leaves out a load whose value nobody uses.
func (t *Table) Touch(hashes []uint64) (sum uint64) {
	if t.Bytes() < touchBytes {
		return 0
	}
	for _, h := range hashes {
		sum += t.slots[h&t.mask]
	}
	for _, h := range hashes {
		sum += t.TouchRecord(h)
	}
	return sum
}

// touchBytes is about the size of a processor core's own cache.
const touchBytes = 512 << 10

// TouchRecord reads the slot of a hash and, where the slot has the hash, the record: for several tables in a row. The result is to
// be stored, as that of Touch.
func (t *Table) TouchRecord(hash uint64) uint64 {
	s := t.slots[hash&t.mask]
	if s>>32 != hash>>32 || uint32(s) == 0 || uint32(s) == deadSlot {
		return s
	}
	return t.record(Ref(uint32(s) - 1))[0]
}

// TouchRef reads the beginning and the key of a record. The result is to be stored, as that of Touch.
func (t *Table) TouchRef(ref Ref) uint64 {
	r := t.record(ref)
	return r[0] + r[min(1+t.width, len(r)-1)]
}

// GetOrAdd finds a record, or adds one with all words zero.
func (t *Table) GetOrAdd(key []byte, hash uint64) (ref Ref, added bool) {
	at := t.find(key, hash)
	if s := t.slots[at]; s != 0 {
		return Ref(uint32(s) - 1), false
	}
	if 4*(t.used+1) > 3*len(t.slots) {
		t.rehash()
		at = t.find(key, hash)
	}
	ref = t.alloc(key)
	t.slots[at] = hash&^0xFFFFFFFF | uint64(ref+1)
	t.live++
	t.used++
	return ref, true
}

// find is the slot of the key, or the free slot where it would go.
func (t *Table) find(key []byte, hash uint64) uint64 {
	tag := hash >> 32
	for at := hash & t.mask; ; at = (at + 1) & t.mask {
		s := t.slots[at]
		if s == 0 || (s>>32 == tag && uint32(s) != deadSlot && bytes.Equal(t.Key(Ref(uint32(s)-1)), key)) {
			return at
		}
	}
}

func (t *Table) alloc(key []byte) Ref {
	size := 1 + t.width + (len(key)+7)/8
	if t.chunk < 0 || t.tail+size > len(t.chunks[t.chunk]) {
		t.nextChunk(size)
	}
	ref := Ref(t.chunk<<chunkBits | t.tail)
	rec := t.chunks[t.chunk][t.tail:]
	clear(rec[1 : 1+t.width]) // of memory that has been used before
	rec[0] = uint64(len(key))
	copy(keyBytes(rec[1+t.width:], len(key)), key)
	t.tail += size
	return ref
}

// nextChunk finds room for a record. Chunks grow with the table, so that a small one stays small; a record larger than a chunk gets its own.
func (t *Table) nextChunk(size int) {
	t.chunk, t.tail = t.chunk+1, 0
	words := max(min(firstChunk<<min(t.chunk, chunkBits), chunkWords), size)
	switch {
	case t.chunk == len(t.chunks):
		t.chunks = append(t.chunks, make([]uint64, words))
	case len(t.chunks[t.chunk]) < size: // kept from before
		t.held -= len(t.chunks[t.chunk])
		t.chunks[t.chunk] = make([]uint64, words)
	default:
		return
	}
	t.held += words
}

func keyBytes(words []uint64, n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
}

func (t *Table) record(ref Ref) []uint64 { return t.chunks[ref>>chunkBits][ref&(chunkWords-1):] }

// Words are the words of a record: read and write them in place.
func (t *Table) Words(ref Ref) []uint64 {
	r := t.record(ref)
	return r[1 : 1+t.width : 1+t.width]
}

// Key is the key of a record: not to be written to.
func (t *Table) Key(ref Ref) []byte {
	r := t.record(ref)
	n := int(uint32(r[0]))
	if n == 0 {
		return nil
	}
	return keyBytes(r[1+t.width:], n)
}

// Flags are 32 bits per record for the owner of the table; zero in a new record.
func (t *Table) Flags(ref Ref) uint32 { return uint32(t.record(ref)[0] >> 32) }

// SetFlags sets them.
func (t *Table) SetFlags(ref Ref, flags uint32) {
	r := t.record(ref)
	r[0] = r[0]&0xFFFFFFFF | uint64(flags)<<32
}

// Remove takes a record out. Its memory comes back when the owner copies the table or clears it: see Garbage.
func (t *Table) Remove(key []byte, hash uint64) bool {
	at := t.find(key, hash)
	s := t.slots[at]
	if s == 0 {
		return false
	}
	t.dead += 1 + t.width + (len(key)+7)/8
	t.slots[at] = deadSlot
	t.live--
	return true
}

// Each calls f for every record, in no order, until f says false. f does not add or remove records.
func (t *Table) Each(f func(Ref) bool) {
	for _, s := range t.slots {
		if s != 0 && uint32(s) != deadSlot && !f(Ref(uint32(s)-1)) {
			return
		}
	}
}

// rehash makes room for more records, or drops the marks of removed ones.
func (t *Table) rehash() {
	size := len(t.slots)
	if 2*t.live >= size {
		size *= 2
	}
	old := t.slots
	t.slots, t.mask, t.used = make([]uint64, size), uint64(size-1), t.live
	for _, s := range old {
		if s == 0 || uint32(s) == deadSlot {
			continue
		}
		at := Hash(t.Key(Ref(uint32(s)-1))) & t.mask
		for t.slots[at] != 0 {
			at = (at + 1) & t.mask
		}
		t.slots[at] = s
	}
}

// Garbage is the share of the records' memory that removed records hold, 0 to 1.
func (t *Table) Garbage() float64 {
	if t.held == 0 {
		return 0
	}
	return float64(t.dead) / float64(t.held)
}
