package op

import (
	"weir/planner/plan"
	"weir/types"
)

// TableJoin joins two tables by their keys. It keeps the rows of both; every change of one changes the joined row.
type TableJoin struct {
	host  *Host
	plan  *plan.Join
	sides [2]tableSide
	joined
	keyAt int
	buf   []byte
}

// tableSide is one of the tables, whose columns take the slots from..to of joined rows.
type tableSide struct {
	key      joinKey
	rows     *keyedRows
	from, to int
}

// NewTableJoin makes the operator of a plan.Join of two tables. wantOld says that what follows needs the rows as they were
// before.
func NewTableJoin(h *Host, p *plan.Join, wantOld bool, next Op) *TableJoin {
	split := len(p.Left.Layout())
	j := &TableJoin{host: h, plan: p, joined: joined{next: next, width: len(p.Slots), old: wantOld}, keyAt: split + len(p.Right.Layout())}
	j.sides[0] = tableSide{newJoinKey(h, p.LeftKey), newKeyedRows(0), 0, split}
	j.sides[1] = tableSide{newJoinKey(h, p.RightKey), newKeyedRows(0), split, j.keyAt}
	return j
}

// Ports are where the changes of the two tables come in.
func (j *TableJoin) Ports() (left, right Op) {
	return &port{push: func(b *types.Batch) error { return j.push(0, b) }}, &port{push: func(b *types.Batch) error { return j.push(1, b) }, last: j.next}
}

func (j *TableJoin) push(side int, b *types.Batch) error {
	j.reset()
	mine, other := &j.sides[side], &j.sides[1-side]
	for i := range b.N {
		m := b.Meta[i]
		if !mine.key.ofChange(b, i) {
			continue
		}
		before := mine.rows.get(mine.key.buf)
		gone := m.Flags&types.NullRow != 0
		if gone && before == nil {
			j.host.Counts.Filtered++
			continue
		}
		var now []byte
		if !gone {
			j.buf = appendTimed(j.buf[:0], m.Timestamp, b.Row(i))
			now = j.buf
		}
		mine.rows.put(mine.rows.ref(mine.key.buf), now)
		if err := j.change(side, m, mine.key.vals, before, now, other.rows.get(mine.key.buf)); err != nil {
			return err
		}
		if err := j.room(); err != nil {
			return err
		}
	}
	return j.emit()
}

// change makes the change of the joined row, if there is or was one.
func (j *TableJoin) change(side int, m types.Meta, key []types.Value, before, now, other []byte) error {
	had, has := j.joins(side, before, other), j.joins(side, now, other)
	if !had && !has {
		return nil
	}
	m.Timestamp = max(m.Timestamp, timeOf(other))
	m.Flags &^= types.HasOld | types.NullRow
	if !has {
		m.Flags |= types.NullRow
	}
	if had && j.old {
		m.Flags |= types.HasOld
	}
	stampWindow(&m, j.plan, key)
	var row, old []types.Value
	if j.old {
		row, old = j.out.AppendChange(m)
	} else {
		row = j.out.Append(m)
	}
	if had && j.old {
		if err := j.fill(old, side, before, other, key); err != nil {
			return err
		}
	}
	if !has {
		copy(row[j.keyAt:], key)
		return nil
	}
	if now != nil {
		// The buffer of the encoded row is used again: decode from where the row is kept.
		now = j.sides[side].rows.get(j.sides[side].key.buf)
	}
	return j.fill(row, side, now, other, key)
}

func (j *TableJoin) fill(row []types.Value, side int, mine, other []byte, key []types.Value) error {
	a, b := &j.sides[side], &j.sides[1-side]
	copy(row[j.keyAt:], key)
	if _, err := timed(mine, row[a.from:a.to]); err != nil {
		return err
	}
	_, err := timed(other, row[b.from:b.to])
	return err
}

// joins says whether two rows, either of which may be missing, make a joined row.
func (j *TableJoin) joins(side int, mine, other []byte) bool {
	left, right := mine != nil, other != nil
	if side == 1 {
		left, right = right, left
	}
	switch j.plan.Kind {
	case plan.LeftJoin:
		return left
	case plan.RightJoin:
		return right
	case plan.FullJoin:
		return left || right
	}
	return left && right
}

// Entries of the right table have a prefix of their own.
const rightKey = 0x02

// Dirty gives the rows that changed.
func (j *TableJoin) Dirty(put func(key, value []byte)) {
	j.sides[0].rows.changed(entryKey, put)
	j.sides[1].rows.changed(rightKey, put)
}

// Expired has nothing to give.
func (j *TableJoin) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (j *TableJoin) Committed() {
	j.sides[0].rows.committed()
	j.sides[1].rows.committed()
}

// Load puts a row back.
func (j *TableJoin) Load(key, value []byte) error {
	if len(key) == 0 || key[0] != entryKey && key[0] != rightKey {
		return types.ErrCorrupt
	}
	j.sides[key[0]-entryKey].rows.load(key[1:], value)
	return nil
}

// Size counts the rows of both tables.
func (j *TableJoin) Size() (entries, bytes int) {
	for i := range j.sides {
		n, size := j.sides[i].rows.size()
		entries, bytes = entries+n, bytes+size
	}
	return entries, bytes
}
