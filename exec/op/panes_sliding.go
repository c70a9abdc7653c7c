package op

import (
	"slices"

	"weir/exec/state"
	"weir/functions"
	"weir/types"
)

// sliding is the combination of panes per key, over the panes that start before end and have not been left out. Those
// before mid are the older half: each of them has a cell that combines it with those of its key that follow it in the
// half; the key's front is the cell of its oldest pane. The key's back combines its panes of the newer half.
type sliding struct {
	acc      *accumulators
	mid, end int64
	keyTable *state.Table // one word: the key's number
	members  []slider
	free     []uint32 // numbers of keys that are gone
	idle     []uint32 // keys that were without a record
	order    []uint32 // keys in the combination, by key
	fresh    []uint32 // others in it, in no order
	front    cells
	starts   []int64 // the pane of each cell of front
	older    []int32 // the cell of the key's next newer pane; -1 for none
	back     cells
	sum      cells // a window's result for one key
}

// slider is a key that has a record in some pane.
type slider struct {
	ref     state.Ref
	records int32 // in panes, those that wait included
	panes   int32 // of them in the combination
	front   int32 // cell; -1 for none
	back    int32 // cell; -1 for none
	gone    bool  // its number is free
}

// cells are states in a row.
type cells struct {
	acc  *accumulators
	all  []uint64
	objs [][]functions.Object
	n    int32
}

func (c *cells) reset() {
	clear(c.objs)
	c.all, c.objs, c.n = c.all[:0], c.objs[:0], 0
}

// add makes an empty cell.
func (c *cells) add() int32 {
	at := len(c.all)
	c.all = slices.Grow(c.all, c.acc.words)[:at+c.acc.words]
	clear(c.all[at:])
	c.all[at] = 1 << 63
	if c.acc.objs > 0 {
		c.objs = append(c.objs, c.acc.newObjects())
	}
	c.n++
	return c.n - 1
}

func (c *cells) words(i int32) []uint64 {
	at := int(i) * c.acc.words
	return c.all[at : at+c.acc.words]
}

func (c *cells) objects(i int32) []functions.Object {
	if c.acc.objs == 0 {
		return nil
	}
	return c.objs[i]
}

func (c *cells) merge(i int32, w []uint64, objs []functions.Object) {
	c.acc.mergeCopy(c.words(i), c.objects(i), w, objs)
}

func newSliding(acc *accumulators) sliding {
	return sliding{acc: acc, mid: types.NoTime, end: types.NoTime, keyTable: state.NewTable(1),
		front: cells{acc: acc}, back: cells{acc: acc}, sum: cells{acc: acc}}
}

// number finds the number of a key, or gives it one.
func (s *sliding) number(key []byte, hash uint64) uint32 {
	ref, added := s.keyTable.GetOrAdd(key, hash)
	w := s.keyTable.Words(ref)
	if !added {
		return uint32(w[0])
	}
	k := slider{ref: ref, front: -1, back: -1}
	if n := len(s.free); n > 0 {
		w[0] = uint64(s.free[n-1])
		s.free = s.free[:n-1]
		s.members[w[0]] = k
	} else {
		w[0] = uint64(len(s.members))
		s.members = append(s.members, k)
	}
	return uint32(w[0])
}

func (s *sliding) keyOf(k uint32) []byte { return s.keyTable.Key(s.members[k].ref) }

// live is how many keys the combination has.
func (s *sliding) live() int { return len(s.order) + len(s.fresh) }

// enter counts a pane of a key that comes into the combination.
func (s *sliding) enter(k uint32) *slider {
	x := &s.members[k]
	if x.panes++; x.panes == 1 {
		s.fresh = append(s.fresh, k)
	}
	return x
}

// include takes a pane in at the new end.
func (s *sliding) include(g *pane) {
	g.table.Each(func(ref state.Ref) bool {
		w := g.table.Words(ref)
		s.toBack(s.enter(uint32(w[s.acc.words])), w[:s.acc.words], s.acc.objectsOf(&g.groups, w[:s.acc.words]))
		return true
	})
}

func (s *sliding) toBack(x *slider, w []uint64, objs []functions.Object) {
	if x.back < 0 {
		x.back = s.back.add()
	}
	s.back.merge(x.back, w, objs)
}

// exclude leaves a pane out, the oldest one. prune follows.
func (s *sliding) exclude(g *pane) {
	g.table.Each(func(ref state.Ref) bool {
		x := &s.members[g.table.Words(ref)[s.acc.words]]
		s.lose(uint32(g.table.Words(ref)[s.acc.words]))
		if g.start >= s.end {
			return true
		}
		x.panes--
		if x.front >= 0 && s.starts[x.front] == g.start {
			x.front = s.older[x.front]
		}
		return true
	})
}

// prune forgets keys that have no pane in the combination, and those that have none at all.
func (s *sliding) prune() {
	out := func(k uint32) bool {
		x := &s.members[k]
		if x.panes == 0 {
			x.front, x.back = -1, -1
		}
		return x.panes == 0
	}
	s.order = slices.DeleteFunc(s.order, out)
	s.fresh = slices.DeleteFunc(s.fresh, out)
	for _, k := range s.idle {
		if x := &s.members[k]; x.records == 0 && !x.gone {
			x.gone = true
			key := s.keyTable.Key(x.ref)
			s.keyTable.Remove(key, state.Hash(key))
			s.free = append(s.free, k)
		}
	}
	s.idle = s.idle[:0]
	if s.keyTable.Garbage() > 0.5 {
		s.compact()
	}
}

// lose counts a record of a key that is no more.
func (s *sliding) lose(k uint32) {
	x := &s.members[k]
	if x.records--; x.records == 0 {
		s.idle = append(s.idle, k)
	}
}

// compact copies the keys that are left.
func (s *sliding) compact() {
	table := state.NewTable(1)
	for k := range s.members {
		if x := &s.members[k]; !x.gone {
			key := s.keyTable.Key(x.ref)
			x.ref, _ = table.GetOrAdd(key, state.Hash(key))
			table.Words(x.ref)[0] = uint64(k)
		}
	}
	s.keyTable = table
}

// flip makes the older half of all panes that are left, and the newer one empty.
func (s *sliding) flip(panes []*pane) {
	for _, list := range [][]uint32{s.order, s.fresh} {
		for _, k := range list {
			s.members[k].front, s.members[k].back = -1, -1
		}
	}
	s.front.reset()
	s.back.reset()
	s.starts, s.older = s.starts[:0], s.older[:0]
	for _, g := range slices.Backward(panes) {
		g.table.Each(func(ref state.Ref) bool {
			w := g.table.Words(ref)
			x := &s.members[w[s.acc.words]]
			x.front = s.push(g.start, x.front, w[:s.acc.words], s.acc.objectsOf(&g.groups, w[:s.acc.words]))
			return true
		})
	}
	s.mid = s.end
}

// push makes a cell of a pane's state and of the cell that follows it.
func (s *sliding) push(start int64, newer int32, w []uint64, objs []functions.Object) int32 {
	c := s.front.add()
	s.starts, s.older = append(s.starts, start), append(s.older, newer)
	s.front.merge(c, w, objs)
	if newer >= 0 {
		s.front.merge(c, s.front.words(newer), s.front.objects(newer))
	}
	return c
}

// comeLate takes in what has come to a pane that is combined already. added says that the key is new to the pane.
func (s *sliding) comeLate(start int64, k uint32, added bool, w []uint64, objs []functions.Object) {
	x := &s.members[k]
	if added {
		s.enter(k)
	}
	if start >= s.mid {
		s.toBack(x, w, objs)
		return
	}
	before, c := int32(-1), x.front
	for ; c >= 0 && s.starts[c] < start; before, c = c, s.older[c] {
		s.front.merge(c, w, objs)
	}
	if c >= 0 && s.starts[c] == start {
		s.front.merge(c, w, objs)
		return
	}
	if c = s.push(start, c, w, objs); before < 0 {
		x.front = c
	} else {
		s.older[before] = c
	}
}

// sorted are the keys of the combination, in order.
func (s *sliding) sorted() []uint32 {
	if len(s.fresh) == 0 {
		return s.order
	}
	less := func(a, b uint32) int { return slices.Compare(s.keyOf(a), s.keyOf(b)) }
	slices.SortFunc(s.fresh, less)
	at := len(s.order)
	s.order = append(s.order, s.fresh...)
	// Both runs are in order: they are merged from the end.
	for i, j, to := at-1, len(s.fresh)-1, len(s.order)-1; j >= 0; to-- {
		if i >= 0 && less(s.order[i], s.fresh[j]) > 0 {
			s.order[to] = s.order[i]
			i--
		} else {
			s.order[to] = s.fresh[j]
			j--
		}
	}
	s.fresh = s.fresh[:0]
	return s.order
}

// combined is what a key comes to; valid until the next call.
func (s *sliding) combined(k uint32) ([]uint64, []functions.Object) {
	x := &s.members[k]
	switch {
	case x.front < 0:
		return s.back.words(x.back), s.back.objects(x.back)
	case x.back < 0:
		return s.front.words(x.front), s.front.objects(x.front)
	}
	s.sum.reset()
	c := s.sum.add()
	s.sum.merge(c, s.front.words(x.front), s.front.objects(x.front))
	s.sum.merge(c, s.back.words(x.back), s.back.objects(x.back))
	return s.sum.words(c), s.sum.objects(c)
}
