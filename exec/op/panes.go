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
	clocked
	next    Op
	acc     *accumulators
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

// NewPanes makes the operator of a plan.PaneAggregate.
func NewPanes(h *Host, a *plan.PaneAggregate, direct bool, next Op) *Panes {
	p := &Panes{grouper: newGrouper(h, a.Group), next: next, acc: newAccumulators(h, a.Aggs), win: a.Window,
		span: window.Time{Size: a.Window.Size, Advance: a.Window.Advance}, columns: len(a.Slots), open: types.NoTime, dropped: types.NoTime, left: types.NoTime}
	p.clocked = clocked{clock: newClock(direct), handOn: p.closeDue, holds: a.Window.Size + a.Window.Grace}
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
		p.touched += p.last.table.Touch(p.keys.hashes)
	}
	for i := range b.N {
		if !p.keys.ok[i] {
			continue
		}
		if err := p.update(b.Row(i), &b.Meta[i], p.keys.key(i), p.keys.hashes[i]); err != nil {
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
func (p *Panes) update(row []types.Value, m *types.Meta, key []byte, hash uint64) error {
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
		p.host.report(Problem{Late, "GROUP BY", lateMessage(start, start+p.span.Size, closes), *m})
		if err := p.late.add(row, *m, start, start+p.span.Size, closes+p.win.Grace); err != nil {
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
func (p *Panes) wait(from, start int64, row []types.Value, m *types.Meta, key []byte, hash uint64) error {
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
		p.comeLate(in.start, p.number(key, hash), added, from, fromObjs)
	}
	p.acc.mergeCopy(w, objs, from, fromObjs)
	return nil
}
