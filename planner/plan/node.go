package plan

import (
	"weir/catalog"
	"weir/types"
)

// Node is a step of a query. Rows flow from the leaves to the root. The set is closed.
//
//sumtype:decl
type Node interface {
	// Layout is the columns of the rows that leave the step.
	Layout() Layout
	// Table says that the rows are changes of a table.
	Table() bool
	// Inputs are the steps before, a join's left one first; none for a Scan.
	Inputs() []Node
	node()
}

// Layout names the slots of a row.
type Layout []Slot

// Slot is one position of a row.
type Slot struct {
	Name string
	Type *types.Type
}

// ScanKind says where a scanned column comes from.
type ScanKind uint8

// The kinds of scanned columns: a column of the source (key, value or header), or a pseudo column.
const (
	ScanColumn ScanKind = iota
	ScanRowTime
	ScanRowPartition
	ScanRowOffset
	ScanWindowStart
	ScanWindowEnd
	ScanHeaders // all headers of the record, to be passed on
)

// ScanCol is one slot that a Scan fills. Column is the position in the source's schema, for ScanColumn.
type ScanCol struct {
	Kind   ScanKind
	Column int
}

type (
	// Scan reads a stream or table from its topic; only the columns in use are decoded.
	Scan struct {
		Source *catalog.Source
		Alias  string
		Cols   []ScanCol
		// Materialize keeps the rows of a table, so that changes carry the row before.
		Materialize bool
		// Time is the event time where a column holds it: a BIGINT or TIMESTAMP; nil for the record's own.
		Time  Expr
		Slots Layout
	}

	// Filter passes rows for which Cond is true; from a table, a row that stops matching leaves as a delete.
	Filter struct {
		In     Node
		Cond   Expr
		Having bool // for EXPLAIN
	}

	// Project computes new rows.
	Project struct {
		In    Node
		Exprs []Expr
		Slots Layout
	}

	// Explode calls table functions and passes one row per item; the shorter results are padded with NULL. The results
	// take the slots behind those of the input.
	Explode struct {
		In    Node
		Calls []*Call
		Slots Layout
	}

	// Repartition moves rows to the partition of a key, through a topic of its own. Rows keep their layout.
	Repartition struct {
		In   Node
		Step string // names the topic
		Key  []Expr
		// Columns are the key's columns, encoded with Serde, so that the topic is partitioned as others that have this key.
		Columns types.Schema
		Serde   catalog.Serde
		// SkipNull drops rows whose key is null, in part or whole, and reports them.
		SkipNull bool
		// Combine is the grouping behind it, where what rows of a group come to between two commits can be sent in their place; else nil.
		Combine *Grouping
	}

	// Top keeps the rows of a table that come first in an order, in each window; rows that are equal in it are in the order of
	// their keys. Rows keep their layout.
	Top struct {
		In     Node
		Step   string
		Key    []Expr
		Order  []TopOrder
		Limit  int64
		Window *TopWindow // nil where the rows are not windowed
	}

	// Sink writes rows to a topic: KeySlots and ValueSlots in the order of the target's columns.
	Sink struct {
		In         Node
		Target     *catalog.Source
		KeySlots   []int
		ValueSlots []int
		TimeSlot   int // slot of the event time; -1 for the row's own
		// HeaderSlot has the headers that the record takes over from its source; -1 for none.
		HeaderSlot int
		// Rekeyed says that PARTITION BY computed the key: of several columns, NULLs make a key of NULLs.
		Rekeyed bool
		// Materialize keeps the rows for pull queries; false where an aggregate below holds them already.
		Materialize bool
		// Retention is for how long windows are kept then, from their start, or a session's end, in milliseconds of stream time.
		Retention int64
	}

	// Result hands rows to a client: the columns of a push query.
	Result struct {
		In    Node
		Limit int64 // rows; -1 for no limit
	}
)

// Walk calls f for a node and all that it is made from, until f says false.
func Walk(n Node, f func(Node) bool) bool {
	if !f(n) {
		return false
	}
	for _, in := range n.Inputs() {
		if !Walk(in, f) {
			return false
		}
	}
	return true
}

// TopOrder is one item of a Top's order. NULLs come last in either direction.
type TopOrder struct {
	Expr Expr
	Desc bool
}

// TopWindow says in which slots the bounds of a row's window are, and for how long after its end, in milliseconds of stream
// time, a window may still change.
type TopWindow struct {
	Start, End int
	Keep       int64
	// Final is EMIT FINAL: rows come when their window has closed, and the list goes out once, when all of them have come. Until then the
	// time before which nothing comes any more is so many milliseconds behind the one to which windows are closed.
	Final  bool
	Behind int64
}

// Final says whether lists go out once.
func (n *Top) Final() bool { return n.Window != nil && n.Window.Final }

// Windowed is the window of the keys that the rows carry, or nil.
func Windowed(n Node) *catalog.Windowed {
	if g := GroupingOf(n); g != nil {
		return g.Keys()
	}
	if j := KeyJoinOf(n); j != nil {
		return j.Windowed
	}
	switch n := n.(type) {
	case *Scan:
		return n.Source.Windowed
	case *Top:
		if all, ok := n.In.(*Repartition); ok { // the rows carry the bounds in columns
			return Windowed(all.In)
		}
	case *Repartition:
		return nil
	default: // passes keys on
	}
	return Windowed(n.Inputs()[0])
}

// Passing says whether a step does with each row by itself what it does: those may change while the rows before are kept.
func Passing(n Node) bool {
	switch n.(type) {
	case *Filter, *Project, *Explode:
		return true
	default:
		return false
	}
}

func (n *Scan) Layout() Layout        { return n.Slots }
func (n *Filter) Layout() Layout      { return n.In.Layout() }
func (n *Project) Layout() Layout     { return n.Slots }
func (n *Explode) Layout() Layout     { return n.Slots }
func (n *Repartition) Layout() Layout { return n.In.Layout() }
func (n *Top) Layout() Layout         { return n.In.Layout() }
func (n *Sink) Layout() Layout        { return n.In.Layout() }
func (n *Result) Layout() Layout      { return n.In.Layout() }

func (n *Scan) Table() bool        { return n.Source.IsTable }
func (n *Filter) Table() bool      { return n.In.Table() }
func (n *Project) Table() bool     { return n.In.Table() }
func (n *Explode) Table() bool     { return false }
func (n *Repartition) Table() bool { return n.In.Table() }
func (n *Top) Table() bool         { return true }
func (n *Sink) Table() bool        { return n.In.Table() }
func (n *Result) Table() bool      { return n.In.Table() }

func (n *Scan) Inputs() []Node        { return nil }
func (n *Filter) Inputs() []Node      { return []Node{n.In} }
func (n *Project) Inputs() []Node     { return []Node{n.In} }
func (n *Explode) Inputs() []Node     { return []Node{n.In} }
func (n *Repartition) Inputs() []Node { return []Node{n.In} }
func (n *Top) Inputs() []Node         { return []Node{n.In} }
func (n *Sink) Inputs() []Node        { return []Node{n.In} }
func (n *Result) Inputs() []Node      { return []Node{n.In} }

func (*Scan) node()        {}
func (*Filter) node()      {}
func (*Project) node()     {}
func (*Explode) node()     {}
func (*Repartition) node() {}
func (*Top) node()         {}
func (*Sink) node()        {}
func (*Result) node()      {}
