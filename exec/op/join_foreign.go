package op

import (
	"encoding/binary"

	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// ForeignLookup answers subscriptions with the rows of the right table, and tells the subscribers of a row when it changes.
//
// The right table's rows are kept by key, beside the key's subscriptions; a subscription's key is the foreign key, then the left
// table's.
type ForeignLookup struct {
	host       *Host
	plan       *plan.ForeignLookup
	left       joinKey // of the left table
	right      joinKey
	linkedRows // the right table's, and the subscriptions
	match      *matcher
	joined
	subKey []byte
	buf    []byte
}

// NewForeignLookup makes the operator of a plan.ForeignLookup.
func NewForeignLookup(h *Host, p *plan.ForeignLookup, next Op) *ForeignLookup {
	f := &ForeignLookup{host: h, plan: p, left: newJoinKey(h, p.LeftKey), right: newJoinKey(h, p.RightKey),
		match: newMatcher(h, p.Match), joined: joined{next: next, width: len(p.Slots)}}
	f.start(0)
	return f
}

// Ports are where the subscriptions, and the changes of the right table, come in.
func (f *ForeignLookup) Ports() (left, right Op) {
	return &port{push: f.subscriptions}, &port{push: f.changes, last: f.next}
}

func (f *ForeignLookup) subscriptions(b *types.Batch) error {
	f.reset()
	at := f.plan.Width
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		foreign, rest := row[at:at+len(f.plan.RightKey)], row[at+len(f.plan.RightKey):]
		known, version, what := rest[0].Bool(), rest[1], plan.Subscription(rest[2].Int())
		f.right.buf = types.AppendKey(f.right.buf[:0], foreign)
		if !f.left.of(row, &m) {
			continue
		}
		f.subKey = append(append(f.subKey[:0], f.right.buf...), f.left.buf...)
		if what != plan.Subscribed {
			f.cancel(f.subKey, len(f.right.buf))
			if what == plan.Deleted {
				f.answer(row[:at], nil, version, plan.Gone, m)
			}
			continue
		}
		var found []byte
		if known {
			found = f.subscribe(row[:at], version, m)
		}
		answer := plan.Found
		if found == nil {
			answer = plan.Missing
		}
		m.Order, m.Timestamp = m.Place(), max(m.Timestamp, timeOf(found))
		out := f.answer(row[:at], nil, version, answer, m)
		if _, err := timed(found, out[at:f.width-2]); err != nil {
			return err
		}
		if found != nil {
			f.judge(out, m)
		}
		if err := f.room(); err != nil {
			return err
		}
	}
	return f.emit()
}

// subscribe keeps a subscription, and returns the right row that it names, if there is one.
func (f *ForeignLookup) subscribe(left []types.Value, version types.Value, m types.Meta) []byte {
	f.buf = binary.AppendVarint(f.buf[:0], version.Int())
	f.buf = appendTimed(f.buf, m.Timestamp, left)
	to, _ := f.keep(f.subKey, len(f.right.buf), f.buf)
	return f.rows.at(to)
}

// changes keeps the right table's rows, and answers all that subscribe to them.
func (f *ForeignLookup) changes(b *types.Batch) error {
	f.reset()
	for i := range b.N {
		m := b.Meta[i]
		if !f.right.ofChange(b, i) {
			continue
		}
		gone := m.Flags&types.NullRow != 0
		ref := f.rows.ref(f.right.buf)
		if gone && f.rows.at(ref) == nil {
			f.host.Counts.Filtered++
			f.rows.touch(ref)
			continue
		}
		var now []byte
		if !gone {
			f.buf = appendTimed(f.buf[:0], m.Timestamp, b.Row(i))
			now = f.buf
		}
		f.rows.put(ref, now)
		if err := f.tell(ref, b.Row(i), m); err != nil {
			return err
		}
	}
	return f.emit()
}

// tell answers the subscribers of a right row, by the left table's key.
func (f *ForeignLookup) tell(to state.Ref, right []types.Value, m types.Meta) error {
	answer := plan.Found
	if m.Flags&types.NullRow != 0 {
		answer, right = plan.Missing, nil
	}
	for _, ref := range f.of(to) {
		sub := f.items.at(ref)
		version, n := binary.Varint(sub)
		if n <= 0 {
			return types.ErrCorrupt
		}
		told := m
		told.Order, told.Timestamp = m.Place(), max(m.Timestamp, timeOf(sub[n:]))
		out := f.answer(nil, right, types.BigintValue(version), answer, told)
		if _, err := timed(sub[n:], out[:f.plan.Width]); err != nil {
			return err
		}
		if answer == plan.Found {
			f.judge(out, told)
		}
		if err := f.room(); err != nil {
			return err
		}
	}
	return nil
}

// judge makes the answer a miss where the right row does not match.
func (f *ForeignLookup) judge(out []types.Value, m types.Meta) {
	if !f.match.holds(out, m) {
		clear(out[f.plan.Width : f.width-2])
		out[f.width-1] = types.IntValue(int32(plan.Missing))
	}
}

func (f *ForeignLookup) answer(left, right []types.Value, version types.Value, answer plan.Answer, m types.Meta) []types.Value {
	m.Flags = 0
	out := f.out.Append(m)
	copy(out, left)
	copy(out[f.plan.Width:], right)
	out[f.width-2], out[f.width-1] = version, types.IntValue(int32(answer))
	return out
}

// Changed says whether a row or a subscription has changed.
func (f *ForeignLookup) Changed() bool { return f.isChanged() }

// Dirty gives the right table's rows and the subscriptions that changed.
func (f *ForeignLookup) Dirty(put func(key, value []byte)) { f.changed(put) }

// Expired has nothing to give.
func (f *ForeignLookup) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (f *ForeignLookup) Committed() { f.committed() }

// Load puts an entry back.
func (f *ForeignLookup) Load(key, value []byte) error {
	_, _, err := f.load(key, value)
	return err
}

// Size counts the right table's rows and the subscriptions.
func (f *ForeignLookup) Size() (entries, bytes int) { return f.size() }
