package op

import (
	"slices"
	"sort"

	"weir/exec/state"
	"weir/exec/window"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Panes groups rows in hopping windows of which only the final results are wanted. A row goes into one pane, a piece of
// time of which all windows are made; when a window closes its panes are combined. So a row costs the same in however
// many windows it is. What is put out is what Aggregate would put out.
//
// The panes of the window that closed last are combined in two halves per key, as in a queue made of two stacks: the
// older ones, each with all that follow it in the half; and the newer ones, in one sum. The next window leaves out panes at the
// old end and takes in others at the new end, which costs one merge for each key of each pane on either side.
type Panes struct {
	grouper
	next    Op
	acc     *accumulators
	clock   clock
	win     *plan.Window
	span    window.Time
	width   int64   // of a pane
	panes   []*pane // by start: those of windows that are to come
	waiting []*pane // rows that the windows before pane.from don't take, by from and start
	last    *pane   // the one used last
	open    int64   // start of the first window that has not been handed on
	sliding
	one     cells // a row by itself
	changed []paneChange
	undone  [][]byte // entries of the store to be deleted
	closed  closedLog
	out     types.Batch
	columns int
	dropped int64 // windows that start below it are expired; NoTime before any is
	left    int64 // panes that start below it are dropped from the store
	backing Backing
	unseen  bool // the backing may hold panes that are not in the list
}

// pane holds the groups of one piece of time. Their records have a word more than the accumulators ask for: the key's number.
type pane struct {
	groups
	from int64 // the first window that takes it; NoTime for all
	gone bool  // no window to come takes it
}

// paneChange is a group of a pane that changed since the last commit.
type paneChange struct {
	in  *pane
	ref state.Ref
}

// NewPanes makes the operator of a plan.Aggregate for which Panes is true.
func NewPanes(h *Host, a *plan.Aggregate, upstream int, next Op) *Panes {
	p := &Panes{grouper: newGrouper(h, a.Group), next: next, acc: newAccumulators(h, a.Aggs), clock: newClock(upstream), win: a.Window,
		span: window.Time{Size: a.Window.Size, Advance: a.Window.Advance}, columns: len(a.Slots), open: types.NoTime, dropped: types.NoTime, left: types.NoTime}
	p.width = p.span.Pane()
	p.one = cells{acc: p.acc}
	p.sliding = newSliding(p.acc)
	return p
}

// Push takes rows into their panes, and hands on the windows that they close.
func (p *Panes) Push(b *types.Batch) error {
	if err := p.begin(); err != nil {
		return err
	}
	p.encode(b)
	if p.last != nil {
		for _, h := range p.keys.hashes {
			p.last.table.Touch(h)
		}
	}
	for i := range b.N {
		if !p.keys.ok[i] {
			continue
		}
		if err := p.update(b.Row(i), b.Meta[i], p.keys.key(i), p.keys.hashes[i]); err != nil {
			return err
		}
	}
	if err := p.late.flush(); err != nil {
		return err
	}
	return p.emit()
}

func (p *Panes) begin() error {
	p.out.Reset(p.columns)
	p.out.Old = nil
	return p.listPanes()
}

func (p *Panes) emit() error {
	if p.out.N == 0 {
		return nil
	}
	err := p.next.Push(&p.out)
	p.out.Reset(p.columns)
	return err
}

// Flush has nothing to hand on: windows go when they close.
func (p *Panes) Flush() error { return p.next.Flush() }

// update takes a row into its pane. Windows that are closed for the row, and not for good, must not see it: then it waits
// until they are gone.
func (p *Panes) update(row []types.Value, m types.Meta, key []byte, hash uint64) error {
	if row == nil {
		row = []types.Value{} // no column is used, but it is a row
	}
	closes := p.clock.see(m) - p.win.Grace
	if err := p.close(p.clock.closedTo(p.win.Grace)); err != nil {
		return err
	}
	first, last := p.span.First(m.Timestamp), p.span.Last(m.Timestamp)
	from := max(first, p.span.OpenAt(closes))
	for start := first; start < from && start <= last; start += p.span.Advance {
		p.host.report(Problem{Late, "GROUP BY", lateMessage(start, start+p.span.Size, closes), m})
		if err := p.late.add(row, m, start, start+p.span.Size, closes+p.win.Grace); err != nil {
			return err
		}
	}
	if from > last {
		p.host.Counts.Late++
		return nil
	}
	start := p.paneOf(m.Timestamp)
	if from > first && from > p.open {
		return p.wait(from, start, row, m, key, hash)
	}
	in := p.pane(start)
	if start < p.end {
		p.one.reset()
		one := p.one.add()
		if err := p.host.refused(p.acc.add(p.one.words(one), p.one.objects(one), row, m, false), m); err != nil {
			return err
		}
		return p.join(in, key, hash, p.one.words(one), p.one.objects(one))
	}
	w, objs, _, err := p.record(in, key, hash)
	if err != nil {
		return err
	}
	return p.host.refused(p.acc.add(w, objs, row, m, false), m)
}

// paneOf is the start of the pane of a time.
func (p *Panes) paneOf(t int64) int64 {
	if p.last != nil && t >= p.last.start && t < p.last.start+p.width {
		return p.last.start
	}
	return window.Floor(t, p.width)
}

// wait keeps a row for the windows from a later one on.
func (p *Panes) wait(from, start int64, row []types.Value, m types.Meta, key []byte, hash uint64) error {
	w, objs, _, err := p.record(p.waitingPane(from, start), key, hash)
	if err != nil {
		return err
	}
	return p.host.refused(p.acc.add(w, objs, row, m, false), m)
}

// pane finds a pane, or makes it.
func (p *Panes) pane(start int64) *pane {
	if p.last != nil && p.last.start == start {
		return p.last
	}
	i := sort.Search(len(p.panes), func(i int) bool { return p.panes[i].start >= start })
	if i == len(p.panes) || p.panes[i].start != start {
		p.panes = slices.Insert(p.panes, i, p.newPane(types.NoTime, start))
	}
	p.last = p.panes[i]
	return p.last
}

func (p *Panes) waitingPane(from, start int64) *pane {
	i := sort.Search(len(p.waiting), func(i int) bool {
		o := p.waiting[i]
		return o.from > from || o.from == from && o.start >= start
	})
	if i == len(p.waiting) || p.waiting[i].from != from || p.waiting[i].start != start {
		p.waiting = slices.Insert(p.waiting, i, p.newPane(from, start))
	}
	return p.waiting[i]
}

func (p *Panes) newPane(from, start int64) *pane {
	return &pane{groups: groups{start: start, table: state.NewTable(p.acc.words + 1)}, from: from}
}

// record finds the state of a key in a pane, or makes it, and notes that it is about to change.
func (p *Panes) record(in *pane, key []byte, hash uint64) (w []uint64, objs []functions.Object, added bool, err error) {
	ref, added := in.table.GetOrAdd(key, hash)
	w = in.table.Words(ref)
	if added {
		w[0] = 1 << 63
		k := p.number(key, hash)
		w[p.acc.words] = uint64(k)
		p.members[k].records++
	}
	if flags := in.table.Flags(ref); flags&dirty == 0 {
		in.table.SetFlags(ref, flags|dirty)
		p.changed = append(p.changed, paneChange{in, ref})
	}
	objs = p.acc.objectsOf(&in.groups, w[:p.acc.words])
	if added && in.partial {
		err = p.fetch(in, ref, w, objs)
	}
	return w[:p.acc.words], objs, added, err
}

// join merges what a key has into a pane, and into what is combined already.
func (p *Panes) join(in *pane, key []byte, hash uint64, from []uint64, fromObjs []functions.Object) error {
	w, objs, added, err := p.record(in, key, hash)
	if err != nil {
		return err
	}
	if in.start < p.end {
		p.comeLate(in.start, uint32(p.number(key, hash)), added, from, fromObjs)
	}
	p.acc.mergeCopy(w, objs, from, fromObjs)
	return nil
}

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
		out := p.out.Append(types.Meta{Timestamp: int64(w[0]), StreamTime: types.NoTime, WindowStart: start, WindowEnd: start + p.span.Size, Flags: types.Final})
		n := len(p.vals)
		if _, err := types.DecodeKey(key, out[:n]); err != nil {
			panic("op: a group's key can't be decoded: " + err.Error())
		}
		p.acc.results(w, objs, out[n:n+len(p.acc.aggs)])
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

// Announce takes the stream time of an upstream task, and closes what that closes.
func (p *Panes) Announce(upstream int, streamTime int64, atEnd bool) error {
	p.clock.announce(upstream, streamTime, atEnd)
	return p.closeTo(p.clock.closedTo(p.win.Grace))
}

// Idle lets the stream time go on, and closes what that closes.
func (p *Panes) Idle(by int64) error {
	p.clock.idle(by)
	return p.closeTo(p.clock.closedTo(p.win.Grace))
}

// AnnounceIdle lets an upstream task's stream time go on.
func (p *Panes) AnnounceIdle(upstream int, by int64) error {
	p.clock.announceIdle(upstream, by)
	return p.closeTo(p.clock.closedTo(p.win.Grace))
}

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
	return p.closeTo(p.clock.closedTo(p.win.Grace))
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
