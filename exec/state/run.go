package state

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// run is a part of a batch: entries of one store, which go to Pebble in the order of their keys. Its memtable is a skip list, and finds the place
// of a key from that of the one before where that is near; of keys in no order it would look for each from the top.
type run struct {
	bytes   []byte // keys and values one behind the other
	entries []runEntry
	spare   []runEntry // for sorting
}

// runEntry is a key, and its value behind it.
type runEntry struct {
	rank       uint64 // the first bytes of the key in which the run's keys differ
	at         uint32
	key, value int32 // lengths; the value is -1 where the key is deleted
}

// runBytes is from where on a run goes to Pebble: its offsets have 32 bits, and memory that is written once should not pile up.
const runBytes = 16 << 20

var runs = sync.Pool{New: func() any { return new(run) }}

func (r *run) put(prefix, key, value []byte) {
	e := runEntry{at: uint32(len(r.bytes)), key: int32(len(prefix) + len(key)), value: -1} //nolint:gosec // runBytes and an entry's limit bound them
	r.bytes = append(append(r.bytes, prefix...), key...)
	if value != nil {
		e.value = int32(len(value)) //nolint:gosec // as above
		r.bytes = append(r.bytes, value...)
	}
	r.entries = append(r.entries, e)
}

func (r *run) keyOf(e *runEntry) []byte { return r.bytes[e.at : int(e.at)+int(e.key)] }

// sort puts the entries in order. One that was put twice keeps its order.
func (r *run) sort() {
	if len(r.entries) < 2 {
		return
	}
	first := r.keyOf(&r.entries[0])
	same := len(first)
	for i := 1; i < len(r.entries); i++ {
		key := r.keyOf(&r.entries[i])
		same = min(same, len(key))
		for same > 0 && !bytes.Equal(first[:same], key[:same]) {
			same--
		}
	}
	for i := range r.entries {
		var head [8]byte
		copy(head[:], r.keyOf(&r.entries[i])[same:])
		r.entries[i].rank = binary.BigEndian.Uint64(head[:])
	}
	r.byRank()
	for i := 0; i < len(r.entries); {
		j := i + 1
		for j < len(r.entries) && r.entries[j].rank == r.entries[i].rank {
			j++
		}
		if j > i+1 {
			slices.SortStableFunc(r.entries[i:j], func(a, b runEntry) int { return bytes.Compare(r.keyOf(&a)[same:], r.keyOf(&b)[same:]) })
		}
		i = j
	}
}

// byRank sorts by rank, byte by byte from the last: most commits have some ten thousand entries, and comparing them costs several times as much.
func (r *run) byRank() {
	r.spare = slices.Grow(r.spare[:0], len(r.entries))[:len(r.entries)]
	for shift := 0; shift < 64; shift += 8 {
		var starts [257]int
		for i := range r.entries {
			starts[int(byte(r.entries[i].rank>>shift))+1]++ //nolint:gosec // the byte is what is meant
		}
		if slices.Contains(starts[1:], len(r.entries)) {
			continue // they have this byte in common
		}
		for i := 1; i < len(starts); i++ {
			starts[i] += starts[i-1]
		}
		for i := range r.entries {
			to := &starts[byte(r.entries[i].rank>>shift)] //nolint:gosec // as above
			r.spare[*to] = r.entries[i]
			*to++
		}
		r.entries, r.spare = r.spare, r.entries
	}
}

// write gives the entries to a batch, and forgets them.
func (r *run) write(b *pebble.Batch) error {
	r.sort()
	for i := range r.entries {
		e := &r.entries[i]
		key := r.keyOf(e)
		var err error
		if e.value < 0 {
			err = b.Delete(key, nil)
		} else {
			value := int(e.at) + int(e.key)
			err = b.Set(key, r.bytes[value:value+int(e.value)], nil)
		}
		if err != nil {
			return err
		}
	}
	r.bytes, r.entries = r.bytes[:0], r.entries[:0]
	return nil
}
