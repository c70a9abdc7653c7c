package plan

import (
	"weir/catalog"
	"weir/functions"
	"weir/parser/ast"
)

// Grouping is what the aggregations have in common. They group rows of one partition: the group's columns, then the
// aggregates, then window bounds where windowed.
type Grouping struct {
	In     Node
	Step   string
	Group  []Expr
	Window *Window // nil where not windowed
	Aggs   []Agg
	Final  bool // EMIT FINAL
	Late   *Late
	Slots  Layout
}

// Aggregate groups rows without windows, or keeps each tumbling or hopping window by itself.
type Aggregate struct{ Grouping }

// SessionAggregate groups rows in session windows.
type SessionAggregate struct{ Grouping }

// PaneAggregate groups rows in hopping windows of which only the final results are wanted. It keeps panes, pieces of time
// of which windows are made when they close.
type PaneAggregate struct{ Grouping }

// GroupingOf is the grouping of an aggregation; nil for other nodes.
func GroupingOf(n Node) *Grouping {
	switch n := n.(type) {
	case *Aggregate:
		return &n.Grouping
	case *SessionAggregate:
		return &n.Grouping
	case *PaneAggregate:
		return &n.Grouping
	default:
		return nil
	}
}

// Layout is the columns of the groups.
func (g *Grouping) Layout() Layout { return g.Slots }

// Table is true: groups change.
func (g *Grouping) Table() bool { return true }

// Inputs is the step whose rows are grouped.
func (g *Grouping) Inputs() []Node { return []Node{g.In} }

func (*Aggregate) node()        {}
func (*SessionAggregate) node() {}
func (*PaneAggregate) node()    {}

// Late is the stream of the rows that come too late for a window: Slots of the rows that are grouped, then the bounds of
// the window missed and the stream time, are the rows that the Sink writes. The Sink has no step before it.
type Late struct {
	Slots []int
	Sink  *Sink
}

// Agg is one aggregate of a Grouping.
type Agg struct {
	Name  string
	Bound *functions.BoundAggregate
	Args  []Expr
	// Deferred are the arguments that the state computes itself, in the order of those of Bound.
	Deferred []*Lambda
}

// Window is a window definition; times in milliseconds.
type Window struct {
	Kind      ast.WindowKind
	Size      int64 // of a session: the gap of inactivity that ends it
	Advance   int64 // of a hopping window; equal to Size for a tumbling one
	Grace     int64
	Retention int64
}

// Keys is the window of the groups' keys; nil without windows.
func (g *Grouping) Keys() *catalog.Windowed {
	if g.Window == nil {
		return nil
	}
	switch g.Window.Kind {
	case ast.SessionWindow:
		return &catalog.Windowed{Kind: catalog.Session}
	case ast.HoppingWindow:
		return &catalog.Windowed{Kind: catalog.Hopping, Size: g.Window.Size}
	default:
		return &catalog.Windowed{Kind: catalog.Tumbling, Size: g.Window.Size}
	}
}

// WindowOf is the window of the aggregation that the rows come from; nil without one.
func WindowOf(n Node) *Window {
	var w *Window
	Walk(n, func(n Node) bool {
		if g := GroupingOf(n); g != nil {
			w = g.Window
			return false
		}
		return true
	})
	return w
}
