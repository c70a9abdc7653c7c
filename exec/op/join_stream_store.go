package op

import (
	"encoding/binary"

	"weir/types"
)

// Changed says whether a row or the clock has changed.
func (j *StreamJoin) Changed() bool {
	return len(j.sides[0].buf.dirty)+len(j.sides[1].buf.dirty) > 0 || j.made != j.saved || j.clock.unsaved
}

// Dirty gives the clock and the rows that changed.
func (j *StreamJoin) Dirty(put func(key, value []byte)) {
	if j.clock.unsaved || j.made != j.saved {
		put([]byte{metaKey}, j.clock.append(binary.AppendVarint(nil, j.made)))
	}
	j.sides[0].buf.changed(entryKey, put)
	j.sides[1].buf.changed(rightKey, put)
}

// Expired gives the rows that are too old: entries are ordered by time. It waits for a part of the retention, since a
// range costs more than the entries of one commit.
func (j *StreamJoin) Expired(drop func(from, to []byte)) {
	limit := j.limit(&j.sides[1])
	if limit == types.NoTime || limit < j.dropped+j.retention/16 {
		return
	}
	drop([]byte{entryKey}, appendWindow([]byte{entryKey}, j.limit(&j.sides[0])))
	drop([]byte{rightKey}, appendWindow([]byte{rightKey}, limit))
	j.dropped = limit
}

// Committed makes the state as it stands the committed one.
func (j *StreamJoin) Committed() {
	j.sides[0].buf.committed()
	j.sides[1].buf.committed()
	j.clock.saved()
	j.saved = j.made
}

// Load puts an entry back.
func (j *StreamJoin) Load(key, value []byte) error {
	switch {
	case len(key) == 1 && key[0] == metaKey:
		made, n := binary.Varint(value)
		if n <= 0 {
			return types.ErrCorrupt
		}
		j.made, j.saved = made, made
		return j.clock.decode(value[n:])
	case len(key) == 0 || key[0] != entryKey && key[0] != rightKey:
		return types.ErrCorrupt
	}
	s := &j.sides[key[0]-entryKey]
	place, ts, done, err := s.buf.load(key[1:], value, s.to-s.from, j.limit(s))
	if place != 0 && !done && s.outer && j.plan.Within.Given {
		s.waiting.push(waiter{ts, place})
	}
	return err
}

// Size counts the rows kept.
func (j *StreamJoin) Size() (entries, bytes int) {
	for n := range j.sides {
		rows, size := j.sides[n].buf.size()
		entries, bytes = entries+rows, bytes+size+16*cap(j.sides[n].waiting)
	}
	if j.gather != nil {
		bytes += j.gather.bytes()
	}
	return entries, bytes
}
