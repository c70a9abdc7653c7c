package op

import (
	"encoding/binary"

	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// WindowedJoin joins the windows of a table with the row that a table without windows has for their key. A change of a window
// looks that row up; a change of the row changes the joined rows of the key's windows that are retained, by their bounds.
//
// What is retained is settled by the stream time of the windows alone, never by what is still in memory: so the cutting of
// rows into batches does not show.
type WindowedJoin struct {
	host        *Host
	plan        *plan.WindowedJoin
	left, right joinKey
	match       *matcher
	linkedRows  // the right table's, and the windows; a word of theirs says where in time they lie
	joined
	split, keyAt int // where the right table's columns and the key begin
	now, saved   int64
	swept        int64 // the limit when windows were last let go of; NoTime before
	buf          []byte
	vals         []types.Value
	both         []types.Value // to judge
}

const windowTime = itemExtra

// NewWindowedJoin makes the operator of a plan.WindowedJoin. wantOld says that what follows
// needs the rows as they were before.
func NewWindowedJoin(h *Host, p *plan.WindowedJoin, wantOld bool, next Op) *WindowedJoin {
	j := &WindowedJoin{host: h, plan: p, left: newJoinKey(h, p.LeftKey), right: newJoinKey(h, p.RightKey), match: newMatcher(h, p.Match), both: make([]types.Value, len(p.Slots)),
		joined: joined{next: next, width: len(p.Slots), old: wantOld}, split: len(p.Left.Layout()),
		now: types.NoTime, saved: types.NoTime, swept: types.NoTime, vals: make([]types.Value, len(p.LeftKey))}
	j.keyAt = j.split + len(p.Right.Layout())
	j.start(1)
	return j
}

// Ports are where the windows, and the changes of the table without windows, come in.
func (j *WindowedJoin) Ports() (left, right Op) {
	return &port{push: j.windows}, &port{push: j.changes, last: j.next}
}

// limit is the time before which windows are no longer retained: of their start, of a session its end.
func (j *WindowedJoin) limit() int64 {
	if j.now == types.NoTime {
		return types.NoTime
	}
	return j.now - j.plan.Retention
}

func (j *WindowedJoin) windows(b *types.Batch) error {
	j.reset()
	j.sweep()
	for i := range b.N {
		m := b.Meta[i]
		if !j.left.ofChange(b, i) {
			continue
		}
		j.now = max(j.now, m.Timestamp)
		if err := j.window(b.Row(i), m); err != nil {
			return err
		}
		if err := j.room(); err != nil {
			return err
		}
	}
	return j.emit()
}

// window takes a change of a window. One that is beyond its retention is joined too, but not kept, and nothing is known of
// the row before: its delete is passed on in any case.
func (j *WindowedJoin) window(row []types.Value, m types.Meta) error {
	key, gone := j.left.vals, m.Flags&types.NullRow != 0
	n := len(types.AppendKey(j.buf[:0], key[:len(j.plan.RightKey)]))
	at := key[len(key)-1].Int()
	right := j.rows.get(j.left.buf[:n])
	ts := m.Timestamp
	m.Order, m.Timestamp = m.Place(), max(ts, timeOf(right))
	var is, was pair
	var err error
	if !gone {
		if is, err = j.pair(nil, row, right, m); err != nil {
			return err
		}
	}
	if at < j.limit() {
		if gone || is.there {
			return j.change(m, key, was, is, row)
		}
		return nil
	}
	before := j.items.get(j.left.buf)
	if before != nil {
		if was, err = j.pair(before, nil, right, m); err != nil {
			return err
		}
	}
	if gone {
		if before == nil {
			j.host.Counts.Filtered++
			return nil
		}
		j.cancel(j.left.buf, n)
	} else {
		j.buf = appendTimed(j.buf[:0], ts, row)
		_, ref := j.keep(j.left.buf, n, j.buf)
		j.items.table.Words(ref)[windowTime] = uint64(at)
	}
	if !was.there && !is.there {
		return nil
	}
	return j.change(m, key, was, is, row)
}

// changes takes the changes of the table without windows.
func (j *WindowedJoin) changes(b *types.Batch) error {
	j.reset()
	for i := range b.N {
		m := b.Meta[i]
		if !j.right.ofChange(b, i) {
			continue
		}
		ref := j.rows.ref(j.right.buf)
		before, gone := j.rows.at(ref), m.Flags&types.NullRow != 0
		if gone && before == nil {
			j.host.Counts.Filtered++
			j.rows.touch(ref)
			continue
		}
		var now []byte
		if !gone {
			j.buf = appendTimed(j.buf[:0], m.Timestamp, b.Row(i))
			now = j.buf
		}
		j.rows.put(ref, now)
		if err := j.again(ref, m, before); err != nil {
			return err
		}
	}
	return j.emit()
}

// again joins the windows of a row that changed.
func (j *WindowedJoin) again(row state.Ref, m types.Meta, before []byte) error {
	now, limit := j.rows.at(row), j.limit()
	for _, ref := range j.of(row) {
		if int64(j.items.table.Words(ref)[windowTime]) < limit {
			continue
		}
		left := j.items.at(ref)
		if _, err := types.DecodeKey(j.items.table.Key(ref), j.vals); err != nil {
			return err
		}
		changed := m
		changed.Order, changed.Timestamp = m.Place(), max(m.Timestamp, timeOf(left))
		was, err := j.pair(left, nil, before, changed)
		if err != nil {
			return err
		}
		is, err := j.pair(left, nil, now, changed)
		if err != nil {
			return err
		}
		if !was.there && !is.there {
			continue
		}
		if err := j.change(changed, j.vals, was, is, nil); err != nil {
			return err
		}
		if err := j.room(); err != nil {
			return err
		}
	}
	return nil
}

// pair makes of a window's row, encoded or decoded, and the right row what is joined.
func (j *WindowedJoin) pair(left []byte, row []types.Value, right []byte, m types.Meta) (pair, error) {
	p := pair{left: left, right: right}
	if right != nil && j.match != nil {
		copy(j.both[:j.split], row)
		if err := j.fill(j.both, p); err != nil {
			return p, err
		}
		if !j.match.holds(j.both, m) {
			p.right = nil
		}
	}
	p.there = p.right != nil || j.plan.Kind == plan.LeftJoin
	return p, nil
}

// pair is the two rows of which a joined row is made, encoded; there says that there is one.
type pair struct {
	left, right []byte
	there       bool
}

// change hands on what became of a window's joined row. The left row of the new pair is given decoded where it is at hand.
func (j *WindowedJoin) change(m types.Meta, key []types.Value, was, is pair, left []types.Value) error {
	m.Flags &^= types.HasOld | types.NullRow
	if !is.there {
		m.Flags |= types.NullRow
	}
	if was.there && j.old {
		m.Flags |= types.HasOld
	}
	stampWindow(&m, &j.plan.KeyJoin, key)
	var row, old []types.Value
	if j.old {
		row, old = j.out.AppendChange(m)
	} else {
		row = j.out.Append(m)
	}
	copy(row[j.keyAt:], key)
	if was.there && j.old {
		copy(old[j.keyAt:], key)
		if err := j.fill(old, was); err != nil {
			return err
		}
	}
	if !is.there {
		return nil
	}
	copy(row[:j.split], left)
	return j.fill(row, is)
}

func (j *WindowedJoin) fill(row []types.Value, p pair) error {
	if _, err := timed(p.left, row[:j.split]); err != nil {
		return err
	}
	_, err := timed(p.right, row[j.split:j.keyAt])
	return err
}

// sweep lets go of windows that are no longer retained. It waits for a part of the retention, since it goes through all.
func (j *WindowedJoin) sweep() {
	limit := j.limit()
	if limit == types.NoTime || limit <= j.swept+j.plan.Retention/16 {
		return
	}
	j.swept = limit
	j.refs = j.refs[:0]
	j.items.table.Each(func(ref state.Ref) bool {
		if int64(j.items.table.Words(ref)[windowTime]) < limit && j.items.at(ref) != nil {
			j.refs = append(j.refs, ref)
		}
		return true
	})
	j.items.sortByKey(j.refs)
	for _, ref := range j.refs {
		j.cancel(j.items.table.Key(ref), int(j.items.table.Words(ref)[itemOwner]))
	}
}

// Changed says whether a row, a window or the clock has changed.
func (j *WindowedJoin) Changed() bool { return j.now != j.saved || j.linkedRows.isChanged() }

// Dirty gives the clock, the rows and the windows that changed.
func (j *WindowedJoin) Dirty(put func(key, value []byte)) {
	if j.now != j.saved {
		put([]byte{metaKey}, binary.AppendVarint(nil, j.now))
	}
	j.changed(put)
}

// Expired has nothing to give: Dirty deletes what is beyond its retention.
func (j *WindowedJoin) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (j *WindowedJoin) Committed() {
	j.saved = j.now
	j.committed()
}

// Load puts an entry back.
func (j *WindowedJoin) Load(key, value []byte) error {
	if len(key) == 1 && key[0] == metaKey {
		now, n := binary.Varint(value)
		if n <= 0 {
			return types.ErrCorrupt
		}
		j.now, j.saved = now, now
		return nil
	}
	ref, isWindow, err := j.load(key, value)
	if err != nil || !isWindow {
		return err
	}
	if _, err := types.DecodeKey(j.items.table.Key(ref), j.vals); err != nil {
		return err
	}
	j.items.table.Words(ref)[windowTime] = uint64(j.vals[len(j.vals)-1].Int())
	return nil
}

// Size counts the rows and the windows.
func (j *WindowedJoin) Size() (entries, bytes int) { return j.size() }
