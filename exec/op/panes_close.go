package op

import (
	"slices"
	"sort"

	"weir/exec/state"
	"weir/types"
)

// close hands on the windows that end by a time, in order, each with its keys in order.
func (p *Panes) close(limit int64) error {
	if limit == types.NoTime || p.open != types.NoTime && p.open+p.span.Size > limit {
		return nil
	}
	for {
		start, ok := p.candidate()
		if !ok || start+p.span.Size > limit {
			break
		}
		if err := p.release(start); err != nil {
			return err
		}
		if err := p.slideTo(start); err != nil {
			return err
		}
		if err := p.handOn(start); err != nil {
			return err
		}
		p.open = start + p.span.Advance
	}
	p.open = max(p.open, p.span.OpenAt(limit))
	p.leave(p.open)
	return nil
}

// candidate is the next window that holds anything.
func (p *Panes) candidate() (start int64, ok bool) {
	if p.live() > 0 {
		return p.open, true
	}
	if len(p.panes) > 0 {
		start, ok = p.span.First(p.panes[0].start), true
	}
	if len(p.waiting) > 0 && (!ok || p.waiting[0].from < start) {
		start, ok = p.waiting[0].from, true
	}
	return max(start, p.open), ok
}

// release lets the rows go on that were waiting for a window.
func (p *Panes) release(start int64) error {
	n := 0
	for ; n < len(p.waiting) && p.waiting[n].from <= start; n++ {
		g := p.waiting[n]
		if err := p.complete(g); err != nil {
			return err
		}
		var failed error
		g.table.Each(func(ref state.Ref) bool {
			key, w := g.table.Key(ref), g.table.Words(ref)[:p.acc.words]
			p.undone = append(p.undone, p.entry(g, key))
			p.lose(uint32(g.table.Words(ref)[p.acc.words]))
			failed = p.join(p.pane(g.start), key, state.Hash(key), w, p.acc.objectsOf(&g.groups, w))
			return failed == nil
		})
		if failed != nil {
			return failed
		}
		g.gone = true
	}
	p.waiting = slices.Delete(p.waiting, 0, n)
	return nil
}

// slideTo makes the combination that of the window that starts at start.
func (p *Panes) slideTo(start int64) error {
	p.leave(start)
	if start > p.mid {
		p.flip(p.between(start, p.end))
	}
	end := p.span.End(start)
	for _, g := range p.between(max(p.end, start), end) {
		if err := p.complete(g); err != nil {
			return err
		}
		p.include(g)
	}
	p.end = max(p.end, end)
	return nil
}

// between are the panes that start from..to.
func (p *Panes) between(from, to int64) []*pane {
	at := func(t int64) int { return sort.Search(len(p.panes), func(i int) bool { return p.panes[i].start >= t }) }
	lo := at(from)
	return p.panes[lo:max(lo, at(to))]
}

// leave drops the panes before a window's start.
func (p *Panes) leave(start int64) {
	n := 0
	for ; n < len(p.panes) && p.panes[n].start < start; n++ {
		g := p.panes[n]
		g.gone = true
		if p.last == g {
			p.last = nil
		}
		p.exclude(g)
	}
	if n > 0 {
		p.panes = slices.Delete(p.panes, 0, n)
		p.prune()
	}
}

// handOn puts out the window that the combination stands for.
func (p *Panes) handOn(start int64) error {
	for _, k := range p.sorted() {
		if p.out.N >= types.BatchRows {
			if err := p.emit(); err != nil {
				return err
			}
		}
		w, objs := p.combined(k)
		key := p.keyOf(k)
		out := p.out.Append(types.Meta{Timestamp: int64(w[0]), StreamTime: types.NoTime, Order: start + p.span.Size + p.win.Grace, WindowStart: start, WindowEnd: start + p.span.Size, Flags: types.Final})
		n := len(p.vals)
		if _, err := types.DecodeKey(key, out[:n]); err != nil {
			panic("op: a group's key can't be decoded: " + err.Error())
		}
		p.acc.results(w, objs, out[n:n+len(p.acc.aggs)])
		if err := p.host.refused(p.acc.fits(w), &types.Meta{Timestamp: int64(w[0]), Offset: -1}); err != nil {
			return err
		}
		if p.acc.objs > 0 {
			for i := range p.acc.aggs {
				out[n+i] = out[n+i].Clone()
			}
		}
		bounds := n + len(p.acc.aggs)
		out[bounds], out[bounds+1] = types.BigintValue(start), types.BigintValue(start+p.span.Size)
		p.closed.add(p.acc, start, key, w, objs)
	}
	return nil
}

// closeDue closes what the clock has closed.
func (p *Panes) closeDue() error { return p.closeTo(p.clock.closedTo(p.win.Grace)) }

func (p *Panes) closeTo(limit int64) error {
	if err := p.begin(); err != nil {
		return err
	}
	if err := p.close(limit); err != nil {
		return err
	}
	return p.emit()
}

// CloseAll moves the clock just far enough to close every window that holds anything: the input has ended.
func (p *Panes) CloseAll() error {
	if err := p.listPanes(); err != nil {
		return err
	}
	last, ok := p.latest()
	if !ok {
		return nil
	}
	p.clock.advance(p.span.Last(last) + p.span.Size + p.win.Grace)
	return p.closeDue()
}

// latest is the start of the last pane.
func (p *Panes) latest() (start int64, ok bool) {
	for _, g := range append(p.waiting[:len(p.waiting):len(p.waiting)], p.panes...) {
		if !ok || g.start > start {
			start, ok = g.start, true
		}
	}
	return start, ok
}

// Windows puts out the windows that are not closed yet, from one start to another, both included, as they stand: for
// pull queries, on an operator into which state was loaded for the purpose.
func (p *Panes) Windows(from, to int64) error {
	last, ok := p.latest()
	if !ok {
		return nil
	}
	if first, _ := p.candidate(); from > first {
		p.open = p.span.Last(from)
		if p.open < from {
			p.open += p.span.Advance
		}
	}
	p.leave(p.open)
	return p.closeTo(min(to, p.span.Last(last)) + p.span.Size)
}
