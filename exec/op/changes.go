package op

import (
	"weir/exec/state"
	"weir/functions"
	"weir/types"
)

// Flags of a group's record.
const (
	dirty   = 1 << iota // changed since the last commit
	existed             // was there at the last commit
)

// change is a group that changed since the last commit. image is where its committed state begins in changes.images;
// it means nothing for a new group.
type change struct {
	in       *groups
	ref      state.Ref
	image    int
	objImage int
	at       int64 // the place of the row that first changed it
}

// changes are the groups that changed since the last commit, in the order of their first change.
type changes struct {
	acc    *accumulators
	list   []change
	images []uint64 // committed words, for the row before
	objs   [][]byte // committed objects, encoded: one entry per group
	keep   bool     // images are wanted
	// touched keeps what ahead has read, so that the loads are not left out.
	touched uint64
}

// touch notes that a group is about to change, by a row that stands at a place.
func (c *changes) touch(g *groups, ref state.Ref, added bool, at int64) {
	flags := g.table.Flags(ref)
	if flags&dirty != 0 {
		return
	}
	ch := change{in: g, ref: ref, image: len(c.images), objImage: len(c.objs), at: at}
	if added {
		flags &^= existed
	}
	if flags&existed != 0 && c.keep {
		w := g.table.Words(ref)
		c.images = append(c.images, w...)
		if c.acc.objs > 0 {
			c.objs = append(c.objs, c.acc.append(nil, w, c.acc.objectsOf(g, w)))
		}
	}
	g.table.SetFlags(ref, flags|dirty)
	c.list = append(c.list, ch)
}

// ahead reads the records of some changes at a time, so that their cache misses overlap: call it for each change in turn.
func (c *changes) ahead(i int) {
	if i%touchAhead != 0 {
		return
	}
	sum := uint64(0)
	for _, ch := range c.list[i:min(i+touchAhead, len(c.list))] {
		sum += ch.in.table.TouchRef(ch.ref)
	}
	c.touched = sum
}

const touchAhead = 16

// before is the committed state of a changed group; ok is false for one that was not there. The objects are made anew.
func (c *changes) before(ch change) (w []uint64, objs []functions.Object, ok bool, err error) {
	if ch.in.table.Flags(ch.ref)&existed == 0 {
		return nil, nil, false, nil
	}
	w = c.images[ch.image : ch.image+c.acc.words]
	if c.acc.objs > 0 {
		objs = c.acc.newObjects()
		err = c.acc.decode(c.objs[ch.objImage], make([]uint64, c.acc.words), objs)
	}
	return w, objs, true, err
}

// committed makes the state as it stands the committed one.
func (c *changes) committed() {
	for i, ch := range c.list {
		c.ahead(i)
		ch.in.table.SetFlags(ch.ref, existed)
	}
	c.forget()
}

func (c *changes) forget() {
	clear(c.objs)
	clear(c.list)
	c.list, c.images, c.objs = c.list[:0], c.images[:0], c.objs[:0]
}

// Keys of a store: its own book-keeping first, then the entries.
const (
	metaKey  = 0x00
	entryKey = 0x01
)

func appendWindow(dst []byte, start int64) []byte {
	return types.AppendKey(dst, []types.Value{types.BigintValue(start)})
}
