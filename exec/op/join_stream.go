package op

import (
	"bytes"
	"slices"

	"weir/planner/plan"
	"weir/types"
)

// StreamJoin joins rows of two streams that have one key and lie near each other in event time. A row meets those that came
// before it on the other side, in the order of their times, and is kept for those to come.
//
// A row that is so late that none can be kept for it, and none it may match, is dropped, or goes out without a match where its side
// keeps such rows. Those also go out, where the statement names a grace period, when no match can come any more; where it
// does not, at once, and again with each match that comes.
type StreamJoin struct {
	host   *Host
	plan   *plan.StreamJoin
	sides  [2]streamSide
	match  *matcher
	gather *gatherer // nil for a join that makes pairs
	clocked
	joined
	keyAt     int
	retention int64
	made      int64 // rows so far
	saved     int64 // made, as last written
	places    []uint64
	closing   []closed
	swept     int64 // the limit when rows were last let go of; NoTime before
	dropped   int64 // entries below it are gone from the database; NoTime before any is
}

// streamSide is one of the streams, whose columns take the slots from..to of joined rows.
type streamSide struct {
	key           joinKey
	buf           *joinBuffer
	from, to      int
	before, after int64 // how far the other side's rows may lie from this side's
	outer         bool  // rows without a match go out
	keeps         int64 // for how long behind the clock its rows are kept
	headers       int   // the slot of the record's headers, which only go with the rows that it makes; -1 for none
	waiting       waiting
	seen          int64 // how far the side has come
}

// closed is a row that no match can come for.
type closed struct {
	ts    int64
	side  int
	place uint64
}

// NewStreamJoin makes the operator of a plan.StreamJoin.
func NewStreamJoin(h *Host, p *plan.StreamJoin, direct bool, next Op) *StreamJoin {
	split := len(p.Left.Layout())
	end := split + len(p.Right.Layout())
	j := &StreamJoin{host: h, plan: p, match: newMatcher(h, p.Match), joined: joined{next: next, width: len(p.Slots)},
		keyAt: end, retention: p.Within.Before + p.Within.After + p.Within.Grace, swept: types.NoTime, dropped: types.NoTime}
	j.clocked = clocked{clock: newClock(direct), handOn: j.closed}
	j.sides[0] = streamSide{key: newJoinKey(h, p.LeftKey), buf: newJoinBuffer(0), from: 0, to: split, before: p.Within.Before, after: p.Within.After,
		outer: p.Kind == plan.LeftJoin || p.Kind == plan.FullJoin, keeps: j.retention, headers: p.Headers[0], seen: types.NoTime}
	j.sides[1] = streamSide{key: newJoinKey(h, p.RightKey), buf: newJoinBuffer(0), from: split, to: end, before: p.Within.After, after: p.Within.Before,
		outer: p.Kind == plan.RightJoin || p.Kind == plan.FullJoin, keeps: j.retention, headers: p.Headers[1], seen: types.NoTime}
	if p.Gather != nil {
		j.gatherRows()
	}
	return j
}

// Ports are where the rows of the two streams come in.
func (j *StreamJoin) Ports() (left, right Op) {
	return &port{push: func(b *types.Batch) error { return j.push(0, b) }}, &port{push: func(b *types.Batch) error { return j.push(1, b) }, last: j.next}
}

func (j *StreamJoin) push(side int, b *types.Batch) error {
	j.reset()
	if err := j.expire(); err != nil {
		return err
	}
	mine := &j.sides[side]
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 {
			j.host.Counts.Filtered++
			continue
		}
		if !mine.key.of(b.Row(i), &m) {
			continue
		}
		if err := j.row(side, b.Row(i), m); err != nil {
			return err
		}
	}
	return j.emit()
}

// expire lets go of rows that none can match any more.
func (j *StreamJoin) expire() error {
	limit := j.limit(&j.sides[1])
	if limit == types.NoTime || limit <= j.swept+j.retention/64 {
		return nil
	}
	j.swept = limit
	if j.gather != nil {
		if err := j.gather.trim(limit); err != nil {
			return err
		}
	}
	j.sides[0].buf.expire(j.limit(&j.sides[0]))
	j.sides[1].buf.expire(limit)
	return nil
}

// limit is the time up to which rows of a side are too old to match.
func (j *StreamJoin) limit(s *streamSide) int64 { return j.clock.closedTo(s.keeps) }

// row joins one row, and keeps it.
func (j *StreamJoin) row(side int, row []types.Value, m types.Meta) error {
	if j.clock.direct { // a side is one path
		s := &j.sides[side]
		s.seen = max(s.seen, m.Timestamp)
		m.StreamTime = s.seen
	}
	now := j.clock.see(&m)
	if err := j.close(); err != nil {
		return err
	}
	if j.gather != nil {
		return j.keep(side, row, m, now)
	}
	mine, other := &j.sides[side], &j.sides[1-side]
	from := m.Timestamp - mine.before
	if limit := j.limit(other); limit != types.NoTime {
		from = max(from, limit+1)
	}
	j.places, _ = other.buf.find(j.places[:0], mine.key.buf, from, m.Timestamp+mine.after)
	matched, late := false, m.Timestamp <= now-j.retention
	for _, place := range slices.Backward(j.places) {
		is, err := j.meet(side, row, m, place)
		if err != nil {
			return err
		}
		matched = matched || is
	}
	waits := mine.outer && !matched && !late && j.plan.Within.Given && !j.over(mine, m.Timestamp)
	switch {
	case matched || waits:
	case mine.outer:
		if err := j.alone(side, row, mine.key.vals, m); err != nil {
			return err
		}
	case late:
		j.host.Counts.Late++
		j.host.report(Problem{Late, "JOIN", lateMessage(from, m.Timestamp+mine.after, now), m})
	}
	if late {
		return nil
	}
	j.store(mine, row, m.Timestamp, waits)
	return nil
}

// store keeps a row; waits says that it goes out when no match can come any more.
func (j *StreamJoin) store(s *streamSide, row []types.Value, ts int64, waits bool) (place uint64) {
	number := s.buf.next
	s.buf.next++
	if !waits {
		number |= entryDone
	}
	if s.headers >= 0 {
		row[s.headers] = types.NullValue
	}
	place = s.buf.add(s.key.buf, ts, number|entryDirty, row)
	s.buf.dirty = append(s.buf.dirty, place)
	if waits {
		s.waiting.push(waiter{ts, place})
	}
	return place
}

// over says whether no match can come any more for a row of a time.
func (j *StreamJoin) over(s *streamSide, ts int64) bool {
	t := j.clock.closed()
	return t != types.NoTime && j.overAt(s, ts) <= t
}

// overAt is the time at which no match can come any more for a row of a time.
func (j *StreamJoin) overAt(s *streamSide, ts int64) int64 {
	return ts + s.after + j.plan.Within.Grace + 1
}

// meet hands on a row with one from the other side, if they match.
func (j *StreamJoin) meet(side int, row []types.Value, m types.Meta, place uint64) (bool, error) {
	mine, other := &j.sides[side], &j.sides[1-side]
	e := other.buf.entry(place)
	m.Timestamp = max(m.Timestamp, entryTime(e))
	out := j.append(m, mine.key.vals)
	copy(out[mine.from:mine.to], row)
	mine.pass(row, out)
	if _, err := types.DecodeRow(entryRow(e), out[other.from:other.to]); err != nil {
		return false, err
	}
	if !j.match.holds(out, m) {
		j.out.Truncate(j.out.N - 1)
		j.made--
		return false, nil
	}
	if other.outer && j.plan.Within.Given && entryNumber(e)&entryDone == 0 {
		other.buf.mark(place, e, entryDone)
	}
	return true, j.room()
}

// alone hands on a row without a match.
func (j *StreamJoin) alone(side int, row, key []types.Value, m types.Meta) error {
	s := &j.sides[side]
	out := j.append(m, key)
	copy(out[s.from:s.to], row)
	s.pass(row, out)
	return j.room()
}

// pass hands the headers of a row on to one that it makes.
func (s *streamSide) pass(row, out []types.Value) {
	if s.headers >= 0 {
		out[len(out)-1] = row[s.headers]
	}
}

// append adds a joined row. Its place among others is its number: what it had in its input says nothing beside rows of another.
// Numbers lie below all offsets, so that they are not taken for one.
func (j *StreamJoin) append(m types.Meta, key []types.Value) []types.Value {
	stampWindow(&m, &j.plan.KeyJoin, key)
	m.Offset = j.made - 1<<62
	m.Flags = 0
	j.made++
	out := j.out.Append(m)
	copy(out[j.keyAt:], key)
	return out
}

// close hands on the rows that waited for a match which can't come any more: by time, of one time the right ones first, by key.
func (j *StreamJoin) close() error {
	t := j.clock.closed()
	if t == types.NoTime || !j.plan.Within.Given {
		return nil
	}
	j.closing = j.closing[:0]
	for n := range j.sides {
		s := &j.sides[n]
		for len(s.waiting) > 0 && j.over(s, s.waiting[0].ts) {
			w := s.waiting.pop()
			if e := s.buf.entry(w.place); e != nil && entryNumber(e)&entryDone == 0 {
				j.closing = append(j.closing, closed{w.ts, n, w.place})
			}
		}
	}
	if len(j.closing) > 1 {
		slices.SortFunc(j.closing, j.order)
	}
	for _, c := range j.closing {
		if err := j.release(c); err != nil {
			return err
		}
		if err := j.room(); err != nil {
			return err
		}
	}
	return nil
}

// release hands on a row for which no match can come any more.
func (j *StreamJoin) release(c closed) error {
	s := &j.sides[c.side]
	e := s.buf.entry(c.place)
	m := types.Meta{Timestamp: c.ts, StreamTime: types.NoTime, Order: j.overAt(s, c.ts)}
	if j.gather != nil {
		return j.gathered(s, e, m)
	}
	s.buf.mark(c.place, e, entryDone)
	return j.single(s, e, m)
}

// single adds a row of one side to those that go on, with its key.
func (j *StreamJoin) single(s *streamSide, e []byte, m types.Meta) error {
	out := j.out.Append(m)
	key := out[j.keyAt : j.keyAt+len(s.key.vals)]
	if _, err := types.DecodeKey(s.buf.keyOf(e), key); err != nil {
		return err
	}
	if _, err := types.DecodeRow(entryRow(e), out[s.from:s.to]); err != nil {
		return err
	}
	meta := &j.out.Meta[j.out.N-1]
	stampWindow(meta, &j.plan.KeyJoin, key)
	meta.Offset = j.made - 1<<62
	j.made++
	return nil
}

func (j *StreamJoin) order(a, b closed) int {
	if a.ts != b.ts {
		return int(max(-1, min(1, a.ts-b.ts)))
	}
	if a.side != b.side {
		return b.side - a.side
	}
	buf := j.sides[a.side].buf
	x, y := buf.entry(a.place), buf.entry(b.place)
	if c := bytes.Compare(buf.keyOf(x), buf.keyOf(y)); c != 0 {
		return c
	}
	return int(max(-1, min(1, int64(entryNumber(x)&^entryFlags)-int64(entryNumber(y)&^entryFlags))))
}

// closed hands on what the clock has closed.
func (j *StreamJoin) closed() error {
	j.reset()
	if err := j.close(); err != nil {
		return err
	}
	return j.emit()
}

// Bound is the time before which nothing is handed on any more: rows that wait may go out without a match.
func (j *StreamJoin) Bound() int64 {
	bound := j.clock.closed()
	for n := range j.sides {
		if t, ok := j.sides[n].earliest(); ok {
			bound = min(bound, t)
		}
	}
	return bound
}

// earliest is the time of the first row that waits; those that have been matched since are passed over.
func (s *streamSide) earliest() (ts int64, ok bool) {
	for len(s.waiting) > 0 {
		w := s.waiting[0]
		if e := s.buf.entry(w.place); e != nil && entryNumber(e)&entryDone == 0 {
			return w.ts, true
		}
		s.waiting.pop()
	}
	return 0, false
}

// CloseAll moves the clock just far enough for every row that waits to go out: the input has ended.
func (j *StreamJoin) CloseAll() error {
	end := types.NoTime
	for n := range j.sides {
		s := &j.sides[n]
		for _, w := range s.waiting {
			end = max(end, j.overAt(s, w.ts))
		}
	}
	if end == types.NoTime {
		return nil
	}
	j.clock.advance(end)
	return j.closed()
}

var _ Windowed = (*StreamJoin)(nil)
