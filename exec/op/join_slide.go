package op

import (
	"bytes"
	"math"
	"slices"

	"weir/exec/state"
	"weir/functions"
	"weir/types"
)

// slide is the aggregates over a key's right rows within the time of its latest left row. For the next left row of the key only what
// has come into that time since is added, and what has left it is taken back: so a row costs the same however many others its key has.
//
// It is made of what the buffer holds, for keys with many rows, and is no part of the state.
type slide struct {
	key      []byte   // nil where the place is free
	rows     []uint64 // places of the key's right rows, by time: all from the first that may still be needed
	from, to int      // those that are in the aggregates
	words    []uint64
	objs     []functions.Object
}

// slides are those of all keys; the second word of a key in the right buffer says which is its own, from 1, 0 for none.
type slides struct {
	all  []slide
	free []int
}

// manyRows is how many rows may be looked at for one left row before its key gets a slide.
const manyRows = 32

// slideOf is the slide of a key, or nil.
func (g *gatherer) slideOf(key []byte) *slide {
	if len(g.slides.all) == len(g.slides.free) {
		return nil
	}
	table := g.join.sides[1].buf.table
	ref, ok := table.Get(key, state.Hash(key))
	if !ok || table.Words(ref)[1] == 0 {
		return nil
	}
	return &g.slides.all[table.Words(ref)[1]-1]
}

// newSlide makes the slide of a key that has rows, of those from a time on.
func (g *gatherer) newSlide(key []byte, from int64) *slide {
	buf, at := g.join.sides[1].buf, len(g.slides.all)
	if n := len(g.slides.free); n > 0 {
		at, g.slides.free = g.slides.free[n-1], g.slides.free[:n-1]
	} else {
		g.slides.all = append(g.slides.all, slide{})
	}
	s := &g.slides.all[at]
	*s = slide{key: bytes.Clone(key), words: make([]uint64, g.acc.words), objs: g.acc.newObjects()}
	s.rows, _ = buf.find(nil, key, from, math.MaxInt64)
	slices.Reverse(s.rows)
	ref, _ := buf.table.Get(key, state.Hash(key))
	buf.table.Words(ref)[1] = uint64(at + 1)
	return s
}

// came takes up a right row that has been stored.
func (g *gatherer) came(place uint64) error {
	if len(g.slides.all) == len(g.slides.free) {
		return nil
	}
	buf := g.join.sides[1].buf
	e := buf.entry(place)
	n := buf.table.Words(entryRecord(e))[1]
	if n == 0 {
		return nil
	}
	s, at := &g.slides.all[n-1], 0
	for at = len(s.rows); at > 0 && entryTime(buf.entry(s.rows[at-1])) > entryTime(e); at-- {
	}
	s.rows = slices.Insert(s.rows, at, place)
	switch {
	case at < s.from:
		s.from, s.to = s.from+1, s.to+1
	case at < s.to:
		s.to++
		return g.take(s, place, false)
	}
	return nil
}

// slideTo moves a slide on to the times from..to, and says whether any row is within them.
func (g *gatherer) slideTo(s *slide, from, to int64) (ok bool, err error) {
	buf := g.join.sides[1].buf
	for s.to < len(s.rows) && entryTime(buf.entry(s.rows[s.to])) <= to {
		if err := g.take(s, s.rows[s.to], false); err != nil {
			return false, err
		}
		s.to++
	}
	if err := g.leave(s, from); err != nil || s.from == s.to {
		return false, err
	}
	g.acc.results(s.words, s.objs, g.results)
	for i := range g.results { // it may share memory with what goes on changing
		g.results[i] = g.results[i].Clone()
	}
	return true, nil
}

// leave takes back what is before a time, for which no left row will ask any more.
func (g *gatherer) leave(s *slide, from int64) error {
	buf := g.join.sides[1].buf
	for s.from < len(s.rows) && entryTime(buf.entry(s.rows[s.from])) < from {
		if s.from < s.to {
			if err := g.take(s, s.rows[s.from], true); err != nil {
				return err
			}
		}
		s.from++
	}
	s.to = max(s.to, s.from)
	if s.from > len(s.rows)/2 {
		s.rows = append(s.rows[:0], s.rows[s.from:]...)
		s.from, s.to = 0, s.to-s.from
	}
	return nil
}

// take adds a right row to the aggregates, or takes it back.
func (g *gatherer) take(s *slide, place uint64, back bool) error {
	right := &g.join.sides[1]
	e := right.buf.entry(place)
	if _, err := types.DecodeRow(entryRow(e), g.pair[right.from:]); err != nil {
		return err
	}
	m := types.Meta{Timestamp: entryTime(e)}
	return g.join.host.refused(g.acc.add(s.words, s.objs, g.pair, &m, back), &m)
}

// trim takes back what is before a time, since that is about to go, and lets go of slides that hold nothing.
func (g *gatherer) trim(limit int64) error {
	table := g.join.sides[1].buf.table
	for i := range g.slides.all {
		s := &g.slides.all[i]
		if s.key == nil {
			continue
		}
		if err := g.leave(s, limit); err != nil {
			return err
		}
		if len(s.rows) > 0 {
			continue
		}
		if ref, ok := table.Get(s.key, state.Hash(s.key)); ok {
			table.Words(ref)[1] = 0
		}
		*s, g.slides.free = slide{}, append(g.slides.free, i)
	}
	return nil
}

// bytes is how much memory the slides take.
func (g *gatherer) bytes() (n int) {
	for i := range g.slides.all {
		s := &g.slides.all[i]
		n += len(s.key) + 8*(cap(s.rows)+cap(s.words)) + bytesOf(s.objs)
	}
	return n
}
