package op

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tidwall/btree"

	"weir/planner/plan"
	"weir/types"
)

// TopFinal hands on the list of each window once, in its order: the first rows of those that came of a window, when nothing comes of it any more.
// Rows come when their window has closed, and change no more, so no more of them are kept than a list has.
type TopFinal struct {
	ranking
	clocked
	next    Op
	limit   int
	width   int
	lists   map[topBounds]*finalList
	last    *finalList
	dueAt   int64       // no list is due before
	changed []*finalRow // since the last commit
	rows    int
	bytes   int // of rows
	out     types.Batch
	buf     []byte
	rank    []byte
}

// finalList is a window's list as far as it has come.
type finalList struct {
	topBounds
	prefix []byte // of keys
	rows   *btree.BTreeG[*finalRow]
}

type finalRow struct {
	key    []byte // with the window before it
	rank   []byte
	row    []byte
	ts     int64
	stored bool
	gone   bool
}

var _ Windowed = (*TopFinal)(nil)

// NewTopFinal makes the operator of a plan.Top whose lists go out once.
func NewTopFinal(h *Host, p *plan.Top, next Op) *TopFinal {
	t := &TopFinal{ranking: newRanking(h, p), next: next, limit: int(p.Limit), width: len(p.Layout()), lists: map[topBounds]*finalList{}, dueAt: noDrop}
	t.clocked = clocked{clock: newClock(false), handOn: t.handOnDue, holds: p.Window.Behind}
	return t
}

// Push takes rows of windows that have closed where they were made.
func (t *TopFinal) Push(b *types.Batch) error {
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		if m.Flags&types.NullRow != 0 {
			t.host.Counts.Filtered++
			continue
		}
		bounds := t.boundsOf(row, m)
		if t.closes(bounds) <= t.clock.closed() {
			t.host.Counts.Late++
			t.host.report(Problem{Late, "ORDER BY", "the list of " + lateMessage(bounds.start, bounds.end, t.clock.closed()-t.window.Keep), m})
			continue
		}
		t.take(t.list(bounds), row, m)
	}
	return nil
}

func (t *TopFinal) list(b topBounds) *finalList {
	if t.last != nil && t.last.topBounds == b {
		return t.last
	}
	l := t.lists[b]
	if l == nil {
		l = &finalList{b, t.prefix(b), btree.NewBTreeGOptions(func(a, b *finalRow) bool { return bytes.Compare(a.rank, b.rank) < 0 }, btree.Options{NoLocks: true})}
		t.lists[b] = l
		t.dueAt = min(t.dueAt, t.closes(b))
	}
	t.last = l
	return l
}

// take puts a row into a list, unless that is full of others that come before it.
func (t *TopFinal) take(l *finalList, row []types.Value, m types.Meta) {
	t.buf = t.appendKey(append(t.buf[:0], l.prefix...), row)
	t.rank = t.appendRank(t.rank[:0], t.buf[len(l.prefix):], row, m)
	if l.rows.Len() == t.limit {
		last, _ := l.rows.Max()
		if bytes.Compare(t.rank, last.rank) >= 0 {
			return
		}
		l.rows.Delete(last)
		t.let(last)
	}
	r := &finalRow{key: bytes.Clone(t.buf), rank: bytes.Clone(t.rank), row: types.AppendRow(nil, row), ts: m.Timestamp}
	t.changed = append(t.changed, r)
	t.put(l, r)
}

func (t *TopFinal) put(l *finalList, r *finalRow) {
	l.rows.Set(r)
	t.rows++
	t.bytes += r.size()
}

// let lets go of a row that is in no list any more.
func (t *TopFinal) let(r *finalRow) {
	if r.gone = true; r.stored {
		t.changed = append(t.changed, r)
	}
	t.rows--
	t.bytes -= r.size()
}

func (r *finalRow) size() int { return len(r.key) + len(r.rank) + len(r.row) + topRowBytes }

// Advance says that no row comes any more of windows that close where they are made before the bound has come so far.
func (t *TopFinal) Advance(bound int64) error {
	if bound == types.NoTime {
		return nil
	}
	t.clock.reach(bound + t.holds)
	return t.handOnDue()
}

// Idle does nothing: where windows are made time goes on, and is told by the bound.
func (t *TopFinal) Idle(int64, int64) error { return nil }

// CloseAll moves the clock just far enough to hand on all lists: the input has ended.
func (t *TopFinal) CloseAll() error {
	last := types.NoTime
	for b := range t.lists {
		last = max(last, t.closes(b))
	}
	t.clock.close(last)
	return t.handOnDue()
}

// handOnDue hands on the lists that the clock has closed, in the order in which they closed.
func (t *TopFinal) handOnDue() error {
	if t.clock.closed() < t.dueAt {
		return nil
	}
	var due []*finalList
	t.dueAt = noDrop
	for b, l := range t.lists {
		if at := t.closes(b); at > t.clock.closed() {
			t.dueAt = min(t.dueAt, at)
			continue
		}
		due = append(due, l)
		delete(t.lists, b)
	}
	t.last = nil
	slices.SortFunc(due, func(a, b *finalList) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start)) })
	t.out.Reset(t.width)
	for _, l := range due {
		if err := t.handOnList(l); err != nil {
			return err
		}
	}
	return t.pass()
}

func (t *TopFinal) handOnList(l *finalList) error {
	var failed error
	l.rows.Scan(func(r *finalRow) bool {
		row, _ := t.out.AppendChange(types.Meta{Timestamp: r.ts, StreamTime: types.NoTime, Order: t.closes(l.topBounds), WindowStart: l.start, WindowEnd: l.end, Flags: types.Final})
		if _, failed = types.DecodeRow(r.row, row); failed == nil && t.out.N >= types.BatchRows {
			failed = t.pass()
		}
		t.let(r)
		return failed == nil
	})
	return failed
}

func (t *TopFinal) pass() error {
	if t.out.N == 0 {
		return nil
	}
	err := t.next.Push(&t.out)
	t.out.Reset(t.width)
	return err
}

// Flush passes on.
func (t *TopFinal) Flush() error { return t.next.Flush() }

// Changed says whether a row has come or gone since the last commit, or the clock gone on.
func (t *TopFinal) Changed() bool {
	return t.clock.unsaved || slices.ContainsFunc(t.changed, func(r *finalRow) bool { return r.stored || !r.gone })
}

// Dirty gives the clock, and the rows that came or went.
func (t *TopFinal) Dirty(put func(key, value []byte)) {
	if t.clock.unsaved {
		put([]byte{metaKey}, t.clock.append(nil))
	}
	for _, r := range t.changed {
		t.buf = append(append(t.buf[:0], entryKey), r.key...)
		switch {
		case !r.gone:
			put(t.buf, append(binary.AppendVarint(nil, r.ts), r.row...))
		case r.stored:
			put(t.buf, nil)
		}
	}
}

// Expired has nothing to give: lists are deleted row by row.
func (t *TopFinal) Expired(func(from, to []byte)) {}

// Committed says that what Dirty gave is durable.
func (t *TopFinal) Committed() {
	for _, r := range t.changed {
		r.stored = !r.gone
	}
	clear(t.changed)
	t.changed = t.changed[:0]
	t.clock.saved()
}

// Load puts an entry back.
func (t *TopFinal) Load(key, value []byte) error {
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
	row := make([]types.Value, t.width)
	if _, err := types.DecodeRow(stored, row); err != nil {
		return err
	}
	l := t.list(b)
	r := &finalRow{key: bytes.Clone(key[1:]), row: bytes.Clone(stored), ts: ts, stored: true}
	r.rank = t.appendRank(nil, r.key[len(l.prefix):], row, types.Meta{})
	t.put(l, r)
	return nil
}

// Size counts the rows.
func (t *TopFinal) Size() (entries, size int) { return t.rows, t.bytes }
