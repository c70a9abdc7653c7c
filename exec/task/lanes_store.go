package task

import (
	"encoding/binary"

	"weir/types"
)

// Of the state of a task, its lanes are an entry each: how far they have been processed. So are the producers that write for the query upstream.
const (
	laneEntry = iota
	writerEntry
	numberEntry
)

// Changed says whether anything has been processed.
func (l *lanes) Changed() bool {
	for i := range l.all {
		if l.all[i].next != l.all[i].saved {
			return true
		}
	}
	return l.numbered != l.saved || l.woven != nil && l.woven.changed()
}

// Dirty gives the lanes that have gone on.
func (l *lanes) Dirty(put func(key, value []byte)) {
	for i := range l.all {
		if ln := &l.all[i]; ln.next != ln.saved {
			put(binary.AppendUvarint([]byte{laneEntry}, ln.key), binary.AppendVarint(nil, ln.next))
		}
	}
	if l.numbered != l.saved {
		put([]byte{numberEntry}, binary.AppendVarint(nil, l.numbered))
	}
	if l.woven != nil {
		l.woven.dirty(put)
	}
}

// Expired has nothing to give.
func (l *lanes) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (l *lanes) Committed() {
	for i := range l.all {
		l.all[i].saved = l.all[i].next
	}
	l.saved = l.numbered
	if l.woven != nil {
		l.woven.committed()
	}
}

// Load puts a lane back.
func (l *lanes) Load(key, value []byte) error {
	if len(key) > 0 && key[0] == writerEntry && l.woven != nil {
		return l.woven.load(key[1:], value)
	}
	if len(key) == 1 && key[0] == numberEntry {
		at, n := binary.Varint(value)
		if l.numbered, l.saved = at, at; n <= 0 {
			return types.ErrCorrupt
		}
		return nil
	}
	if len(key) == 0 || key[0] != laneEntry {
		return types.ErrCorrupt
	}
	k, n := binary.Uvarint(key[1:])
	next, m := binary.Varint(value)
	switch {
	case n <= 0 || m <= 0:
		return types.ErrCorrupt
	case l.renewed:
	case l.woven != nil:
		ln := l.lane(k)
		ln.next, ln.saved = next, next
	case k < uint64(len(l.all)): // else the source had more partitions, and was made anew
		l.all[k].next, l.all[k].saved = next, next
	}
	return nil
}

// Size is none to speak of.
func (l *lanes) Size() (entries, bytes int) { return 0, 0 }
