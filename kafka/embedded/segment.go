package embedded

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
)

// batchHead is the size of a batch without its records.
const batchHead = 61

// piece is a part of a segment: a whole batch, or bytes that are none.
type piece struct {
	span
	whole        bool
	first, last  int64 // offsets of a whole batch
	repaired     string
	transactions bool // it belongs to a transaction, and is no marker
}

// whole says whether a whole batch of so many bytes begins here, by its own sum. The sum does not cover the first 17 bytes.
func wholeBatch(raw []byte) bool {
	return len(raw) >= batchHead && crc32.Checksum(raw[21:], castagnoli) == binary.BigEndian.Uint32(raw[17:])
}

// batchSize is what the head of a batch says of its size; 0 where it can't be.
func batchSize(raw []byte) int64 {
	if len(raw) < batchHead {
		return 0
	}
	size := 12 + int64(binary.BigEndian.Uint32(raw[8:]))
	if size < batchHead || size > int64(len(raw)) || raw[16] != 2 {
		return 0
	}
	return size
}

// pieces takes a segment apart. The damage of one byte in the head of a batch, or in its sum, is mended in raw.
func pieces(raw []byte) []piece {
	var out []piece
	for pos := int64(0); pos < int64(len(raw)); {
		if size := batchSize(raw[pos:]); size > 0 && wholeBatch(raw[pos:pos+size]) {
			out = append(out, batchAt(raw, pos, pos+size, ""))
			pos += size
			continue
		}
		next := nextBatch(raw, pos+1)
		if why := mendHead(raw[pos:next]); why != "" {
			out = append(out, batchAt(raw, pos, next, why))
		} else {
			out = append(out, piece{span: span{pos, next}})
		}
		pos = next
	}
	return out
}

func batchAt(raw []byte, from, to int64, repaired string) piece {
	const transactional, control = 0x10, 0x20
	b := raw[from:to]
	first, attributes := int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint16(b[21:])
	return piece{span{from, to}, true, first, first + int64(int32(binary.BigEndian.Uint32(b[23:]))), repaired,
		attributes&transactional != 0 && attributes&control == 0}
}

// nextBatch is where the next whole batch begins; the end where none does.
func nextBatch(raw []byte, from int64) int64 {
	for ; from+batchHead <= int64(len(raw)); from++ {
		if size := batchSize(raw[from:]); size > 0 && wholeBatch(raw[from:from+size]) {
			return from
		}
	}
	return int64(len(raw))
}

// mendHead mends what the sum of a batch doesn't cover, and the sum where one byte of it alone is wrong: no damage elsewhere does that.
func mendHead(b []byte) string {
	if len(b) < batchHead {
		return ""
	}
	sum := crc32.Checksum(b[21:], castagnoli)
	if wrong := sum ^ binary.BigEndian.Uint32(b[17:]); wrong != 0 {
		low := bits.TrailingZeros32(wrong) / 8 * 8
		if wrong&^(0xff<<low) != 0 || b[16] != 2 || int(binary.BigEndian.Uint32(b[8:])) != len(b)-12 {
			return ""
		}
		binary.BigEndian.PutUint32(b[17:], sum)
		return "its sum"
	}
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	b[16] = 2
	return "its length or its version"
}

// filler takes the place of offsets whose records are lost, so that they are not given again: the marker of a transaction that there never
// was, which every client passes over.
func filler(first, last int64, millis int64) []byte {
	var out []byte
	const most = 1 << 30
	for ; first <= last; first += most {
		delta := min(last-first, most-1)
		b := make([]byte, 21, 80)
		binary.BigEndian.PutUint64(b, uint64(first))
		b[16] = 2
		b = binary.BigEndian.AppendUint16(b, 0x30) // a marker
		b = binary.BigEndian.AppendUint32(b, uint32(delta))
		b = binary.BigEndian.AppendUint64(b, uint64(millis))
		b = binary.BigEndian.AppendUint64(b, uint64(millis))
		b = binary.BigEndian.AppendUint64(b, ^uint64(0)) // no producer,
		b = binary.BigEndian.AppendUint16(b, ^uint16(0)) // its epoch
		b = binary.BigEndian.AppendUint32(b, ^uint32(0)) // and its number
		b = binary.BigEndian.AppendUint32(b, 1)
		rec := []byte{0, 0} // attributes, time
		rec = binary.AppendVarint(rec, delta)
		rec = binary.AppendVarint(rec, 4)
		rec = append(rec, 0, 0, 0, 0) // of a transaction that was given up
		rec = binary.AppendVarint(rec, 6)
		rec = append(rec, 0, 0, 0, 0, 0, 0, 0) // the coordinator, and no headers
		b = append(binary.AppendVarint(b, int64(len(rec))), rec...)
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
		out = append(out, b...)
	}
	return out
}

// segmentMend is a segment that is looked at, and what becomes of it.
type segmentMend struct {
	raw      []byte // as it is to be
	out      []byte // what takes its place; nil where it stays
	index    []byte // of what takes its place
	end      int64  // the offset behind it
	lost     []lostRange
	repaired []string
	filled   bool   // up to where it is known to have reached
	cut      []span // parts of the file that are no batches
}

// mendSegment puts batches in order that begin at an offset. gaps says that a compaction may have left some. known is how far the segment is
// known to have reached, or 0.
func mendSegment(raw []byte, begin, known int64, gaps bool) *segmentMend {
	parts := pieces(raw)
	m := &segmentMend{raw: raw, end: begin}
	millis, changed, epoch := int64(0), false, uint32(0)
	keep := func(b []byte) { m.out = append(m.out, b...) }
	fill := func(to int64) {
		if to > m.end {
			if n := len(m.lost); n > 0 && m.lost[n-1].To == m.end {
				m.lost[n-1].To = to
			} else {
				m.lost = append(m.lost, lostRange{From: m.end, To: to})
			}
			keep(filler(m.end, to-1, millis))
			m.index = append(m.index, indexEntry(0, false)...)
			m.end, changed = to, true
		}
	}
	for i, p := range parts {
		if !p.whole {
			changed = true
			m.cut = append(m.cut, p.span)
			if nextWhole(parts, i) == nil {
				fill(claimed(raw[p.from:p.to], m.end))
			}
			continue
		}
		count := p.last - p.first + 1
		if at := m.place(parts, i, known, gaps); at != p.first {
			binary.BigEndian.PutUint64(raw[p.from:], uint64(at))
			p.first, p.last, p.repaired = at, at+count-1, "its offset"
		}
		if at := raw[p.from+12 : p.from+16]; binary.BigEndian.Uint32(at) != epoch && !sameEpoch(raw, nextWhole(parts, i), at) {
			binary.BigEndian.PutUint32(at, epoch)
			p.repaired = "the epoch"
		}
		epoch = binary.BigEndian.Uint32(raw[p.from+12:])
		if p.repaired != "" {
			changed = true
			m.repaired = append(m.repaired, fmt.Sprintf("%s of the batch at byte %d", p.repaired, p.from))
		}
		if damagedBefore := i > 0 && !parts[i-1].whole; !gaps || damagedBefore {
			fill(p.first)
		}
		millis = int64(binary.BigEndian.Uint64(raw[p.from+35:]))
		keep(raw[p.from:p.to])
		m.index = append(m.index, indexEntry(binary.BigEndian.Uint32(raw[p.from+12:]), p.transactions)...)
		m.end = p.last + 1
	}
	m.filled = known > m.end
	fill(known)
	if !changed {
		m.out = nil
	}
	return m
}

// sameEpoch says whether a batch has the epoch given. There is one broker, and leaders don't move: epochs hardly ever change.
func sameEpoch(raw []byte, p *piece, epoch []byte) bool {
	return p != nil && bytes.Equal(raw[p.from+12:p.from+16], epoch)
}

func nextWhole(parts []piece, i int) *piece {
	for i++; i < len(parts); i++ {
		if parts[i].whole {
			return &parts[i]
		}
	}
	return nil
}

// place is the offset of a batch. What stands in its head counts if it fits in with the batches around it.
func (m *segmentMend) place(parts []piece, i int, known int64, gaps bool) int64 {
	p, next := parts[i], nextWhole(parts, i)
	count := p.last - p.first + 1
	fits := p.first >= m.end && (next == nil || p.last < next.first)
	behindDamage := i > 0 && !parts[i-1].whole
	switch {
	case fits && (p.first == m.end || behindDamage):
		return p.first
	case next != nil && next.first == m.end+count: // nothing else fits
		return m.end
	case gaps && fits:
		if at := known - count; next == nil && p.last >= known && at >= m.end && oneByte(uint64(p.first^at)) {
			return at
		}
		return p.first
	case next == nil && known == m.end+count:
		return m.end
	case fits && next != nil && p.last+1 == next.first: // something before it is missing
		return p.first
	case p.first < m.end || oneByte(uint64(p.first^m.end)):
		return m.end
	}
	return p.first
}

func oneByte(x uint64) bool {
	return x != 0 && x&^(0xff<<(bits.TrailingZeros64(x)/8*8)) == 0
}

// claimed is the offset behind a batch that is not whole, as its head says; as much as is known before it where that can't be.
func claimed(b []byte, begin int64) int64 {
	if len(b) < 27 || int64(binary.BigEndian.Uint64(b)) != begin {
		return begin
	}
	if delta := int64(int32(binary.BigEndian.Uint32(b[23:]))); delta >= 0 && delta < int64(max(binary.BigEndian.Uint32(b[8:]), 1)) {
		return begin + delta + 1
	}
	return begin
}

// indexEntry is what kfake keeps beside each batch: version, sum, epoch, a time that it works out anew, and whether a transaction was open.
func indexEntry(epoch uint32, inTransaction bool) []byte {
	b := make([]byte, indexEntrySize)
	b[0] = entryVersion
	binary.LittleEndian.PutUint32(b[2:], epoch)
	if inTransaction {
		b[14] = 1
	}
	b[1] = byte(crc32.Checksum(b[2:], castagnoli))
	return b
}

const indexEntrySize = 15

// sameIndex says whether an index says of each batch what it has to.
func sameIndex(have, want []byte) bool {
	if len(have) != len(want) {
		return false
	}
	for i := 0; i+indexEntrySize <= len(want); i += indexEntrySize {
		h, w := have[i:i+indexEntrySize], want[i:i+indexEntrySize]
		if h[0] != w[0] || [4]byte(h[2:]) != [4]byte(w[2:]) || h[14]&1 != w[14]&1 || h[1] != byte(crc32.Checksum(h[2:], castagnoli)) {
			return false
		}
	}
	return true
}
