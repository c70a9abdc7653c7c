// Package check compares what an engine has written with a plain computation over the same records.
package check

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// A Digest stands for a multiset of rows in whatever order: their number, and the sum of their hashes.
type Digest struct {
	Rows int    `json:"rows"`
	Sum  uint64 `json:"sum"`
}

func (d *Digest) add(hash uint64) {
	d.Rows++
	d.Sum += hash
}

// count adds a row of a table: what it is of, and its count.
func (d *Digest) count(id uint64, n int64) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], id)
	binary.BigEndian.PutUint64(b[8:], uint64(n))
	d.add(xxhash.Sum64(b[:]))
}

// fields are values one behind the other, to be hashed.
type fields []byte

func (f fields) text(s string) fields  { return append(append(f, s...), 0) }
func (f fields) number(n int64) fields { return binary.BigEndian.AppendUint64(f, uint64(n)) }
func (f fields) hash() uint64          { return xxhash.Sum64(f) }

// window is what a row of a windowed table is of. The end counts where the start does not give it, in sessions.
func window(buf []byte, name string, start, end int64) uint64 {
	return fields(buf[:0]).text(name).number(start).number(end).hash()
}
