package op

import (
	"bytes"
	"encoding/binary"
	"slices"

	"weir/functions"
	"weir/types"
)

var _ Windowed = (*Session)(nil)

// Changed says whether a group or the clock has changed.
func (s *Session) Changed() bool { return len(s.dirty) > 0 || s.clock.unsaved }

// sessionKey stands before the entry of one session, by its group and its start. Before there were these, entryKey stood before one with all
// sessions of a group.
const sessionKey = 0x02

// appendSession is the key of a session's entry.
func appendSession(dst, group []byte, start int64) []byte {
	dst = append(append(dst, sessionKey), group...)
	return binary.BigEndian.AppendUint64(dst, uint64(start)^1<<63)
}

// SessionEntries are the bounds of the entries of all sessions, or of those of a group and some others.
func SessionEntries(group []byte) (lo, hi []byte) {
	if group == nil {
		return []byte{entryKey}, []byte{sessionKey + 1}
	}
	lo = append([]byte{sessionKey}, group...)
	return lo, append(slices.Clone(lo), bytes.Repeat([]byte{0xff}, 9)...)
}

// WholeEntry is where all sessions of a group may be.
func WholeEntry(group []byte) []byte { return append([]byte{entryKey}, group...) }

// SessionGroup is the group that an entry belongs to.
func SessionGroup(key []byte) (group []byte, ok bool) {
	switch {
	case len(key) > 0 && key[0] == entryKey:
		return key[1:], true
	case len(key) > 8 && key[0] == sessionKey:
		return key[1 : len(key)-8], true
	}
	return nil, false
}

// Dirty gives the clock and the sessions that changed.
func (s *Session) Dirty(put func(key, value []byte)) {
	if s.clock.unsaved {
		put([]byte{metaKey}, s.clock.append(nil))
		s.expire()
	}
	var key, val []byte
	for _, who := range s.dirty {
		c, list := who.change, who.change.puts
		if who.whole {
			put(WholeEntry(who.key), nil)
			list = who.sessions
		}
		for _, start := range c.drops {
			key = appendSession(key[:0], who.key, start)
			put(key, nil)
		}
		for _, x := range list {
			if x.stored && !x.gone && x.storedAt != x.start {
				key = appendSession(key[:0], who.key, x.storedAt)
				put(key, nil)
			}
		}
		for _, x := range list {
			if !x.gone {
				key, val = appendSession(key[:0], who.key, x.start), s.encode(val[:0], x)
				put(key, val)
			}
		}
	}
}

func (s *Session) encode(val []byte, x *session) []byte {
	val = binary.AppendVarint(binary.AppendVarint(val, x.start), x.end)
	closed := byte(0)
	if x.closed {
		closed = 1
	}
	body := s.acc.append(nil, x.w, x.objs)
	val = binary.AppendUvarint(append(val, closed), uint64(len(body)))
	return append(val, body...)
}

func (s *Session) decode(value []byte) ([]*session, error) {
	var out []*session
	for len(value) > 0 {
		x := &session{w: make([]uint64, s.acc.words), objs: s.acc.newObjects()}
		var n int
		if x.start, n = binary.Varint(value); n <= 0 {
			return nil, types.ErrCorrupt
		}
		value = value[n:]
		if x.end, n = binary.Varint(value); n <= 0 || n >= len(value) {
			return nil, types.ErrCorrupt
		}
		x.closed = value[n] == 1
		value = value[n+1:]
		size, n := binary.Uvarint(value)
		if n <= 0 || size > uint64(len(value)-n) {
			return nil, types.ErrCorrupt
		}
		if err := s.acc.decode(value[n:n+int(size)], x.w, x.objs); err != nil {
			return nil, err
		}
		value = value[n+int(size):]
		out = append(out, x)
	}
	return out, nil
}

// Expired has nothing to give: Dirty deletes what is beyond its retention.
func (s *Session) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (s *Session) Committed() {
	for _, who := range s.dirty {
		s.settle(who)
		if len(who.sessions) == 0 {
			s.forget(who)
		}
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	s.clock.saved()
}

// Load puts an entry back.
func (s *Session) Load(key, value []byte) error {
	switch {
	case len(key) == 1 && key[0] == metaKey:
		err := s.clock.decode(value)
		return err
	}
	group, ok := SessionGroup(key)
	if !ok {
		return types.ErrCorrupt
	}
	list, err := s.decode(value)
	if err != nil {
		return err
	}
	who := s.member(group)
	who.whole = who.whole || key[0] == entryKey
	for _, x := range list {
		x.stored, x.storedAt = key[0] == sessionKey, x.start
		who.insert(x)
		s.expect(who, x.end)
	}
	s.count += len(list)
	return nil
}

// Rows gives the sessions of an entry as rows, for pull queries. Rows are valid during the call.
func (s *Session) Rows(key, value []byte, give func(row []types.Value, m types.Meta) error) error {
	list, err := s.decode(value)
	if err != nil {
		return err
	}
	group, ok := SessionGroup(key)
	if !ok {
		return types.ErrCorrupt
	}
	who := &member{key: group}
	row := make([]types.Value, s.width)
	for _, x := range list {
		s.row(who, x, row)
		m := types.Meta{Timestamp: x.end, StreamTime: types.NoTime, Order: types.NoTime, WindowStart: x.start, WindowEnd: x.end}
		if err := give(row, m); err != nil {
			return err
		}
	}
	return nil
}

// What a group takes beside its key, and a session beside its aggregates' words and objects, about.
const memberBytes, sessionBytes = 128, 128

// Size counts the groups.
func (s *Session) Size() (entries, size int) {
	n := len(s.members) - len(s.free)
	objects := s.acc.objectBytes(s.count, func(yield func([]functions.Object) bool) {
		for _, who := range s.members {
			if who == nil {
				continue
			}
			for _, x := range who.sessions {
				if !yield(x.objs) {
					return
				}
			}
		}
	})
	return n, s.table.Bytes() + 16*(s.closing.n+s.expiring.n) + memberBytes*n + (sessionBytes+8*s.acc.words)*s.count + objects
}
