package op

import (
	"bytes"
	"slices"

	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// An Aggregate's entries are entryKey, the window's start where windowed, the group; the value is the group's state.

var _ Windowed = (*Aggregate)(nil)
var _ Evicter = (*Aggregate)(nil)

// Changed says whether a group has changed, or the clock where there are windows.
func (a *Aggregate) Changed() bool {
	return len(a.changes.list) > 0 || a.win != nil && a.clock.unsaved
}

// Dirty gives the clock, and the groups that changed.
func (a *Aggregate) Dirty(put func(key, value []byte)) {
	var key, val []byte
	if a.win != nil && a.clock.unsaved {
		put([]byte{metaKey}, a.clock.append(nil))
	}
	for i, ch := range a.changes.list {
		a.changes.ahead(i)
		key = append(key[:0], entryKey)
		if a.win != nil {
			key = appendWindow(key, ch.in.start)
		}
		key = append(key, ch.in.table.Key(ch.ref)...)
		w := ch.in.table.Words(ch.ref)
		val = a.acc.append(val[:0], w, a.acc.objectsOf(ch.in, w))
		put(key, val)
	}
}

// Expired gives the windows beyond their retention.
func (a *Aggregate) Expired(drop func(from, to []byte)) {
	limit := a.expiry()
	if limit == types.NoTime || limit < a.dropped+a.span.Advance {
		return
	}
	drop([]byte{entryKey}, appendWindow([]byte{entryKey}, limit))
	a.dropped = limit
}

// Committed lets go of closed windows.
func (a *Aggregate) Committed() {
	a.changes.committed()
	a.clock.saved()
	clear(a.retired)
	a.retired = a.retired[:0]
	if a.win == nil {
		return
	}
	closed := a.clock.closedTo(a.win.Grace)
	for len(a.open) > 0 && !a.final && a.open[0].start+a.win.Size <= closed {
		if a.last == a.open[0] {
			a.last = nil
		}
		a.open = a.open[1:]
	}
}

// Load puts an entry back. Windows that were closed at the time are not needed.
func (a *Aggregate) Load(key, value []byte) error {
	switch {
	case len(key) == 1 && key[0] == metaKey:
		err := a.clock.decode(value)
		return err
	case len(key) == 0 || key[0] != entryKey:
		return types.ErrCorrupt
	}
	key = key[1:]
	g := a.last
	if a.win != nil {
		var start [1]types.Value
		rest, err := types.DecodeKey(key, start[:])
		if err != nil {
			return err
		}
		if start[0].Int()+a.win.Size <= a.clock.closedTo(a.win.Grace) {
			return nil
		}
		key, g = rest, a.window(start[0].Int())
	}
	ref, _ := g.table.GetOrAdd(key, state.Hash(key))
	w := g.table.Words(ref)
	g.table.SetFlags(ref, existed)
	return a.acc.decode(value, w, a.acc.objectsOf(g, w))
}

// Size counts open windows.
func (a *Aggregate) Size() (entries, size int) {
	for _, g := range a.open {
		entries += g.table.Len()
		size += g.table.Bytes()
	}
	return entries, size + a.acc.objectBytes(objectsIn(slices.Values(a.open)))
}

// Reader reads an Aggregate's entries as rows, for pull queries.
type Reader struct {
	agg *Aggregate
	row []types.Value
}

// NewReader makes a Reader for the entries that an Aggregate wrote, or a Panes of windows that are closed.
func NewReader(h *Host, a *plan.Grouping) *Reader {
	return &Reader{agg: NewAggregate(h, &plan.Aggregate{Grouping: *a}, false, true, nil), row: make([]types.Value, len(a.Slots))}
}

// Bounds are the keys between which the entries of windows that start from..to lie, both included.
func (r *Reader) Bounds(from, to int64) (lo, hi []byte) {
	if r.agg.win == nil {
		return []byte{entryKey}, []byte{entryKey + 1}
	}
	hi = appendWindow([]byte{entryKey}, to)
	return appendWindow([]byte{entryKey}, from), append(hi, 0xFF)
}

// Group is the key of a group without its window.
func (r *Reader) Group(vals []types.Value) []byte { return types.AppendKey(nil, vals) }

// HasGroup says whether an entry is of the group.
func (r *Reader) HasGroup(key, group []byte) bool {
	if key = key[1:]; r.agg.win != nil {
		var start [1]types.Value
		rest, err := types.DecodeKey(key, start[:])
		if err != nil {
			return false
		}
		key = rest
	}
	return bytes.Equal(key, group)
}

// Row is the row of an entry; valid until the next call.
func (r *Reader) Row(key, value []byte) ([]types.Value, types.Meta, error) {
	a := r.agg
	g := a.acc.newGroups(0)
	key = key[1:]
	if a.win != nil {
		var start [1]types.Value
		rest, err := types.DecodeKey(key, start[:])
		if err != nil {
			return nil, types.Meta{}, err
		}
		key, g.start = rest, start[0].Int()
	}
	ref, _ := g.table.GetOrAdd(key, state.Hash(key))
	w := g.table.Words(ref)
	objs := a.acc.objectsOf(g, w)
	if err := a.acc.decode(value, w, objs); err != nil {
		return nil, types.Meta{}, err
	}
	a.row(g, ref, w, objs, r.row)
	var m types.Meta
	a.stamp(&m, g, w, types.NoTime)
	return r.row, m, nil
}
