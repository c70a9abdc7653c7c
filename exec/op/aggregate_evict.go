package op

import (
	"weir/exec/state"
	"weir/types"
)

// Back says where committed groups can be read.
func (a *Aggregate) Back(b Backing) { a.backing = b }

// Full says that the groups not yet loaded stay in the backing.
func (a *Aggregate) Full() {
	a.full, a.unseen = true, a.final
	for _, g := range a.open {
		g.partial = true
	}
}

// Evict drops all groups from memory. The windows stay open; their groups come back one by one as rows ask for them.
func (a *Aggregate) Evict() {
	if a.backing == nil {
		return
	}
	for _, g := range a.open {
		g.table.Clear()
		g.objects, g.partial = nil, true
	}
}

func (a *Aggregate) entry(g *groups, key []byte) []byte {
	out := []byte{entryKey}
	if a.win != nil {
		out = appendWindow(out, g.start)
	}
	return append(out, key...)
}

// listWindows finds the open windows that lie in the backing alone, after a load that stopped early: they are to be
// handed on although no row asks for them.
func (a *Aggregate) listWindows() error {
	if !a.unseen {
		return nil
	}
	a.unseen = false
	closed := a.clock.closedTo(a.win.Grace)
	lo := []byte{entryKey}
	if closed != types.NoTime {
		lo = appendWindow(lo, a.span.OpenAt(closed))
	}
	return a.backing.Scan(lo, []byte{entryKey + 1}, func(key, _ []byte) error {
		var start [1]types.Value
		if _, err := types.DecodeKey(key[1:], start[:]); err != nil {
			return err
		}
		a.window(start[0].Int())
		return nil
	})
}

// fetch reads a group that is not in memory; found is false where there is none.
func (a *Aggregate) fetch(g *groups, ref state.Ref, w []uint64) (found bool, err error) {
	value, err := a.backing.Get(a.entry(g, g.table.Key(ref)))
	if err != nil || value == nil {
		return false, err
	}
	g.table.SetFlags(ref, existed)
	return true, a.acc.decode(value, w, a.acc.objectsOf(g, w))
}

// complete brings all groups of a window into memory.
func (a *Aggregate) complete(g *groups) error {
	if !g.partial {
		return nil
	}
	lo := a.entry(g, nil)
	hi := append(append([]byte{}, lo...), 0xFF)
	return a.backing.Scan(lo, hi, func(key, value []byte) error {
		key = key[len(lo):]
		ref, added := g.table.GetOrAdd(key, state.Hash(key))
		if !added {
			return nil
		}
		w := g.table.Words(ref)
		g.table.SetFlags(ref, existed)
		return a.acc.decode(value, w, a.acc.objectsOf(g, w))
	})
}
