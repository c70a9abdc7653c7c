package op

import (
	"encoding/binary"

	"weir/exec/state"
	"weir/types"
)

// linkedRows keeps rows by key, and beside each the list of the items that belong to it. An item's key begins with that of its
// row, which need not be there. The items of a row are linked in both directions, so that one can be taken out.
type linkedRows struct {
	rows  *keyedRows // word beyond the row: the first item, a reference from 1
	items *keyedRows // words beyond the row: the previous item, the next, the length of the row's key; more are their owner's
	refs  []state.Ref
}

const (
	itemPrevious = 1 + iota
	itemNext
	itemOwner
	itemExtra // the first word of the items' owner
)

// start makes the tables, with extra words for the items' owner.
func (l *linkedRows) start(extra int) {
	l.rows, l.items = newKeyedRows(1), newKeyedRows(itemExtra-1+extra)
	l.rows.keep = func(words []uint64) bool { return words[1] != 0 }
	l.items.moved = l.relink
}

// keep stores an item, and links it to the row whose key takes the first n bytes of its own.
func (l *linkedRows) keep(key []byte, n int, item []byte) (row, ref state.Ref) {
	ref, added := l.items.table.GetOrAdd(key, state.Hash(key))
	linked := !added && l.items.at(ref) != nil
	l.items.put(ref, item)
	row = l.rows.ref(key[:n])
	if !linked {
		l.link(row, ref, n)
	}
	return row, ref
}

func (l *linkedRows) link(to, ref state.Ref, n int) {
	head := l.rows.table.Words(to)
	w := l.items.table.Words(ref)
	w[itemPrevious], w[itemNext], w[itemOwner] = 0, head[1], uint64(n)
	if head[1] != 0 {
		l.items.table.Words(state.Ref(head[1] - 1))[itemPrevious] = uint64(ref) + 1
	}
	head[1] = uint64(ref) + 1
}

// cancel takes an item out, if it is there.
func (l *linkedRows) cancel(key []byte, n int) {
	ref, ok := l.items.table.Get(key, state.Hash(key))
	if !ok || l.items.at(ref) == nil {
		return
	}
	l.items.put(ref, nil)
	w := l.items.table.Words(ref)
	if w[itemNext] != 0 {
		l.items.table.Words(state.Ref(w[itemNext] - 1))[itemPrevious] = w[itemPrevious]
	}
	if w[itemPrevious] != 0 {
		l.items.table.Words(state.Ref(w[itemPrevious] - 1))[itemNext] = w[itemNext]
		return
	}
	to := l.rows.ref(key[:n])
	l.rows.table.Words(to)[1] = w[itemNext]
	if w[itemNext] == 0 && l.rows.at(to) == nil {
		l.rows.touch(to) // neither row nor item: it goes at the commit
	}
}

// of lists the items of a row by their keys, until it is called again.
func (l *linkedRows) of(row state.Ref) []state.Ref {
	l.refs = l.refs[:0]
	for n := l.rows.table.Words(row)[1]; n != 0; n = l.items.table.Words(state.Ref(n - 1))[itemNext] {
		l.refs = append(l.refs, state.Ref(n-1))
	}
	l.items.sortByKey(l.refs)
	return l.refs
}

// relink links the items anew, whose records have moved.
func (l *linkedRows) relink() {
	l.rows.table.Each(func(ref state.Ref) bool {
		l.rows.table.Words(ref)[1] = 0
		return true
	})
	l.items.table.Each(func(ref state.Ref) bool {
		n := l.items.table.Words(ref)[itemOwner]
		key := l.items.table.Key(ref)[:n]
		if to, ok := l.rows.table.Get(key, state.Hash(key)); ok {
			l.link(to, ref, int(n))
		}
		return true
	})
}

func (l *linkedRows) isChanged() bool { return len(l.rows.dirty)+len(l.items.dirty) > 0 }

// changed gives the rows and the items that changed. An item's key begins with the length of its row's.
func (l *linkedRows) changed(put func(key, value []byte)) {
	l.rows.changed(entryKey, put)
	var key []byte
	for _, ref := range l.items.dirty {
		key = binary.AppendUvarint(append(key[:0], rightKey), l.items.table.Words(ref)[itemOwner])
		key = append(key, l.items.table.Key(ref)...)
		put(key, l.items.at(ref))
	}
}

func (l *linkedRows) committed() {
	l.rows.committed()
	l.items.committed()
}

// load puts an entry back that changed once gave, and returns the item if it is one.
func (l *linkedRows) load(key, value []byte) (item state.Ref, isItem bool, err error) {
	switch {
	case len(key) > 0 && key[0] == entryKey:
		l.rows.load(key[1:], value)
		return 0, false, nil
	case len(key) == 0 || key[0] != rightKey:
		return 0, false, types.ErrCorrupt
	}
	size, n := binary.Uvarint(key[1:])
	if n <= 0 || size > uint64(len(key)-1-n) {
		return 0, false, types.ErrCorrupt
	}
	key = key[1+n:]
	item = l.items.load(key, value)
	l.link(l.rows.ref(key[:size]), item, int(size))
	return item, true, nil
}

func (l *linkedRows) size() (entries, bytes int) {
	n, size := l.rows.size()
	m, more := l.items.size()
	return n + m, size + more
}
