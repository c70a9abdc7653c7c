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

// Layout describes the state of the query.
func (t *Topology) Layout() Layout {
	var out Layout
	for _, s := range t.Stages {
		out = append(out, s.layout()...)
	}
	return out
}

func (s *Stage) layout() Layout {
	var out Layout
	add := func(name string, grows bool, columns []string) {
		out = append(out, LayoutPart{fmt.Sprintf("%d/%s", s.Index, name), columns, grows})
	}
	switch end := s.End.(type) {
	case *plan.Repartition:
		add("repartition "+end.Step, false, columnTexts(end.Layout()))
	case *plan.Sink:
		if end.Materialize {
			add("table", true, columnTexts(end.Layout()))
		}
	}
	for _, n := range s.Steps() {
		switch n := n.(type) {
		case *plan.Aggregate:
			name := "aggregate " + n.Step
			if n.Window != nil {
				name += fmt.Sprintf(" %v", *n.Window)
			}
			if n.Panes() {
				name += " in panes"
			}
			add(name, false, columnTexts(n.Slots))
		default:
			if !keepsState(n) {
				continue
			}
			var columns []string
			for _, in := range n.Inputs() {
				columns = append(columns, columnTexts(in.Layout())...)
			}
			add(stepText(n), false, append(columns, columnTexts(n.Layout())...))
		}
	}
	for _, in := range s.Inputs {
		if scan, ok := in.(*plan.Scan); ok && scan.Materialize {
			add("rows of "+scan.Source.Name, true, columnTexts(scan.Slots))
		}
	}
	return out
}

// stepText tells a step from others of its stage, whose state would be laid out otherwise.
func stepText(n plan.Node) string {
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", n), "*plan."))
	if j, ok := n.(*plan.Join); ok {
		name = j.Kind.String() + " " + name + " " + j.Step
	}
	return name
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
