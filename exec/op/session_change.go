package op

import "slices"

// memberChange is what has become of a group's sessions since the last commit.
type memberChange struct {
	at     int64      // the place of the row that first changed the group
	before []*session // as committed, of those that are others now, or gone; where they are asked for. They are never written to
	puts   []*session // that have changed; some are gone again
	drops  []int64    // starts of those that are in the store, and gone
}

// touch notes that a group is about to change, by a row that stands at a place.
func (s *Session) touch(who *member, at int64) {
	if who.change != nil {
		return
	}
	if n := len(s.spareChanges); n > 0 {
		who.change, s.spareChanges = s.spareChanges[n-1], s.spareChanges[:n-1]
	} else {
		who.change = &memberChange{}
	}
	who.change.at = at
	s.dirty = append(s.dirty, who)
}

// changed notes that a session of a group that was touched changes.
func (s *Session) changed(who *member, x *session) {
	if !x.changed {
		x.changed = true
		who.change.puts = append(who.change.puts, x)
	}
}

// drop notes that a session of a group that was touched is no more.
func (s *Session) drop(who *member, x *session) {
	x.gone = true
	s.count--
	if x.stored {
		who.change.drops = append(who.change.drops, x.storedAt)
	}
}

// newSession is a session without rows, which has objects of its own.
func (s *Session) newSession() *session {
	if n := len(s.spare); n > 0 {
		x := s.spare[n-1]
		s.spare = s.spare[:n-1]
		clear(x.w)
		*x = session{w: x.w}
		return x
	}
	return &session{w: make([]uint64, s.acc.words), objs: s.acc.newObjects()}
}

// mostSpare bounds the memory that is kept after a burst.
const mostSpare = 1 << 16

// settle makes a group's sessions as they stand the committed ones.
func (s *Session) settle(who *member) {
	c := who.change
	who.change = nil
	for _, x := range c.puts {
		if x.gone {
			s.reuse(x)
			continue
		}
		x.changed, x.stored, x.storedAt = false, true, x.start
	}
	for _, x := range c.before {
		s.reuse(x)
	}
	if len(s.spareChanges) < mostSpare {
		clear(c.puts)
		clear(c.before)
		c.puts, c.before, c.drops = c.puts[:0], c.before[:0], c.drops[:0]
		s.spareChanges = append(s.spareChanges, c)
	}
	if who.whole {
		who.whole = false
		for _, x := range who.sessions {
			x.stored, x.storedAt = true, x.start
		}
	}
}

func (s *Session) reuse(x *session) {
	if s.acc.objs == 0 && len(s.spare) < mostSpare {
		s.spare = append(s.spare, x)
	}
}

// insert puts a session that was stored into its place.
func (who *member) insert(x *session) {
	n := len(who.sessions)
	if n == 0 || who.sessions[n-1].start < x.start { // as they come, mostly
		who.sessions = append(who.sessions, x)
		return
	}
	at, _ := slices.BinarySearchFunc(who.sessions, x.start, func(y *session, start int64) int {
		if y.start < start {
			return -1
		}
		return 1
	})
	who.sessions = slices.Insert(who.sessions, at, x)
}
