package op

import (
	"encoding/binary"
	"slices"

	"weir/exec/state"
	"weir/types"
)

// keyedRows keeps encoded rows by key, one for each. Rows lie in chunks, so that the garbage collector has nothing to walk; what
// is overwritten leaves a hole, and the chunks are copied when half of them are holes.
type keyedRows struct {
	table  *state.Table // the first word says where the row lies, 0 for none; more are their owner's
	chunks [][]byte
	used   int // bytes of rows that are there
	held   int // bytes of all chunks
	extra  int // words beside the first
	dirty  []state.Ref
	// keep says that a record without a row is still needed; nil for no.
	keep func(words []uint64) bool
	// moved is told that the records have new places.
	moved func()
}

const (
	rowChunk      = 64 << 10
	firstRowChunk = 1 << 10
)

func newKeyedRows(extra int) *keyedRows {
	return &keyedRows{table: state.NewTable(1 + extra), extra: extra}
}

// at is the row of a record; nil where there is none. It is never written to.
func (k *keyedRows) at(ref state.Ref) []byte { return k.row(k.table.Words(ref)[0]) }

func (k *keyedRows) row(place uint64) []byte {
	if place == 0 {
		return nil
	}
	b := k.chunks[place>>32-1][uint32(place):]
	size, n := binary.Uvarint(b)
	return b[n : n+int(size) : n+int(size)]
}

// get is the row of a key; nil where there is none.
func (k *keyedRows) get(key []byte) []byte {
	ref, ok := k.table.Get(key, state.Hash(key))
	if !ok {
		return nil
	}
	return k.at(ref)
}

// ref finds the record of a key, or makes one.
func (k *keyedRows) ref(key []byte) state.Ref {
	ref, _ := k.table.GetOrAdd(key, state.Hash(key))
	return ref
}

// put stores a copy of a row; nil takes it away.
func (k *keyedRows) put(ref state.Ref, row []byte) {
	k.touch(ref)
	k.store(ref, row)
}

func (k *keyedRows) store(ref state.Ref, row []byte) {
	w := k.table.Words(ref)
	if w[0] != 0 {
		k.used -= len(k.row(w[0]))
		w[0] = 0
	}
	if row != nil {
		w[0] = k.append(row)
	}
}

func (k *keyedRows) append(row []byte) uint64 {
	last := len(k.chunks) - 1
	size := len(row) + binary.MaxVarintLen32
	if last < 0 || cap(k.chunks[last])-len(k.chunks[last]) < size {
		k.chunks = append(k.chunks, make([]byte, 0, max(size, min(firstRowChunk<<min(len(k.chunks), 16), rowChunk))))
		last++
		k.held += cap(k.chunks[last])
	}
	place := uint64(last+1)<<32 | uint64(len(k.chunks[last]))
	k.chunks[last] = append(binary.AppendUvarint(k.chunks[last], uint64(len(row))), row...)
	k.used += len(row)
	return place
}

func (k *keyedRows) touch(ref state.Ref) {
	if flags := k.table.Flags(ref); flags&dirty == 0 {
		k.table.SetFlags(ref, flags|dirty)
		k.dirty = append(k.dirty, ref)
	}
}

// changed gives the entries that changed since the last commit, their keys behind a prefix.
func (k *keyedRows) changed(prefix byte, put func(key, value []byte)) {
	var key []byte
	for _, ref := range k.dirty {
		key = append(append(key[:0], prefix), k.table.Key(ref)...)
		put(key, k.at(ref))
	}
}

// committed forgets what changed, and gives back the memory of rows that are gone.
func (k *keyedRows) committed() {
	for _, ref := range k.dirty {
		w := k.table.Words(ref)
		if w[0] == 0 && (k.keep == nil || !k.keep(w)) {
			key := k.table.Key(ref)
			k.table.Remove(key, state.Hash(key))
			continue
		}
		k.table.SetFlags(ref, 0)
	}
	k.dirty = k.dirty[:0]
	if k.held > 4*rowChunk && 2*k.used < k.held-2*rowChunk {
		k.compact()
	}
	if k.table.Bytes() > 2*rowChunk && k.table.Garbage() > 0.5 || k.table.Len() == 0 && k.table.Garbage() > 0 {
		k.rebuild()
	}
}

// compact copies the rows into new chunks. Who still reads an old one keeps it alive.
func (k *keyedRows) compact() {
	old := k.chunks
	k.chunks, k.used, k.held = nil, 0, 0
	k.table.Each(func(ref state.Ref) bool {
		w := k.table.Words(ref)
		if w[0] != 0 {
			b := old[w[0]>>32-1][uint32(w[0]):]
			size, n := binary.Uvarint(b)
			w[0] = k.append(b[n : n+int(size)])
		}
		return true
	})
}

// rebuild copies the records into a new table, without those that were removed.
func (k *keyedRows) rebuild() {
	old := k.table
	k.table = state.NewTable(1 + k.extra)
	old.Each(func(ref state.Ref) bool {
		copy(k.table.Words(k.ref(old.Key(ref))), old.Words(ref))
		return true
	})
	if k.moved != nil {
		k.moved()
	}
}

func (k *keyedRows) load(key, value []byte) state.Ref {
	ref := k.ref(key)
	k.store(ref, value)
	return ref
}

func (k *keyedRows) size() (entries, bytes int) { return k.table.Len(), k.table.Bytes() + k.held }

// appendTimed encodes a row behind its time.
func appendTimed(dst []byte, ts int64, row []types.Value) []byte {
	return types.AppendRow(binary.AppendVarint(dst, ts), row)
}

// timed reads what appendTimed wrote into a row; nothing leaves the row as it is.
func timed(src []byte, row []types.Value) (ts int64, err error) {
	if src == nil {
		return types.NoTime, nil
	}
	ts, n := binary.Varint(src)
	if n <= 0 {
		return ts, types.ErrCorrupt
	}
	_, err = types.DecodeRow(src[n:], row)
	return ts, err
}

func timeOf(src []byte) int64 {
	if src == nil {
		return types.NoTime
	}
	ts, _ := binary.Varint(src)
	return ts
}

// sortByKey orders records by their keys.
func (k *keyedRows) sortByKey(refs []state.Ref) {
	slices.SortFunc(refs, func(a, b state.Ref) int { return slices.Compare(k.table.Key(a), k.table.Key(b)) })
}
