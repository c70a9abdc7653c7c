package op

import (
	"encoding/binary"

	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// ForeignLookup answers subscriptions with the rows of the right table, and tells the subscribers of a row when it changes.
//
// The right table's rows are kept by key, beside the first of the key's subscriptions; a subscription's key is the foreign key,
// then the left table's. Those of one foreign key are linked in both directions, so that one can be taken out.
type ForeignLookup struct {
	host *Host
	plan *plan.ForeignLookup
	left joinKey // of the left table
	joinedRight
	subs *keyedRows // words beyond the row: previous, next (references from 1), length of the foreign key
	joined
	subKey []byte
	buf    []byte
	refs   []state.Ref
}

type joinedRight struct {
	right joinKey
	rows  *keyedRows // word beyond the row: the first subscription, a reference from 1
}

const (
	subPrevious = 1 + iota
	subNext
	subForeign
)

// NewForeignLookup makes the operator of a plan.ForeignLookup.
func NewForeignLookup(h *Host, p *plan.ForeignLookup, next Op) *ForeignLookup {
	f := &ForeignLookup{host: h, plan: p, left: newJoinKey(h, p.LeftKey), subs: newKeyedRows(3), joined: joined{next: next, width: len(p.Slots)}}
	f.right, f.rows = newJoinKey(h, []plan.Expr{p.RightKey}), newKeyedRows(1)
	f.rows.keep = func(words []uint64) bool { return words[1] != 0 }
	f.subs.moved = f.relink
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
		foreign, known := row[at:at+1], row[at+1].Bool()
		what := plan.Subscription(row[at+3].Int())
		f.right.buf = types.AppendKey(f.right.buf[:0], foreign)
		if !f.left.of(row, m) {
			continue
		}
		f.subKey = append(append(f.subKey[:0], f.right.buf...), f.left.buf...)
		if what != plan.Subscribed {
			f.cancel(f.subKey, f.right.buf)
			if what == plan.Deleted {
				f.answer(row[:at], nil, row[at+2], plan.Gone, m)
			}
			continue
		}
		var found []byte
		if known {
			found = f.subscribe(row, m)
		}
		answer := plan.Found
		if found == nil {
			answer = plan.Missing
		}
		m.Timestamp = max(m.Timestamp, timeOf(found))
		out := f.answer(row[:at], nil, row[at+2], answer, m)
		if _, err := timed(found, out[at:f.width-2]); err != nil {
			return err
		}
		if err := f.room(); err != nil {
			return err
		}
	}
	return f.emit()
}

// subscribe keeps a subscription, and returns the right row that it names, if there is one.
func (f *ForeignLookup) subscribe(row []types.Value, m types.Meta) []byte {
	at := f.plan.Width
	f.buf = binary.AppendVarint(f.buf[:0], row[at+2].Int())
	f.buf = appendTimed(f.buf, m.Timestamp, row[:at])
	ref, added := f.subs.table.GetOrAdd(f.subKey, state.Hash(f.subKey))
	linked := !added && f.subs.at(ref) != nil
	f.subs.put(ref, f.buf)
	to := f.rows.ref(f.right.buf)
	if !linked {
		f.link(to, ref, len(f.right.buf))
	}
	return f.rows.at(to)
}

func (f *ForeignLookup) link(to, ref state.Ref, foreign int) {
	head := f.rows.table.Words(to)
	w := f.subs.table.Words(ref)
	w[subPrevious], w[subNext], w[subForeign] = 0, head[1], uint64(foreign)
	if head[1] != 0 {
		f.subs.table.Words(state.Ref(head[1] - 1))[subPrevious] = uint64(ref) + 1
	}
	head[1] = uint64(ref) + 1
}

// cancel takes a subscription out, if it is there.
func (f *ForeignLookup) cancel(key, foreign []byte) {
	ref, ok := f.subs.table.Get(key, state.Hash(key))
	if !ok || f.subs.at(ref) == nil {
		return
	}
	f.subs.put(ref, nil)
	w := f.subs.table.Words(ref)
	if w[subNext] != 0 {
		f.subs.table.Words(state.Ref(w[subNext] - 1))[subPrevious] = w[subPrevious]
	}
	if w[subPrevious] != 0 {
		f.subs.table.Words(state.Ref(w[subPrevious] - 1))[subNext] = w[subNext]
		return
	}
	to := f.rows.ref(foreign)
	f.rows.table.Words(to)[1] = w[subNext]
	if w[subNext] == 0 && f.rows.at(to) == nil {
		f.rows.touch(to) // neither row nor subscription: it goes at the commit
	}
}

// relink links the subscriptions anew, whose records have moved.
func (f *ForeignLookup) relink() {
	f.rows.table.Each(func(ref state.Ref) bool {
		f.rows.table.Words(ref)[1] = 0
		return true
	})
	f.subs.table.Each(func(ref state.Ref) bool {
		n := f.subs.table.Words(ref)[subForeign]
		if to, ok := f.rows.table.Get(f.subs.table.Key(ref)[:n], state.Hash(f.subs.table.Key(ref)[:n])); ok {
			f.link(to, ref, int(n))
		}
		return true
	})
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
	f.refs = f.refs[:0]
	for n := f.rows.table.Words(to)[1]; n != 0; n = f.subs.table.Words(state.Ref(n - 1))[subNext] {
		f.refs = append(f.refs, state.Ref(n-1))
	}
	f.subs.sortByKey(f.refs)
	answer := plan.Found
	if m.Flags&types.NullRow != 0 {
		answer, right = plan.Missing, nil
	}
	for _, ref := range f.refs {
		sub := f.subs.at(ref)
		version, n := binary.Varint(sub)
		if n <= 0 {
			return types.ErrCorrupt
		}
		told := m
		told.Timestamp = max(m.Timestamp, timeOf(sub[n:]))
		out := f.answer(nil, right, types.BigintValue(version), answer, told)
		if _, err := timed(sub[n:], out[:f.plan.Width]); err != nil {
			return err
		}
		if err := f.room(); err != nil {
			return err
		}
	}
	return nil
}

func (f *ForeignLookup) answer(left, right []types.Value, version types.Value, answer plan.Answer, m types.Meta) []types.Value {
	m.Flags = 0
	out := f.out.Append(m)
	copy(out, left)
	copy(out[f.plan.Width:], right)
	out[f.width-2], out[f.width-1] = version, types.IntValue(int32(answer))
	return out
}

// Dirty gives the right table's rows and the subscriptions that changed. A subscription's key begins with the length of its
// foreign key.
func (f *ForeignLookup) Dirty(put func(key, value []byte)) {
	f.rows.changed(entryKey, put)
	var key []byte
	for _, ref := range f.subs.dirty {
		key = binary.AppendUvarint(append(key[:0], rightKey), f.subs.table.Words(ref)[subForeign])
		put(append(key, f.subs.table.Key(ref)...), f.subs.at(ref))
		key = key[:0]
	}
}

// Expired has nothing to give.
func (f *ForeignLookup) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (f *ForeignLookup) Committed() {
	f.rows.committed()
	f.subs.committed()
}

// Load puts an entry back.
func (f *ForeignLookup) Load(key, value []byte) error {
	switch {
	case len(key) > 0 && key[0] == entryKey:
		f.rows.load(key[1:], value)
		return nil
	case len(key) == 0 || key[0] != rightKey:
		return types.ErrCorrupt
	}
	size, n := binary.Uvarint(key[1:])
	if n <= 0 || size > uint64(len(key)-1-n) {
		return types.ErrCorrupt
	}
	key = key[1+n:]
	f.link(f.rows.ref(key[:size]), f.subs.load(key, value), int(size))
	return nil
}

// Size counts the right table's rows and the subscriptions.
func (f *ForeignLookup) Size() (entries, bytes int) {
	n, size := f.rows.size()
	m, more := f.subs.size()
	return n + m, size + more
}
