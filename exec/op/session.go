package op

import (
	"cmp"
	"math"
	"slices"
	"sort"

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
	host         *Host
	next         Op
	acc          *accumulators
	group        []eval.Fn
	ctx          *eval.Ctx
	win          *plan.Window
	late         *LateStream
	final        bool
	images       bool         // at Flush, it is told what sessions were at the last commit
	table        *state.Table // one word: which of members
	members      []*member    // nil where free
	free         []uint64     // of members
	dirty        []*member
	count        int        // sessions of all members
	spare        []*session // without objects, to be used again
	spareChanges []*memberChange
	// closing and expiring are the groups by when EMIT FINAL hands a session on, and by when one is beyond its retention.
	closing, expiring dueQueue
	out               types.Batch
	width             int
	keyBuf            []byte
	vals              []types.Value
	swept             int64
}

// member is a group with its sessions. They are apart from each other, so that they are in order both by start and by end.
type member struct {
	key      []byte
	sessions []*session
	change   *memberChange // since the last commit; nil where there is none
	whole    bool          // the store has all sessions in one entry, as it was once written
	// closes and expires are for when the group is queued; unqueued where it is not.
	closes, expires int64
}

const unqueued = math.MaxInt64

type session struct {
	start, end int64
	w          []uint64
	objs       []functions.Object
	closed     bool  // EMIT FINAL has handed it on
	changed    bool  // since the last commit
	gone       bool  // it has become part of another one, or is beyond its retention
	stored     bool  // it is in the store
	storedAt   int64 // under this start
}

// NewSession makes the operator of a plan.SessionAggregate.
func NewSession(h *Host, a *plan.SessionAggregate, direct bool, next Op) *Session {
	k := h.compiler()
	s := &Session{host: h, next: next, acc: newAccumulators(h, a.Aggs), group: k.All(a.Group), win: a.Window, final: a.Final, late: h.Late,
		table: state.NewTable(1), width: len(a.Slots), vals: make([]types.Value, len(a.Group)), swept: types.NoTime}
	s.images = h.Coalesce && !s.final
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
		m := &b.Meta[i]
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

func (s *Session) key(row []types.Value, m *types.Meta) bool {
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
			s.host.report(Problem{NullKey, "GROUP BY", "a grouping expression is NULL: the row is skipped", *m})
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

// update takes the row into a session that it connects with those within the gap, and hands on what became of them.
func (s *Session) update(row []types.Value, m *types.Meta) error {
	closes := s.clock.see(m) - s.win.Grace - s.win.Size
	if err := s.closeFinal(); err != nil {
		return err
	}
	who := s.member(s.keyBuf)
	from, to := who.near(m.Timestamp-s.win.Size, m.Timestamp+s.win.Size)
	for from < to && (who.sessions[from].closed || who.sessions[from].end < closes) {
		from++
	}
	start, end := m.Timestamp, m.Timestamp
	if from < to {
		start, end = min(start, who.sessions[from].start), max(end, who.sessions[to-1].end)
	}
	if end < closes {
		s.host.Counts.Late++
		s.host.report(Problem{Late, "GROUP BY", lateMessage(start, end, closes), *m})
		return s.late.add(row, *m, start, end, closes+s.win.Grace+s.win.Size)
	}
	s.touch(who, m.Place())
	if !s.host.Coalesce && !s.final {
		for _, old := range who.sessions[from:to] {
			s.append(who, old, true, m.Place())
		}
	}
	if from == to {
		x := s.newSession()
		x.w[0] = 1 << 63
		s.changed(who, x)
		who.sessions = slices.Insert(who.sessions, from, x)
		s.count++
	}
	x := s.own(who, from)
	if err := s.join(who, x, from+1, to, m); err != nil {
		return err
	}
	x.start, x.end = start, end
	if err := s.host.refused(s.acc.add(x.w, x.objs, row, m, false), m); err != nil {
		return err
	}
	s.expect(who, end)
	if !s.host.Coalesce && !s.final {
		s.append(who, x, false, m.Place())
	}
	return nil
}

// near are the sessions that are not over before a time and have begun by another one. Most often that is the last one, or none.
func (who *member) near(lo, hi int64) (from, to int) {
	n := len(who.sessions)
	if from = n; n > 0 && who.sessions[n-1].end >= lo {
		if from = n - 1; n > 1 && who.sessions[n-2].end >= lo {
			from = sort.Search(n, func(i int) bool { return who.sessions[i].end >= lo })
		}
	}
	for to = from; to < n && who.sessions[to].start <= hi; to++ {
	}
	return from, to
}

// own is a session of a group that may be written to: a copy where it is as committed, and that will be asked for.
func (s *Session) own(who *member, at int) *session {
	x := who.sessions[at]
	if x.changed {
		return x
	}
	if !s.images {
		s.changed(who, x)
		return x
	}
	c := s.newSession()
	w, objs := c.w, c.objs
	*c = *x
	c.w, c.objs = w, objs
	copy(c.w, x.w)
	if s.acc.objs > 0 {
		c.objs = s.acc.copied(x.w, x.objs)
	}
	s.changed(who, c)
	who.change.before = append(who.change.before, x)
	who.sessions[at] = c
	return c
}

// join takes sessions of a group into another one of it.
func (s *Session) join(who *member, x *session, from, to int, m *types.Meta) error {
	if from >= to {
		return nil
	}
	for _, other := range who.sessions[from:to] {
		if err := s.acc.merge(x.w, x.objs, other.w, s.acc.copied(other.w, other.objs)); err != nil && !leavesOut(err) {
			return err
		} else if err := s.host.refused(err, m); err != nil {
			return err
		}
		if s.images && !other.changed {
			who.change.before = append(who.change.before, other)
		}
		s.drop(who, other)
	}
	who.sessions = slices.Delete(who.sessions, from, to)
	return nil
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
	results := out[n : n+len(s.acc.aggs)]
	s.acc.results(x.w, x.objs, results)
	if !s.host.Coalesce && s.acc.objs > 0 { // it may change before the row is used
		for i := range results {
			results[i] = results[i].Clone()
		}
	}
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
	c := who.change
	byStart := func(x, y *session) int { return cmp.Compare(x.start, y.start) }
	slices.SortFunc(c.before, byStart)
	for _, old := range c.before {
		i := sort.Search(len(who.sessions), func(i int) bool { return who.sessions[i].start >= old.start })
		if i == len(who.sessions) || who.sessions[i].start != old.start || who.sessions[i].end != old.end {
			s.append(who, old, true, c.at)
		}
	}
	slices.SortFunc(c.puts, byStart)
	for _, x := range c.puts {
		if !x.gone {
			s.append(who, x, false, c.at)
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
		at := sort.Search(len(who.sessions), func(i int) bool { return !who.sessions[i].closed })
		for ; at < len(who.sessions) && who.sessions[at].end < limit; at++ {
			list = append(list, done{who, who.sessions[at]})
		}
		if at < len(who.sessions) {
			s.expect(who, who.sessions[at].end)
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
		s.changed(d.who, d.x)
		d.x.closed = true
		s.append(d.who, d.x, false, d.x.end+s.win.Size+s.win.Grace+1)
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
		if n := len(who.sessions); n > 0 {
			end = max(end, who.sessions[n-1].end)
		}
	}
	if end == types.NoTime {
		return nil
	}
	s.clock.advance(end + s.win.Grace + s.win.Size + 1)
	return s.closed()
}
