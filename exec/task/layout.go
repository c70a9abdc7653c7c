package task

import (
	"fmt"
	"slices"
	"strings"

	"weir/exec/op"
	"weir/exec/state"
	"weir/planner/plan"
)

// Layout says how a query's state is laid out: its stores, and the rows that lie in its repartition topics. State that was
// written by one plan may be read by another only where the layouts agree.
type Layout []LayoutPart

// LayoutPart is a store, or a repartition topic.
type LayoutPart struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	// Grows says that rows may lack columns at the end: they are NULL.
	Grows bool `json:"grows,omitempty"`
	// Store is 1 above the number of a store on disk and in changelogs; 0 for a topic, and where none was noted.
	Store int `json:"store,omitempty"`
	// Version is that of the entries that the operator writes.
	Version int `json:"version,omitempty"`
	// Partial is Kept.Partial.
	Partial bool `json:"partial,omitempty"`
	joins   bool // Kept.Joins
}

// Kept describes a store: what a step keeps.
type Kept struct {
	// Name names it within its stage, whatever else the stage keeps. Number stands for the name on disk and in changelogs.
	Name    string
	Number  int
	Columns []string
	Grows   bool // as in LayoutPart
	// Version is raised when an operator writes its entries otherwise.
	Version int
	// Joins says that the store may be added to a query that has state: what it does not know, the step copes with.
	Joins bool
	// Partial says that it was: it lacks rows that have not changed since.
	Partial bool
}

// Store is a store of a task.
type Store struct {
	Kept
	op.Stateful
}

// ID is where a store of the task lies on disk.
func (t *Task) ID(query string, s Store) state.StoreID { return t.Stage.ID(query, t.Partition, s.Kept) }

// ID is where a store of the stage lies on disk, for one partition.
func (s *Stage) ID(query string, partition int32, k Kept) state.StoreID {
	return state.StoreID{Query: query, Stage: s.Index, Partition: partition, Store: k.Number}
}

// StoreOf is the store of one of the stage's nodes.
func (s *Stage) StoreOf(n plan.Node) Kept { return s.store(s.stepOf(n).keeps.Name) }

func (s *Stage) store(name string) Kept {
	for _, k := range s.Stores {
		if k.Name == name {
			return k
		}
	}
	return Kept{}
}

// listStores finds the stores of the stage and numbers them from the end to the inputs; Adopt gives those that were there
// before the numbers that they had.
func (s *Stage) listStores() error {
	var failed error
	var down func(n plan.Node)
	down = func(n plan.Node) {
		if k := s.stepOf(n).keeps; k.Name != "" {
			if s.store(k.Name).Name != "" {
				failed = fmt.Errorf("task: two stores of stage %d are named %s", s.Index, k.Name)
			}
			k.Number = len(s.Stores)
			s.Stores = append(s.Stores, k)
		}
		for _, in := range n.Inputs() {
			if !IsRepartition(in) {
				down(in)
			}
		}
	}
	down(s.End)
	if s.Ordered() {
		for i, in := range s.Inputs {
			if s.mixed(in) {
				k := laneStore(i)
				k.Number = len(s.Stores)
				s.Stores = append(s.Stores, k)
			}
		}
	}
	return failed
}

// Layout describes the state of the query.
func (t *Topology) Layout() Layout {
	var out Layout
	for _, s := range t.Stages {
		if end, ok := s.End.(*plan.Repartition); ok {
			out = append(out, LayoutPart{Name: s.part("repartition " + end.Step), Columns: columnTexts(end.Layout())})
		}
		for _, k := range s.Stores {
			out = append(out, LayoutPart{Name: s.part(k.Name), Columns: k.Columns, Grows: k.Grows, Store: k.Number + 1, Version: k.Version, Partial: k.Partial, joins: k.Joins})
		}
	}
	return out
}

// part is the name of a store or topic of the stage in a Layout.
func (s *Stage) part(name string) string { return fmt.Sprintf("%d/%s", s.Index, name) }

// Adopt makes the query go on with state that was written with a layout, or says why it can't. Its stores keep their numbers.
func (t *Topology) Adopt(before Layout) error {
	if err := t.Layout().Reads(before); err != nil {
		return err
	}
	for _, s := range t.Stages {
		next := 0
		var added []int
		for i := range s.Stores {
			was, ok := before.part(s.part(s.Stores[i].Name))
			switch {
			case !ok:
				added = append(added, i)
				continue
			case was.Store > 0:
				s.Stores[i].Number = was.Store - 1
			default: // from before numbers were noted: stores were numbered in this order
				s.Stores[i].Number = next
			}
			s.Stores[i].Partial = was.Partial
			next = max(next, s.Stores[i].Number+1)
		}
		for _, i := range added {
			s.Stores[i].Number, s.Stores[i].Partial = next, len(before) > 0
			next++
		}
	}
	return nil
}

func (l Layout) part(name string) (LayoutPart, bool) {
	i := slices.IndexFunc(l, func(p LayoutPart) bool { return p.Name == name })
	if i < 0 {
		return LayoutPart{}, false
	}
	return l[i], true
}

// grouped is what an aggregation keeps; how tells of a layout of its own.
func grouped(g *plan.Grouping, how string) Kept {
	name := "aggregate " + g.Step
	if g.Window != nil {
		name += fmt.Sprintf(" %v", *g.Window)
	}
	k := Kept{Name: name + how, Columns: columnTexts(g.Slots)}
	for _, a := range g.Aggs {
		k.Version = max(k.Version, a.Bound.Version)
	}
	return k
}

// joinedBy is what a join by key keeps.
func joinedBy(n plan.Node) Kept {
	j := plan.KeyJoinOf(n)
	return rowsOf(j.Kind.String()+" join "+j.Step, n)
}

// rowsOf is what a step keeps that is made of the rows of its inputs.
func rowsOf(name string, n plan.Node) Kept {
	var columns []string
	for _, in := range n.Inputs() {
		columns = append(columns, columnTexts(in.Layout())...)
	}
	return Kept{Name: name, Columns: append(columns, columnTexts(n.Layout())...)}
}

func columnTexts(l plan.Layout) []string {
	out := make([]string, len(l))
	for i, s := range l {
		out[i] = s.Name + " " + s.Type.String()
	}
	return out
}

// Reads says whether a plan with this layout can go on with what one with the layout before has written; otherwise the
// error says what is different. Rows may have got more columns where they grow.
func (l Layout) Reads(before Layout) error {
	for _, was := range before {
		is, ok := l.part(was.Name)
		if !ok {
			return fmt.Errorf("%s is there no more", was.Name)
		}
		if is.Version != was.Version {
			return fmt.Errorf("%s was written in version %d of its entries, and would be read in version %d", was.Name, was.Version, is.Version)
		}
		same := slices.Equal(is.Columns, was.Columns)
		if grown := is.Grows && len(is.Columns) > len(was.Columns) && slices.Equal(is.Columns[:len(was.Columns)], was.Columns); !same && !grown {
			return fmt.Errorf("%s had the columns [%s] and would have [%s]", was.Name, strings.Join(was.Columns, ", "), strings.Join(is.Columns, ", "))
		}
	}
	for _, is := range l {
		if _, ok := before.part(is.Name); !ok && len(before) > 0 && is.Store > 0 && !is.joins {
			return fmt.Errorf("%s is new, and would lack what was read before", is.Name)
		}
	}
	return nil
}
