package op

import (
	"bytes"
	"encoding/binary"

	"github.com/tidwall/btree"

	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// Top keeps the rows of a table in an order, per window, and hands on the changes of the first few: a row that comes in
// among them, one that changes there, and a tombstone for one that leaves. Rows that are equal in the order are in that of
// their keys.
type Top struct {
	ranking
	next    Op
	limit   int
	width   int
	table   *state.Table // by window and key: which of rows, from 1
	rows    []*topRow
	ranked  *btree.BTreeG[*topRow]
	windows map[topBounds]*topWindow
	last    *topWindow
	touched []*topWindow
	dirty   []*topRow
	clock   clock
	dropAt  int64 // no window closes before
	loaded  bool  // rows were read back, and not ranked yet
	mark    int
	now     []*topRow
	out     types.Batch
	buf     []byte
	row     []types.Value
}

// topWindow is a window's list as it was last handed on.
type topWindow struct {
	topBounds
	prefix  []byte // of keys and ranks
	shown   []*topRow
	latest  int64 // latest timestamp of a change
	at      int64 // the place of the row that first changed it since the last commit
	touched bool
}

type topRow struct {
	window  *topWindow
	key     []byte // with the window before it
	rank    []byte // window, order, key
	row     []byte // nil for one that is gone
	emitted []byte // as last handed on; nil where it is not among the first
	ts      int64
	ref     state.Ref
	at      uint64 // in rows, from 1
	dirty   bool
	mark    int
}

// NewTop makes the operator of a plan.Top.
func NewTop(h *Host, p *plan.Top, direct bool, next Op) *Top {
	return &Top{ranking: newRanking(h, p), next: next, limit: int(p.Limit), width: len(p.Layout()),
		table: state.NewTable(1), windows: map[topBounds]*topWindow{}, clock: newClock(direct), dropAt: noDrop, row: make([]types.Value, len(p.Layout())),
		ranked: btree.NewBTreeGOptions(func(a, b *topRow) bool { return bytes.Compare(a.rank, b.rank) < 0 }, btree.Options{NoLocks: true})}
}

// noDrop is a time that never comes.
const noDrop = int64(^uint64(0) >> 1)

// Push takes changes of the table.
func (t *Top) Push(b *types.Batch) error {
	t.ready()
	t.out.Reset(t.width)
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		gone := m.Flags&types.NullRow != 0
		if gone && m.Flags&types.HasOld != 0 {
			row = b.OldRow(i)
		}
		t.clock.see(&m)
		if err := t.change(row, m, gone); err != nil {
			return err
		}
	}
	return t.pass()
}

func (t *Top) change(row []types.Value, m types.Meta, gone bool) error {
	w := t.windowAt(t.boundsOf(row, m)) // whether a row is late was judged where the window was made
	t.buf = t.appendKey(append(t.buf[:0], w.prefix...), row)
	ref, added := t.table.GetOrAdd(t.buf, state.Hash(t.buf))
	if added {
		r := &topRow{window: w, key: append([]byte{}, t.buf...), ref: ref, at: uint64(len(t.rows)) + 1}
		t.rows = append(t.rows, r)
		t.table.Words(ref)[0] = r.at
	}
	r := t.rows[t.table.Words(ref)[0]-1]
	if gone && r.row == nil {
		t.host.Counts.Filtered++
	}
	if r.row != nil {
		t.ranked.Delete(r)
	}
	w.latest = max(w.latest, m.Timestamp)
	matters := r.emitted != nil || len(w.shown) < t.limit
	if gone {
		r.row, r.rank = nil, nil
	} else {
		r.row, r.ts = types.AppendRow(nil, row), m.Timestamp
		r.rank = t.rankOf(w, r.key, row, m)
		t.ranked.Set(r)
		matters = matters || bytes.Compare(r.rank, w.shown[len(w.shown)-1].rank) < 0
	}
	t.touch(r)
	switch {
	case !matters:
		return nil
	case t.host.Coalesce:
		if !w.touched {
			w.touched, w.at = true, m.Place()
			t.touched = append(t.touched, w)
		}
		return nil
	}
	w.at = m.Place()
	return t.settle(w, true)
}

// rankOf is the place of a row: its window, and where it is in it.
func (t *Top) rankOf(w *topWindow, key []byte, row []types.Value, m types.Meta) []byte {
	rank := append(make([]byte, 0, 2*len(key)+9*len(t.order)), w.prefix...)
	return t.appendRank(rank, key[len(w.prefix):], row, m)
}

func (t *Top) touch(r *topRow) {
	if !r.dirty {
		r.dirty = true
		t.dirty = append(t.dirty, r)
	}
}

// windowAt finds or makes a window.
func (t *Top) windowAt(b topBounds) *topWindow {
	if t.last != nil && t.last.topBounds == b {
		return t.last
	}
	w := t.windows[b]
	if w == nil {
		w = &topWindow{topBounds: b, latest: types.NoTime, prefix: t.prefix(b)}
		if t.window != nil {
			t.dropAt = min(t.dropAt, t.closes(b))
		}
		t.windows[b] = w
	}
	t.last = w
	return w
}

// settle hands on how a window's list has changed; silently where it is only read back.
func (t *Top) settle(w *topWindow, tell bool) error {
	w.touched = false
	t.mark++
	t.now = t.now[:0]
	t.ranked.Ascend(&topRow{rank: w.prefix}, func(r *topRow) bool {
		if r.window != w || len(t.now) == t.limit {
			return false
		}
		r.mark = t.mark
		t.now = append(t.now, r)
		return true
	})
	for _, r := range w.shown {
		if r.mark == t.mark {
			continue
		}
		if err := t.emit(w, r, nil, w.latest); err != nil {
			return err
		}
		r.emitted = nil
	}
	for _, r := range t.now {
		if tell && !bytes.Equal(r.emitted, r.row) {
			if err := t.emit(w, r, r.row, r.ts); err != nil {
				return err
			}
		}
		r.emitted = r.row
	}
	w.shown = append(w.shown[:0], t.now...)
	return nil
}

// emit appends a change: the row as it is now, nil for one that leaves the list, and as it was last handed on.
func (t *Top) emit(w *topWindow, r *topRow, now []byte, ts int64) error {
	m := types.Meta{Timestamp: ts, StreamTime: types.NoTime, Order: w.at, WindowStart: w.start, WindowEnd: w.end}
	if now == nil {
		m.Flags = types.NullRow
	}
	if r.emitted != nil {
		m.Flags |= types.HasOld
	}
	row, old := t.out.AppendChange(m)
	shown := now
	if shown == nil {
		shown = r.emitted // a tombstone has its key
	}
	if _, err := types.DecodeRow(shown, row); err != nil {
		return err
	}
	if r.emitted != nil {
		if _, err := types.DecodeRow(r.emitted, old); err != nil {
			return err
		}
	}
	if t.out.N >= types.BatchRows {
		return t.pass()
	}
	return nil
}

func (t *Top) pass() error {
	if t.out.N == 0 {
		return nil
	}
	err := t.next.Push(&t.out)
	t.out.Reset(t.width)
	return err
}

// Flush hands on what was held back, and lets go of windows that are closed.
func (t *Top) Flush() error {
	t.ready()
	t.out.Reset(t.width)
	for _, w := range t.touched {
		if err := t.settle(w, true); err != nil {
			return err
		}
	}
	clear(t.touched)
	t.touched = t.touched[:0]
	if err := t.pass(); err != nil {
		return err
	}
	t.drop()
	return t.next.Flush()
}

// drop forgets closed windows, whose lists stand; after what was held back has come.
func (t *Top) drop() {
	if t.window == nil || t.clock.closed() < t.dropAt {
		return
	}
	t.dropAt = noDrop
	for b, w := range t.windows {
		if t.closes(b) > t.clock.closed() {
			t.dropAt = min(t.dropAt, t.closes(b))
			continue
		}
		t.now = t.now[:0]
		t.ranked.Ascend(&topRow{rank: w.prefix}, func(r *topRow) bool {
			if r.window != w {
				return false
			}
			t.now = append(t.now, r)
			return true
		})
		for _, r := range t.now {
			t.ranked.Delete(r)
			r.row, r.rank, r.emitted = nil, nil, nil
			t.touch(r)
		}
		w.shown = nil
		delete(t.windows, b)
	}
	t.last = nil
}

// Advance closes windows, whose lists stand.
func (t *Top) Advance(bound int64) error {
	t.clock.reach(bound)
	return nil
}

// UpTo bounds how far rows close windows.
func (t *Top) UpTo(bound int64) { t.clock.upTo = bound }

// Bound is how far windows are closed.
func (t *Top) Bound() int64 { return t.clock.closed() }

// Front is not as far as the bound: rows go on as they come.
func (t *Top) Front() (place int64, ok bool) { return types.NoTime, false }

// CloseAll has nothing to close: lists are handed on as they change.
func (t *Top) CloseAll() error { return nil }

// Idle has nothing to close: a list stands until a row changes it.
func (t *Top) Idle(int64, int64) error { return nil }

var _ Windowed = (*Top)(nil)

// Changed says whether a row has changed; the clock is written with rows.
func (t *Top) Changed() bool { return len(t.dirty) > 0 }

// Dirty gives the rows that changed, and the clock.
func (t *Top) Dirty(put func(key, value []byte)) {
	if len(t.dirty) > 0 {
		put([]byte{metaKey}, t.clock.append(nil))
	}
	for _, r := range t.dirty {
		t.buf = append(append(t.buf[:0], entryKey), r.key...)
		if r.row == nil {
			put(t.buf, nil)
			continue
		}
		put(t.buf, append(binary.AppendVarint(nil, r.ts), r.row...))
	}
}

// Expired has nothing to give: closed windows are deleted row by row.
func (t *Top) Expired(func(from, to []byte)) {}

// Committed makes the state as it stands the committed one.
func (t *Top) Committed() {
	for _, r := range t.dirty {
		r.dirty = false
		if r.row == nil {
			t.forget(r)
		}
	}
	clear(t.dirty)
	t.dirty = t.dirty[:0]
}

// forget takes a row out of the table, and fills its place with the last one.
func (t *Top) forget(r *topRow) {
	t.table.Remove(r.key, state.Hash(r.key))
	last := t.rows[len(t.rows)-1]
	t.rows[r.at-1] = last
	last.at = r.at
	if last != r {
		t.table.Words(last.ref)[0] = last.at
	}
	t.rows[len(t.rows)-1] = nil
	t.rows = t.rows[:len(t.rows)-1]
	if t.table.Garbage() > 0.5 {
		t.rebuild()
	}
}

// rebuild gives back the memory of rows that are gone.
func (t *Top) rebuild() {
	t.table.Clear()
	for _, r := range t.rows {
		r.ref, _ = t.table.GetOrAdd(r.key, state.Hash(r.key))
		t.table.Words(r.ref)[0] = r.at
	}
}

// Load puts an entry back.
func (t *Top) Load(key, value []byte) error {
	switch {
	case len(key) == 1 && key[0] == metaKey:
		return t.clock.decode(value)
	case len(key) < 2 || key[0] != entryKey:
		return types.ErrCorrupt
	}
	b, ts, stored, err := t.entry(key[1:], value)
	if err != nil {
		return err
	}
	w := t.windowAt(b)
	r := &topRow{window: w, key: bytes.Clone(key[1:]), row: bytes.Clone(stored), ts: ts, at: uint64(len(t.rows)) + 1}
	if _, err := types.DecodeRow(r.row, t.row); err != nil {
		return err
	}
	r.rank = t.rankOf(w, r.key, t.row, types.Meta{})
	r.ref, _ = t.table.GetOrAdd(r.key, state.Hash(r.key))
	t.table.Words(r.ref)[0] = r.at
	t.rows = append(t.rows, r)
	t.ranked.Set(r)
	w.latest = max(w.latest, ts)
	t.loaded = true
	return nil
}

// ready finds out which rows are in the lists, once the state was read back.
func (t *Top) ready() {
	if !t.loaded {
		return
	}
	t.loaded = false
	for _, w := range t.windows {
		_ = t.settle(w, false) // nothing was shown: nothing can go wrong
	}
}

// Size counts the rows.
func (t *Top) Size() (entries, size int) {
	return len(t.rows), t.table.Bytes() + len(t.rows)*topRowBytes
}

// topRowBytes is about what a row takes beside the table: itself, its encoding and its place.
const topRowBytes = 320
