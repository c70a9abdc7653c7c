package op

import (
	"encoding/binary"

	"weir/types"
)

var _ Windowed = (*Session)(nil)

// Changed says whether a group or the clock has changed.
func (s *Session) Changed() bool { return len(s.dirty) > 0 || s.clock.unsaved }

// Dirty gives the clock and the groups that changed: all sessions of a group are one entry.
func (s *Session) Dirty(put func(key, value []byte)) {
	if s.clock.unsaved {
		put([]byte{metaKey}, s.clock.append(nil))
		s.expire()
	}
	for _, who := range s.dirty {
		key := append([]byte{entryKey}, who.key...)
		if len(who.sessions) == 0 {
			put(key, nil)
			continue
		}
		put(key, s.encode(who))
	}
}

func (s *Session) encode(who *member) []byte {
	var val []byte
	for _, x := range who.sessions {
		val = binary.AppendVarint(binary.AppendVarint(val, x.start), x.end)
		closed := byte(0)
		if x.closed {
			closed = 1
		}
		body := s.acc.append(nil, x.w, x.objs)
		val = binary.AppendUvarint(append(val, closed), uint64(len(body)))
		val = append(val, body...)
	}
	return val
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
		who.dirty = false
		who.image = who.image[:0]
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
	case len(key) == 0 || key[0] != entryKey:
		return types.ErrCorrupt
	}
	list, err := s.decode(value)
	if err != nil {
		return err
	}
	who := s.member(key[1:])
	who.sessions = list
	for _, x := range list {
		s.expect(who, x.end)
	}
	return nil
}

// Rows gives the sessions of an entry as rows, for pull queries. Rows are valid during the call.
func (s *Session) Rows(key, value []byte, give func(row []types.Value, m types.Meta) error) error {
	list, err := s.decode(value)
	if err != nil {
		return err
	}
	who := &member{key: key[1:]}
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

// sessionBytes is about what a group with one session takes beside its key and its aggregates' words.
const sessionBytes = 256

// Size counts the groups.
func (s *Session) Size() (entries, size int) {
	n := len(s.members) - len(s.free)
	return n, s.table.Bytes() + 16*(s.closing.n+s.expiring.n) + (sessionBytes+8*s.acc.words)*n
}
