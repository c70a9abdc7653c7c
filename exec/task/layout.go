package task

import (
	"fmt"
	"slices"
	"strings"

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
}

// Kept describes what a step keeps.
type Kept struct {
	Name    string // within the stage
	Columns []string
	Grows   bool // as in LayoutPart
}

// Layout describes the state of the query.
func (t *Topology) Layout() Layout {
	var out Layout
	for _, s := range t.Stages {
		if end, ok := s.End.(*plan.Repartition); ok {
			out = append(out, LayoutPart{Name: fmt.Sprintf("%d/repartition %s", s.Index, end.Step), Columns: columnTexts(end.Layout())})
		}
		for _, k := range s.kept() {
			out = append(out, LayoutPart{Name: fmt.Sprintf("%d/%s", s.Index, k.Name), Columns: k.Columns, Grows: k.Grows})
		}
	}
	return out
}

// kept are the stores of a stage, from the end to the inputs.
func (s *Stage) kept() []Kept {
	var out []Kept
	var down func(n plan.Node)
	down = func(n plan.Node) {
		if k := s.stepOf(n).keeps; k.Name != "" {
			out = append(out, k)
		}
		for _, in := range n.Inputs() {
			if !IsRepartition(in) {
				down(in)
			}
		}
	}
	down(s.End)
	return out
}

// grouped is what an aggregation keeps; how tells of a layout of its own.
func grouped(g *plan.Grouping, how string) Kept {
	name := "aggregate " + g.Step
	if g.Window != nil {
		name += fmt.Sprintf(" %v", *g.Window)
	}
	return Kept{Name: name + how, Columns: columnTexts(g.Slots)}
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
// error says what is different. Stores may be new, and rows may have got more columns where they grow.
func (l Layout) Reads(before Layout) error {
	for _, was := range before {
		i := slices.IndexFunc(l, func(p LayoutPart) bool { return p.Name == was.Name })
		if i < 0 {
			return fmt.Errorf("%s is there no more", was.Name)
		}
		is := l[i]
		same := slices.Equal(is.Columns, was.Columns)
		if grown := is.Grows && len(is.Columns) > len(was.Columns) && slices.Equal(is.Columns[:len(was.Columns)], was.Columns); !same && !grown {
			return fmt.Errorf("%s had the columns [%s] and would have [%s]", was.Name, strings.Join(was.Columns, ", "), strings.Join(is.Columns, ", "))
		}
	}
	return nil
}
