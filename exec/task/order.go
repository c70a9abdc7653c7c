package task

import (
	"fmt"
	"slices"

	"weir/planner/plan"
	"weir/types"
)

// Weave says which sources' topics are written by queries of ours, so that their rows are of several paths. It also takes those for it whose rows
// have been put in order by what is stored with a layout. To be called once, before Adopt.
func (t *Topology) Weave(written func(scan *plan.Scan) bool, before Layout) error {
	for _, s := range t.Stages {
		s.Woven = make([]bool, len(s.Inputs))
		for i, in := range s.Inputs {
			if scan, ok := in.(*plan.Scan); ok {
				_, was := before.part(s.part(laneStore(i).Name))
				s.Woven[i] = was || written(scan)
			}
		}
		s.Stores = nil
		if err := s.listStores(); err != nil {
			return err
		}
	}
	return nil
}

// mixed says whether the rows of an input are of several paths: tasks before it have written them.
func (s *Stage) mixed(in plan.Node) bool {
	i := slices.Index(s.Inputs, in)
	return IsRepartition(in) || i >= 0 && i < len(s.Woven) && s.Woven[i]
}

// Ordered says whether the tasks of the stage put the rows of mixed inputs in order. All that read one do, since the order
// of what they make is what others join with; but for windows whose aggregates hang on no order, at the end of a query: those are judged by
// their paths. Lists that go out once have an order of their own.
func (s *Stage) Ordered() bool {
	if !slices.ContainsFunc(s.Inputs, s.mixed) {
		return false
	}
	steps := s.Steps()
	windows := slices.ContainsFunc(steps, func(n plan.Node) bool { return plan.GroupingOf(n) != nil && plan.GroupingOf(n).Window != nil })
	if slices.ContainsFunc(steps, finalTop) {
		return slices.ContainsFunc(steps, hangsOnOrder)
	}
	return !windows || IsRepartition(s.End) || slices.ContainsFunc(steps, hangsOnOrder)
}

func finalTop(n plan.Node) bool {
	top, ok := n.(*plan.Top)
	return ok && top.Final()
}

// lists says whether the stage puts final lists of windows together, of those of all partitions.
func (s *Stage) lists() bool {
	return slices.ContainsFunc(s.Steps(), func(n plan.Node) bool { return finalTop(n) && IsRepartition(n.Inputs()[0]) })
}

// hangsOnOrder says whether what a step makes hangs on the order in which its rows come.
func hangsOnOrder(n plan.Node) bool {
	if g := plan.GroupingOf(n); g != nil {
		return slices.ContainsFunc(g.Aggs, func(a plan.Agg) bool { return !a.Bound.Exact })
	}
	return len(n.Inputs()) > 1
}

// laneStore is what an input of an ordered stage keeps: how far each lane has been processed. Lanes of which nothing is known are read from the
// committed offset on.
func laneStore(input int) Kept { return Kept{Name: fmt.Sprintf("lanes %d", input), Joins: true} }

// openLanes gives the mixed inputs of the task their lanes.
func (t *Task) openLanes(o TaskOptions) {
	for at, in := range t.inputs {
		if in.repartitioned || in.woven != nil {
			in.lanes = newLanes(in.feeders, &t.passed, &in.counts.Counts)
			if in.woven != nil {
				in.lanes.all, in.lanes.woven = nil, in.woven
			}
			in.lanes.atOnce, in.lanes.patience = o.AtOnce, t.patience
			t.Stores = append(t.Stores, Store{t.Stage.store(laneStore(at).Name), in.lanes})
			t.laned = true
		}
	}
}

// Renewed says that the topic of an input is not the one that the task's state tells of, or has been cut; before Load.
func (t *Task) Renewed(input int) {
	if l := t.inputs[input].lanes; l != nil {
		l.renewed = true
	}
}

// Announce is said before a Flush: the next announcement says how the task stands, when all that it has sent lay in its source by a time, by the node's
// clock in microseconds. due says that it is to be made even if there is nothing else to say, since somebody waits. That rows wait, of the task or
// before it, is news.
func (t *Task) Announce(s Standing, sent int64, due bool) {
	n := &t.repart.note
	n.caughtUp, n.place, n.asOf, n.sent = s.Order == never && s.AsOf != NoTime, s.Order, s.AsOf, sent
	n.waits, n.order = t.Waits() || t.Stirred(), max(n.order, s.All)
	t.repart.due = t.repart.due || due
}

// Stirred says whether what is before the task has told that rows wait there, since it was last asked.
func (t *Task) Stirred() bool {
	stirred := false
	for _, in := range t.inputs {
		if stirred, in.stirred = stirred || in.stirred, false; in.lanes != nil {
			stirred, in.lanes.stirred = stirred || in.lanes.stirred, false
		}
		if in.woven != nil {
			stirred, in.woven.stirred = stirred || in.woven.stirred, false
		}
	}
	return stirred
}

// NoTime stands for a time that is not known.
const NoTime = types.NoTime

// Laned says whether the task puts the rows of repartitions in order.
func (t *Task) Laned() bool { return t.laned }

// Ahead are the upstream tasks of an input from which rows wait in their lanes.
func (t *Task) Ahead(input int) []int {
	var out []int
	if l := t.inputs[input].lanes; l != nil {
		for i := range l.all {
			if len(l.all[i].recs) > 0 {
				out = append(out, i)
			}
		}
	}
	return out
}
