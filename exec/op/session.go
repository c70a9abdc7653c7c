package op

import (
	"math"
	"slices"

	"weir/exec/eval"
	"weir/exec/state"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Session groups rows into sessions: runs of rows of one group with no gap longer than Size between them. A session is
// [start, end], both included; its end is its last row.
type Session struct {
	clocked
	host    *Host
	next    Op
	acc     *accumulators
	group   []eval.Fn
	ctx     *eval.Ctx
	win     *plan.Window
	late    *LateStream
	final   bool
	table   *state.Table // one word: which of members
	members []*member    // nil where free
	free    []uint64     // of members
	dirty   []*member
	// closing and expiring are the groups by when EMIT FINAL hands a session on, and by when one is beyond its retention.
	closing, expiring dueQueue
	out               types.Batch
	width             int
	keyBuf            []byte
	vals              []types.Value
	swept             int64
}

// member is a group with its sessions, by start.
type member struct {
	key      []byte
	sessions []*session
	dirty    bool
	at       int64     // the place of the row that first changed it
	image    []session // as committed; their words and objects are never written to
	// closes and expires are for when the group is queued; unqueued where it is not.
	closes, expires int64
}

const unqueued = math.MaxInt64

type session struct {
	start, end int64
	w          []uint64
	objs       []functions.Object
	closed     bool // EMIT FINAL has handed it on
}

// NewSession makes the operator of a plan.SessionAggregate.
func NewSession(h *Host, a *plan.SessionAggregate, direct bool, next Op) *Session {
	k := h.compiler()
	s := &Session{host: h, next: next, acc: newAccumulators(h, a.Aggs), group: k.All(a.Group), win: a.Window, final: a.Final, late: h.Late,
		table: state.NewTable(1), width: len(a.Slots), vals: make([]types.Value, len(a.Group)), swept: types.NoTime}
	s.ctx = k.NewCtx()
	s.clocked = clocked{clock: newClock(direct), handOn: s.closed}
	if s.final {
		s.holds = s.win.Size + s.win.Grace
	}
	s.closing, s.expiring = newDueQueue(s.win.Size), newDueQueue(s.win.Size)
	return s
}

// Push takes rows into sessions, merging those that a row connects.
func (s *Session) Push(b *types.Batch) error {
	s.reset()
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 {
			s.host.Counts.Filtered++
			continue
		}
		if !s.key(b.Row(i), m) {
			continue
		}
		if err := s.update(b.Row(i), m); err != nil {
			return err
		}
		if s.out.N >= types.BatchRows {
			if err := s.emit(); err != nil {
				return err
			}
		}
	}
	if err := s.late.flush(); err != nil {
		return err
	}
	return s.emit()
}

func (s *Session) reset() {
	s.out.Reset(s.width)
	if s.out.Old == nil {
		s.out.Old = []types.Value{}
	}
}

func (s *Session) emit() error {
	if s.out.N == 0 {
		return nil
	}
	err := s.next.Push(&s.out)
	s.reset()
	return err
}

func (s *Session) key(row []types.Value, m types.Meta) bool {
	s.ctx.Enter(row)
	for i, f := range s.group {
		s.vals[i] = f(s.ctx)
	}
	if s.ctx.Err != nil {
		s.host.failed(s.ctx, "GROUP BY", m)
	}
	for i := range s.vals {
		if s.vals[i].IsNull() {
			s.host.Counts.NullKey++
			s.host.report(Problem{NullKey, "GROUP BY", "a grouping expression is NULL: the row is skipped", m})
			return false
		}
	}
	s.keyBuf = types.AppendKey(s.keyBuf[:0], s.vals)
	return true
}

func (s *Session) member(key []byte) *member {
	ref, added := s.table.GetOrAdd(key, state.Hash(key))
	w := s.table.Words(ref)
	if !added {
		return s.members[w[0]]
	}
	who := &member{key: slices.Clone(key), closes: unqueued, expires: unqueued}
	if n := len(s.free); n > 0 {
		w[0] = s.free[n-1]
		s.free = s.free[:n-1]
		s.members[w[0]] = who
	} else {
		w[0] = uint64(len(s.members))
		s.members = append(s.members, who)
	}
	return who
}

// update makes the row a session of its own, takes in those within the gap, and hands on what became of them.
func (s *Session) update(row []types.Value, m types.Meta) error {
	closes := s.clock.see(m) - s.win.Grace - s.win.Size
	if err := s.closeFinal(); err != nil {
		return err
	}
	who := s.member(s.keyBuf)
	merged := &session{start: m.Timestamp, end: m.Timestamp, w: make([]uint64, s.acc.words), objs: s.acc.newObjects()}
	merged.w[0] = 1 << 63
	var taken []*session
	for _, old := range who.sessions {
		open := !old.closed && old.end >= closes
		if open && old.end >= m.Timestamp-s.win.Size && old.start <= m.Timestamp+s.win.Size {
			taken = append(taken, old)
			merged.start, merged.end = min(merged.start, old.start), max(merged.end, old.end)
		}
	}
	if merged.end < closes {
		s.host.Counts.Late++
		s.host.report(Problem{Late, "GROUP BY", lateMessage(merged.start, merged.end, closes), m})
		return s.late.add(row, m, merged.start, merged.end, closes+s.win.Grace+s.win.Size)
	}
	s.touch(who, m.Place())
	for _, old := range taken {
		if err := s.acc.merge(merged.w, merged.objs, old.w, s.acc.copied(old.w, old.objs)); err != nil && !isLimit(err) {
			return err
		} else if err := s.host.refused(err, m); err != nil {
			return err
		}
		if !s.host.Coalesce && !s.final {
			s.append(who, old, true, m.Place())
		}
	}
	if err := s.host.refused(s.acc.add(merged.w, merged.objs, row, m, false), m); err != nil {
		return err
	}
	who.sessions = slices.DeleteFunc(who.sessions, func(x *session) bool { return slices.Contains(taken, x) })
	at, _ := slices.BinarySearchFunc(who.sessions, merged.start, func(x *session, start int64) int { return int(max(-1, min(1, x.start-start))) })
	who.sessions = slices.Insert(who.sessions, at, merged)
	s.expect(who, merged.end)
	if !s.host.Coalesce && !s.final {
		s.append(who, merged, false, m.Place())
	}
	return nil
}

func (s *Session) touch(who *member, at int64) {
	if who.dirty {
		return
	}
	who.dirty, who.at = true, at
	who.image = who.image[:0]
	for _, x := range who.sessions {
		who.image = append(who.image, *x)
	}
	s.dirty = append(s.dirty, who)
}

// append writes the row of a session, or its tombstone, with its place among other rows.
func (s *Session) append(who *member, x *session, gone bool, order int64) {
	m := types.Meta{Timestamp: x.end, StreamTime: types.NoTime, Order: order, WindowStart: x.start, WindowEnd: x.end}
	if gone {
		m.Flags = types.NullRow | types.HasOld
	}
	row, old := s.out.AppendChange(m)
	s.row(who, x, row)
	if gone {
		copy(old, row)
	}
}

func (s *Session) row(who *member, x *session, out []types.Value) {
	n := len(s.vals)
	if _, err := types.DecodeKey(who.key, out[:n]); err != nil {
		panic("op: a group's key can't be decoded: " + err.Error())
	}
	s.acc.results(x.w, x.objs, out[n:n+len(s.acc.aggs)])
	bounds := n + len(s.acc.aggs)
	out[bounds], out[bounds+1] = types.BigintValue(x.start), types.BigintValue(x.end)
}

// Flush hands on the sessions that came, changed or went since the last time. A session that came and went unseen
// leaves no trace.
func (s *Session) Flush() error {
	if s.host.Coalesce && !s.final {
		s.reset()
		for _, who := range s.dirty {
			s.emitMember(who)
			if s.out.N >= types.BatchRows {
				if err := s.emit(); err != nil {
					return err
				}
			}
		}
		if err := s.emit(); err != nil {
			return err
		}
	}
	return s.next.Flush()
}

// HeldBack is how many groups have such sessions.
func (s *Session) HeldBack() int {
	if s.host.Coalesce && !s.final {
		return len(s.dirty)
	}
	return 0
}

func (s *Session) emitMember(who *member) {
	for i := range who.image {
		old := &who.image[i]
		if !slices.ContainsFunc(who.sessions, func(x *session) bool { return x.start == old.start && x.end == old.end }) {
			s.append(who, old, true, who.at)
		}
	}
	for _, x := range who.sessions {
		if !slices.ContainsFunc(who.image, func(old session) bool { return &old.w[0] == &x.w[0] }) {
			s.append(who, x, false, who.at)
		}
	}
}

// closeFinal hands on, for EMIT FINAL, the sessions that no row can join any more, by their end.
func (s *Session) closeFinal() error {
	if !s.final || s.clock.closed() == types.NoTime || s.clock.closed() == s.swept {
		return nil
	}
	s.swept = s.clock.closed()
	limit := s.clock.closed() - s.win.Grace - s.win.Size
	type done struct {
		who *member
		x   *session
	}
	var list []done
	for _, who := range s.closing.ended(limit, func(who *member) *int64 { return &who.closes }) {
		for _, x := range who.sessions {
			switch {
			case x.closed:
			case x.end < limit:
				list = append(list, done{who, x})
			default:
				s.expect(who, x.end)
			}
		}
	}
	slices.SortFunc(list, func(a, b done) int {
		if a.x.end != b.x.end {
			return int(max(-1, min(1, a.x.end-b.x.end)))
		}
		return slices.Compare(a.who.key, b.who.key)
	})
	for _, d := range list {
		s.touch(d.who, types.NoTime)
		c := *d.x
		c.closed = true
		d.who.sessions[slices.Index(d.who.sessions, d.x)] = &c
		s.append(d.who, &c, false, types.NoTime)
		s.out.Meta[s.out.N-1].Flags |= types.Final
	}
	return nil
}

// closed hands on what the clock has closed.
func (s *Session) closed() error {
	s.reset()
	if err := s.closeFinal(); err != nil {
		return err
	}
	return s.emit()
}

// CloseAll moves the clock just far enough to close every open session.
func (s *Session) CloseAll() error {
	end := types.NoTime
	if !s.final {
		return nil
	}
	for _, who := range s.members {
		if who == nil {
			continue
		}
		for _, x := range who.sessions {
			end = max(end, x.end)
		}
	}
	if end == types.NoTime {
		return nil
	}
	s.clock.advance(end + s.win.Grace + s.win.Size + 1)
	return s.closed()
}
