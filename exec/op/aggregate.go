package op

import (
	"bytes"
	"math"
	"slices"
	"sort"

	"weir/exec/state"
	"weir/exec/window"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Aggregate groups rows, in tumbling or hopping windows or without any.
type Aggregate struct {
	grouper
	clocked
	next    Op
	acc     *accumulators
	changes changes
	win     *plan.Window // nil without windows
	span    window.Time
	final   bool
	wantOld bool
	open    []*groups // by start; one without windows
	last    *groups   // the one used last
	at      int       // where it was in open
	out     types.Batch
	width   int
	bounds  int   // slot of WINDOWSTART; -1 without windows
	dropped int64 // windows that start below it are expired; NoTime before any is
	retired []*groups
	part    []uint64 // the state at hand that was put together before the repartition: see Combine
	backing Backing  // nil where all state is in memory
	full    bool     // not everything was loaded: a window that is not in memory may be in the backing
	unseen  bool     // and some that is not in the list
}

// NewAggregate makes the operator of a plan.Aggregate. wantOld says that what
// follows needs the rows as they were before.
func NewAggregate(h *Host, a *plan.Aggregate, wantOld bool, direct bool, next Op) *Aggregate {
	op := &Aggregate{grouper: newGrouper(h, a.Group), next: next, acc: newAccumulators(h, a.Aggs), win: a.Window, final: a.Final,
		wantOld: wantOld, width: len(a.Slots), bounds: -1, dropped: types.NoTime}
	op.changes = changes{acc: op.acc, keep: wantOld}
	op.clocked = clocked{clock: newClock(direct), handOn: op.closed}
	if a.Window != nil {
		if a.Final {
			op.holds = a.Window.Size + a.Window.Grace
		}
		op.span = window.Time{Size: a.Window.Size, Advance: a.Window.Advance}
		op.bounds = len(a.Group) + len(a.Aggs)
	} else {
		op.open = []*groups{op.acc.newGroups(0)}
		op.last = op.open[0]
	}
	return op
}

// Push groups the rows of a batch: first all keys, then their hashes, then the updates, so that the cache misses of
// large tables overlap.
func (a *Aggregate) Push(b *types.Batch) error {
	a.out.Reset(a.width)
	if !a.wantOld {
		a.out.Old = nil
	}
	if b.Old != nil {
		return a.pushTable(b)
	}
	if err := a.listWindows(); err != nil {
		return err
	}
	a.encode(b)
	if a.last != nil {
		a.touched += a.last.table.Touch(a.keys.hashes)
	}
	for i := range b.N {
		if !a.keys.ok[i] {
			continue
		}
		if b.Meta[i].Flags&types.Combined != 0 {
			if err := a.combined(b.Row(i)[0].Bytes(), &b.Meta[i], a.keys.key(i), a.keys.hashes[i]); err != nil {
				return err
			}
			continue
		}
		if err := a.update(b.Row(i), &b.Meta[i], a.keys.key(i), a.keys.hashes[i]); err != nil {
			return err
		}
	}
	if err := a.late.flush(); err != nil {
		return err
	}
	return a.emit()
}

// update takes a row into the windows that hold it.
func (a *Aggregate) update(row []types.Value, m *types.Meta, key []byte, hash uint64) error {
	if row == nil {
		row = []types.Value{} // no column is used, but it is a row
	}
	if a.win == nil {
		return a.into(a.last, nil, row, m, key, hash)
	}
	// closes is as far as windows are closed for this row: by its own source's time, and for good by the clock.
	closes := a.clock.see(m) - a.win.Grace
	if err := a.closeFinal(); err != nil {
		return err
	}
	if err := a.fits(row, m); err != nil {
		return a.host.refused(err, m)
	}
	a.touch(a.span.First(m.Timestamp), a.span.Last(m.Timestamp), hash)
	taken := false
	for start := a.span.First(m.Timestamp); start <= a.span.Last(m.Timestamp); start += a.span.Advance {
		if start+a.span.Size <= closes {
			a.host.report(Problem{Late, "GROUP BY", lateMessage(start, start+a.span.Size, closes), *m})
			if err := a.late.add(row, *m, start, start+a.span.Size, closes+a.win.Grace); err != nil {
				return err
			}
			continue
		}
		taken = true
		if err := a.into(a.window(start), nil, row, m, key, hash); err != nil {
			return err
		}
	}
	if !taken {
		a.host.Counts.Late++
	}
	return nil
}

// fits says whether a row may be kept in all windows that hold it.
func (a *Aggregate) fits(row []types.Value, m *types.Meta) error {
	if a.acc.objs == 0 {
		return nil
	}
	windows := int((a.span.Last(m.Timestamp)-a.span.First(m.Timestamp))/a.span.Advance) + 1
	if windows == 1 {
		return nil
	}
	return a.acc.keeps(row, windows)
}

// touch reads where a key lies in the windows of a row, so that the cache misses overlap.
func (a *Aggregate) touch(first, last int64, hash uint64) {
	if first == last {
		return
	}
	i := sort.Search(len(a.open), func(i int) bool { return a.open[i].start >= first })
	for ; i < len(a.open) && a.open[i].start <= last; i++ {
		a.touched += a.open[i].table.TouchRecord(hash)
	}
}

// window finds the groups of a window, or opens it.
func (a *Aggregate) window(start int64) *groups {
	if a.last != nil && a.last.start == start {
		return a.last
	}
	i := a.at + 1 // windows are asked for in order
	if i >= len(a.open) || a.open[i].start != start {
		i = sort.Search(len(a.open), func(i int) bool { return a.open[i].start >= start })
	}
	if i == len(a.open) || a.open[i].start != start {
		g := a.acc.newGroups(start)
		g.partial = a.full
		a.open = slices.Insert(a.open, i, g)
	}
	a.last, a.at = a.open[i], i
	return a.last
}

// into takes one row out of a group and another one in, each where it is not nil, and hands the change on at once where
// nothing is held back.
func (a *Aggregate) into(g *groups, gone, row []types.Value, m *types.Meta, key []byte, hash uint64) error {
	ref, added := g.table.GetOrAdd(key, hash)
	w := g.table.Words(ref)
	if added {
		w[0] = 1 << 63
		if g.partial {
			found, err := a.fetch(g, ref, w)
			if err != nil {
				return err
			}
			added = !found
		}
	}
	a.changes.touch(g, ref, added, m.Place())
	objs := a.acc.objectsOf(g, w)
	if a.host.Coalesce || a.final {
		return a.exchange(w, objs, gone, row, m)
	}
	out := types.Meta{Offset: m.Offset}
	var old []types.Value
	var next []types.Value
	if a.wantOld {
		if !added {
			out.Flags |= types.HasOld
		}
		next, old = a.out.AppendChange(out)
		if !added {
			a.row(g, ref, w, objs, old)
		}
	} else {
		next = a.out.Append(out)
	}
	if err := a.exchange(w, objs, gone, row, m); err != nil {
		return err
	}
	a.row(g, ref, w, objs, next)
	a.stamp(&a.out.Meta[a.out.N-1], g, w, m.Place())
	return nil
}

// exchange takes one row out of a group's state and another one in.
func (a *Aggregate) exchange(w []uint64, objs []functions.Object, gone, row []types.Value, m *types.Meta) error {
	if m.Flags&types.Combined != 0 {
		return a.mergePart(w, m)
	}
	if gone != nil {
		if err := a.host.refused(a.acc.add(w, objs, gone, m, true), m); err != nil {
			return err
		}
	}
	if row == nil {
		return nil
	}
	return a.host.refused(a.acc.add(w, objs, row, m, false), m)
}

// row writes the columns of a group. What may change before the row is used is copied.
func (a *Aggregate) row(g *groups, ref state.Ref, w []uint64, objs []functions.Object, out []types.Value) {
	n := len(a.vals)
	if _, err := types.DecodeKey(g.table.Key(ref), out[:n]); err != nil {
		panic("op: a group's key can't be decoded: " + err.Error())
	}
	a.acc.results(w, objs, out[n:n+len(a.acc.aggs)])
	if !a.host.Coalesce && a.acc.objs > 0 {
		for i := range a.acc.aggs {
			out[n+i] = out[n+i].Clone()
		}
	}
	if a.bounds >= 0 {
		out[a.bounds] = types.BigintValue(g.start)
		out[a.bounds+1] = types.BigintValue(g.start + a.win.Size)
	}
}

// stamp gives a row its time, its window, and its place among other rows.
func (a *Aggregate) stamp(m *types.Meta, g *groups, w []uint64, order int64) {
	m.Timestamp, m.StreamTime, m.Order = int64(w[0]), types.NoTime, order
	if a.win != nil {
		m.WindowStart, m.WindowEnd = g.start, g.start+a.win.Size
	}
}

func (a *Aggregate) emit() error {
	if a.out.N == 0 {
		return nil
	}
	err := a.next.Push(&a.out)
	a.out.Reset(a.width)
	return err
}

// Flush hands on every group that changed since the last time, once, in the order in which they first changed.
func (a *Aggregate) Flush() error {
	if a.host.Coalesce && !a.final {
		a.out.Reset(a.width)
		for i, ch := range a.changes.list {
			a.changes.ahead(i)
			if err := a.emitChange(ch); err != nil {
				return err
			}
		}
		if err := a.emit(); err != nil {
			return err
		}
	}
	return a.next.Flush()
}

// HeldBack is how many groups that would be.
func (a *Aggregate) HeldBack() int {
	if a.host.Coalesce && !a.final {
		return len(a.changes.list)
	}
	return 0
}

func (a *Aggregate) emitChange(ch change) error {
	if a.out.N == types.BatchRows {
		if err := a.emit(); err != nil {
			return err
		}
	}
	w := ch.in.table.Words(ch.ref)
	if !a.wantOld {
		a.row(ch.in, ch.ref, w, a.acc.objectsOf(ch.in, w), a.out.Append(types.Meta{}))
		a.stamp(&a.out.Meta[a.out.N-1], ch.in, w, ch.at)
		return nil
	}
	bw, bobjs, had, err := a.changes.before(ch)
	if err != nil {
		return err
	}
	row, old := a.out.AppendChange(types.Meta{})
	if had {
		a.out.Meta[a.out.N-1].Flags |= types.HasOld
		a.row(ch.in, ch.ref, bw, bobjs, old)
	}
	a.row(ch.in, ch.ref, w, a.acc.objectsOf(ch.in, w), row)
	a.stamp(&a.out.Meta[a.out.N-1], ch.in, w, ch.at)
	return nil
}

// pushTable groups the rows of a table: the old row is taken out of its group before the new one goes into its own. A
// row that stays in its group changes it once.
func (a *Aggregate) pushTable(b *types.Batch) error {
	for i := range b.N {
		m := &b.Meta[i]
		var gone, row []types.Value
		if m.Flags&types.HasOld != 0 {
			gone = b.OldRow(i)
		}
		if m.Flags&types.NullRow == 0 {
			row = b.Row(i)
		}
		if err := a.tableRow(gone, row, m); err != nil {
			return err
		}
	}
	return a.emit()
}

func (a *Aggregate) tableRow(gone, row []types.Value, m *types.Meta) error {
	keys := a.keys.bytes[:0]
	if gone == nil && row == nil {
		a.host.Counts.Filtered++
		return nil
	}
	if gone != nil && a.compute(gone, m) {
		keys = types.AppendKey(keys, a.vals)
	} else {
		gone = nil
	}
	at := len(keys)
	if row != nil && a.compute(row, m) {
		keys = types.AppendKey(keys, a.vals)
	} else {
		row = nil
	}
	a.keys.bytes = keys
	from, to := keys[:at], keys[at:]
	if gone != nil && row != nil && !bytes.Equal(from, to) {
		if err := a.into(a.last, gone, nil, m, from, state.Hash(from)); err != nil {
			return err
		}
		gone = nil
	}
	switch {
	case row != nil:
		return a.into(a.last, gone, row, m, to, state.Hash(to))
	case gone != nil:
		return a.into(a.last, gone, nil, m, from, state.Hash(from))
	}
	a.skip(m)
	return nil
}

// expiry is the start below which windows are no longer kept.
func (a *Aggregate) expiry() int64 {
	t := a.clock.closed()
	if a.win == nil || t == types.NoTime {
		return types.NoTime
	}
	return t - a.win.Retention
}

func lateMessage(start, end, closed int64) string {
	return "the window [" + types.TimestampText(start) + ", " + types.TimestampText(end) + ") closed at stream time " +
		types.TimestampText(max(closed, math.MinInt64/2)) + " less its grace period"
}
