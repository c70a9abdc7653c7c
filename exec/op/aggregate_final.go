package op

import (
	"slices"

	"weir/exec/state"
	"weir/types"
)

// closeFinal hands on, for EMIT FINAL, the windows that the clock has closed.
func (a *Aggregate) closeFinal() error {
	if !a.final || len(a.open) == 0 {
		return nil
	}
	closed := a.clock.closedTo(a.win.Grace)
	for len(a.open) > 0 && a.open[0].start+a.win.Size <= closed {
		if err := a.emitFinal(a.open[0]); err != nil {
			return err
		}
		a.retire(a.open[0])
		a.open = a.open[1:]
	}
	return nil
}

// retire takes a closed window out of the way; its groups live until their changes are committed.
func (a *Aggregate) retire(g *groups) {
	a.retired = append(a.retired, g)
	if a.last == g {
		a.last = nil
	}
}

// emitFinal hands on the groups of a window, ordered by key.
func (a *Aggregate) emitFinal(g *groups) error {
	if err := a.complete(g); err != nil {
		return err
	}
	refs := make([]state.Ref, 0, g.table.Len())
	g.table.Each(func(r state.Ref) bool {
		refs = append(refs, r)
		return true
	})
	slices.SortFunc(refs, func(x, y state.Ref) int { return slices.Compare(g.table.Key(x), g.table.Key(y)) })
	for _, ref := range refs {
		if a.out.N >= types.BatchRows {
			if err := a.emit(); err != nil {
				return err
			}
		}
		w := g.table.Words(ref)
		a.row(g, ref, w, a.acc.objectsOf(g, w), a.out.Append(types.Meta{Flags: types.Final}))
		a.stamp(&a.out.Meta[a.out.N-1], g, w, g.start+a.win.Size+a.win.Grace)
	}
	return nil
}

// closed hands on what the clock has closed.
func (a *Aggregate) closed() error {
	if err := a.listWindows(); err != nil {
		return err
	}
	a.out.Reset(a.width)
	if err := a.closeFinal(); err != nil {
		return err
	}
	return a.emit()
}

// CloseAll moves the clock just far enough to close every window that is open: the input has ended. Without EMIT FINAL
// there is nothing to wait for, and the clock stays.
func (a *Aggregate) CloseAll() error {
	if err := a.listWindows(); err != nil {
		return err
	}
	if !a.final || len(a.open) == 0 {
		return nil
	}
	a.clock.advance(a.open[len(a.open)-1].start + a.win.Size + a.win.Grace)
	return a.closed()
}
