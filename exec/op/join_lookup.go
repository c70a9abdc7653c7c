package op

import (
	"weir/planner/plan"
	"weir/types"
)

// LookupJoin joins the rows of a stream with the row that a table has for their key at the time.
type LookupJoin struct {
	host        *Host
	plan        *plan.LookupJoin
	left, right joinKey
	rows        *keyedRows
	match       *matcher
	joined
	split, keyAt int // where the table's columns and the key begin
	buf          []byte
}

// NewLookupJoin makes the operator of a plan.LookupJoin.
func NewLookupJoin(h *Host, p *plan.LookupJoin, next Op) *LookupJoin {
	j := &LookupJoin{host: h, plan: p, left: newJoinKey(h, p.LeftKey), right: newJoinKey(h, p.RightKey), rows: newKeyedRows(0), match: newMatcher(h, p.Match),
		joined: joined{next: next, width: len(p.Slots)}, split: len(p.Left.Layout())}
	j.keyAt = j.split + len(p.Right.Layout())
	return j
}

// Ports are where the stream's rows, and the table's, come in.
func (j *LookupJoin) Ports() (left, right Op) {
	return &port{push: j.stream}, &port{push: j.table, last: j.next}
}

func (j *LookupJoin) stream(b *types.Batch) error {
	j.reset()
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 {
			j.host.Counts.Filtered++
			continue
		}
		row := b.Row(i)
		if !j.left.of(row, &m) {
			continue
		}
		found := j.rows.get(j.left.buf)
		if found == nil && j.plan.Kind == plan.InnerJoin {
			j.host.Counts.Filtered++
			continue
		}
		stampWindow(&m, &j.plan.KeyJoin, j.left.vals)
		out := j.out.Append(m)
		copy(out, row)
		if _, err := timed(found, out[j.split:j.keyAt]); err != nil {
			return err
		}
		if found != nil && !j.match.holds(out, m) {
			if j.plan.Kind == plan.InnerJoin {
				j.out.Truncate(j.out.N - 1)
				j.host.Counts.Filtered++
				continue
			}
			clear(out[j.split:j.keyAt])
		}
		copy(out[j.keyAt:], j.left.vals)
		if at := j.plan.Headers[0]; at >= 0 {
			out[j.width-1] = row[at]
		}
		if err := j.room(); err != nil {
			return err
		}
	}
	return j.emit()
}

// table keeps the rows; a change of the table makes no row.
func (j *LookupJoin) table(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		if !j.right.ofChange(b, i) {
			continue
		}
		if m.Flags&types.NullRow == 0 {
			j.buf = appendTimed(j.buf[:0], m.Timestamp, b.Row(i))
			j.rows.put(j.rows.ref(j.right.buf), j.buf)
		} else if j.rows.get(j.right.buf) != nil {
			j.rows.put(j.rows.ref(j.right.buf), nil)
		} else {
			j.host.Counts.Filtered++
		}
	}
	return nil
}

// Changed says whether a row of the table has.
func (j *LookupJoin) Changed() bool { return len(j.rows.dirty) > 0 }

// Dirty gives the table's rows that changed.
func (j *LookupJoin) Dirty(put func(key, value []byte)) { j.rows.changed(entryKey, put) }

// Expired has nothing to give.
func (j *LookupJoin) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (j *LookupJoin) Committed() { j.rows.committed() }

// Load puts a row back.
func (j *LookupJoin) Load(key, value []byte) error {
	if len(key) == 0 || key[0] != entryKey {
		return types.ErrCorrupt
	}
	j.rows.load(key[1:], value)
	return nil
}

// Size counts the table's rows.
func (j *LookupJoin) Size() (entries, bytes int) { return j.rows.size() }
