package op

import (
	"encoding/binary"

	"weir/planner/plan"
	"weir/types"
)

// Resolve makes the table of a join by foreign key. Answers about one row of the left table may come from several partitions: one
// that is of an older version than the newest seen is dropped. The version of a row that is gone is kept for that.
type Resolve struct {
	host *Host
	plan *plan.Resolve
	key  joinKey
	rows *keyedRows // version, whether there is a row, its time, the row
	joined
	keyAt int
	buf   []byte
}

// NewResolve makes the operator of a plan.Resolve. wantOld says that what follows needs the rows as they were before.
func NewResolve(h *Host, p *plan.Resolve, wantOld bool, next Op) *Resolve {
	return &Resolve{host: h, plan: p, key: newJoinKey(h, p.Key), rows: newKeyedRows(0),
		joined: joined{next: next, width: len(p.Slots), old: wantOld}, keyAt: len(p.Slots) - len(p.Key)}
}

// Push takes answers: the joined columns, the version, the answer.
func (r *Resolve) Push(b *types.Batch) error {
	r.reset()
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		if !r.key.of(row, &m) {
			continue
		}
		if err := r.answer(row, m); err != nil {
			return err
		}
		if err := r.room(); err != nil {
			return err
		}
	}
	return r.emit()
}

func (r *Resolve) answer(row []types.Value, m types.Meta) error {
	version, what := row[r.keyAt].Int(), plan.Answer(row[r.keyAt+1].Int())
	ref := r.rows.ref(r.key.buf)
	newest, before, err := resolved(r.rows.at(ref))
	if err != nil {
		return err
	}
	if version < newest {
		r.host.Counts.Filtered++
		return nil
	}
	has := what == plan.Found || what == plan.Missing && r.plan.Kind == plan.LeftJoin
	r.buf = binary.AppendVarint(r.buf[:0], version)
	if has {
		r.buf = appendTimed(r.buf, m.Timestamp, row[:r.keyAt])
	}
	r.rows.put(ref, r.buf)
	if !has && before == nil && what != plan.Gone {
		return nil
	}
	m.Flags = 0
	if !has {
		m.Flags = types.NullRow
	}
	if before != nil && r.old {
		m.Flags |= types.HasOld
	}
	out := r.out.Append(m)
	if m.Flags&types.HasOld != 0 {
		old := r.out.OldRow(r.out.N - 1)
		if _, err := timed(before, old[:r.keyAt]); err != nil {
			return err
		}
		copy(old[r.keyAt:], r.key.vals)
	}
	if has {
		copy(out, row[:r.keyAt])
	}
	copy(out[r.keyAt:], r.key.vals)
	return nil
}

// resolved reads what is kept of a row: the newest version, and the timed row, nil where there is none.
func resolved(src []byte) (version int64, row []byte, err error) {
	if src == nil {
		return types.NoTime, nil, nil
	}
	version, n := binary.Varint(src)
	if n <= 0 {
		return 0, nil, types.ErrCorrupt
	}
	if n < len(src) {
		row = src[n:]
	}
	return version, row, nil
}

// Flush passes on.
func (r *Resolve) Flush() error { return r.next.Flush() }

// Changed says whether a row has changed.
func (r *Resolve) Changed() bool { return len(r.rows.dirty) > 0 }

// Dirty gives the rows that changed.
func (r *Resolve) Dirty(put func(key, value []byte)) { r.rows.changed(entryKey, put) }

// Expired has nothing to give.
func (r *Resolve) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (r *Resolve) Committed() { r.rows.committed() }

// Load puts a row back.
func (r *Resolve) Load(key, value []byte) error {
	if len(key) == 0 || key[0] != entryKey {
		return types.ErrCorrupt
	}
	r.rows.load(key[1:], value)
	return nil
}

// Size counts the rows.
func (r *Resolve) Size() (entries, bytes int) { return r.rows.size() }
