package op

import (
	"weir/planner/plan"
	"weir/types"
)

// TableJoin joins two tables by their keys. It keeps the rows of both; every change of one changes the joined row.
type TableJoin struct {
	host  *Host
	plan  *plan.TableJoin
	sides [2]tableSide
	match *matcher
	joined
	keyAt int
	buf   []byte
	pair  []types.Value // to judge
}

// tableSide is one of the tables, whose columns take the slots from..to of joined rows.
type tableSide struct {
	key      joinKey
	rows     *keyedRows
	from, to int
}

// NewTableJoin makes the operator of a plan.TableJoin. wantOld says that what follows needs the rows as they were
// before.
func NewTableJoin(h *Host, p *plan.TableJoin, wantOld bool, next Op) *TableJoin {
	split := len(p.Left.Layout())
	j := &TableJoin{host: h, plan: p, match: newMatcher(h, p.Match), pair: make([]types.Value, len(p.Slots)), joined: joined{next: next, width: len(p.Slots), old: wantOld}, keyAt: split + len(p.Right.Layout())}
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
		ref := mine.rows.ref(mine.key.buf)
		if gone {
			mine.rows.put(ref, nil)
		} else {
			j.buf = appendTimed(j.buf[:0], m.Timestamp, b.Row(i))
			mine.rows.put(ref, j.buf)
		}
		// The buffer is used again: rows are decoded from where they are kept.
		if err := j.change(side, m, mine.key.vals, before, mine.rows.at(ref), other.rows.get(mine.key.buf)); err != nil {
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
	m.Order, m.Timestamp = m.Place(), max(m.Timestamp, timeOf(other))
	was, had, err := j.joins(side, before, other, m)
	if err != nil {
		return err
	}
	is, has, err := j.joins(side, now, other, m)
	if err != nil || !had && !has {
		return err
	}
	m.Flags &^= types.HasOld | types.NullRow
	if !has {
		m.Flags |= types.NullRow
	}
	if had && j.old {
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
	if had && j.old {
		copy(old[j.keyAt:], key)
		if err := j.fill(old, was); err != nil {
			return err
		}
	}
	if !has {
		return nil
	}
	return j.fill(row, is)
}

func (j *TableJoin) fill(row []types.Value, rows [2][]byte) error {
	for n, s := range j.sides {
		if _, err := timed(rows[n], row[s.from:s.to]); err != nil {
			return err
		}
	}
	return nil
}

// joins gives the left row and the right row, either of which may be missing, that two rows are joined to; ok is false where they make
// none.
func (j *TableJoin) joins(side int, mine, other []byte, m types.Meta) (rows [2][]byte, ok bool, err error) {
	rows[side], rows[1-side] = mine, other
	both := mine != nil && other != nil
	if both && j.match != nil {
		if err := j.fill(j.pair, rows); err != nil {
			return rows, false, err
		}
		if both = j.match.holds(j.pair, m); !both && j.plan.Kind == plan.LeftJoin {
			rows[1] = nil
		} else if !both && j.plan.Kind == plan.RightJoin {
			rows[0] = nil
		}
	}
	switch j.plan.Kind {
	case plan.LeftJoin:
		return rows, rows[0] != nil, nil
	case plan.RightJoin:
		return rows, rows[1] != nil, nil
	case plan.FullJoin:
		return rows, mine != nil || other != nil, nil
	}
	return rows, both, nil
}

// Entries of the right table have a prefix of their own.
const rightKey = 0x02

// Changed says whether a row of either table has.
func (j *TableJoin) Changed() bool { return len(j.sides[0].rows.dirty)+len(j.sides[1].rows.dirty) > 0 }

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
