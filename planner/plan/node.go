package plan

import (
	"weir/catalog"
	"weir/functions"
	"weir/parser/ast"
	"weir/types"
)

// Node is a step of a query. Rows flow from the leaves to the root. The set is closed.
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
	}

	// Aggregate groups rows of one partition: the group's columns, then the aggregates, then window bounds where windowed.
	Aggregate struct {
		In     Node
		Step   string
		Group  []Expr
		Window *Window // nil where not windowed
		Aggs   []Agg
		Final  bool // EMIT FINAL
		Late   *Late
		Slots  Layout
	}

	// Late is the stream of the rows that come too late for a window: Slots of the rows that are grouped, then the bounds of
	// the window missed and the stream time, are the rows that the Sink writes. The Sink has no step before it.
	Late struct {
		Slots []int
		Sink  *Sink
	}

	// Join joins rows of two inputs that have one key, which lie in partitions of one number. Its rows are the left's columns,
	// the right's, and the key's: the left side's where there is one, else the right's.
	Join struct {
		Left, Right Node
		Step        string
		Kind        JoinKind
		// LeftKey and RightKey are of the same types, each over the rows of its side.
		LeftKey, RightKey []Expr
		Within            *Within // of two streams; nil otherwise
		// Windowed is the window of the rows' keys, whose start, and end of a session, are the last parts of the keys.
		Windowed *catalog.Windowed
		// Retention is set where the left side's rows are windowed and the right side's are not, whose keys then lack the window:
		// for how long, in milliseconds of the left side's stream time from a window's start, or a session's end, a change of the
		// right side still changes the window's joined row.
		Retention int64
		// Match is what two rows of one key must fulfil to match, over the left's columns and the right's; nil for nothing.
		Match Expr
		// Headers are the slots of each side's record headers, -1 for none. Where a side has them, those of the row that made a
		// joined row are its last column.
		Headers [2]int
		Slots   Layout
	}

	// Subscribe sends the rows of a table to where the rows lie that its foreign key names. Behind the table's columns come the
	// foreign key, whether it is known (for a part that is NULL, a value of its type stands), a version that grows from row to
	// row, and a Subscription.
	Subscribe struct {
		In      Node
		Foreign []Expr
		Slots   Layout
	}

	// ForeignLookup answers subscriptions with the rows of the right table that they name, and again when such a row changes.
	// Its rows are the left table's columns, of which there are Width, the right's, the version of the subscription, and an Answer.
	ForeignLookup struct {
		Left, Right Node
		LeftKey     []Expr // the left table's primary key
		RightKey    []Expr
		Width       int
		Match       Expr // as of a Join
		Slots       Layout
	}

	// Resolve makes the joined table of the answers, which may have overtaken each other: the left table's columns, the
	// right's, and the left's primary key.
	Resolve struct {
		In    Node
		Kind  JoinKind // InnerJoin or LeftJoin
		Key   []Expr
		Slots Layout
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

// Agg is one aggregate of an Aggregate.
type Agg struct {
	Name  string
	Bound *functions.BoundAggregate
	Args  []Expr
}

// Window is a window definition; times in milliseconds.
type Window struct {
	Kind      ast.WindowKind
	Size      int64 // of a session: the gap of inactivity that ends it
	Advance   int64 // of a hopping window; equal to Size for a tumbling one
	Grace     int64
	Retention int64
}

// Panes says whether the rows of a hopping window are kept in panes, pieces of time that windows are made of when they
// close, rather than window by window. Only final results, of aggregates that merge exactly, are made of panes.
func (n *Aggregate) Panes() bool {
	w := n.Window
	if !n.Final || w == nil || w.Advance == 0 || w.Advance >= w.Size {
		return false
	}
	for _, a := range n.Aggs {
		if !a.Bound.Exact {
			return false
		}
	}
	return true
}

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

// JoinKind says which rows without a match a join keeps.
type JoinKind uint8

// The kinds of joins.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
)

func (k JoinKind) String() string { return [...]string{"inner", "left", "right", "full"}[k] }

// Within is how far apart the rows of two streams may lie: a right row matches from Before ahead of the left row to After
// behind it. Times are in milliseconds.
type Within struct {
	Before, After int64
	Grace         int64
	// Given says that the statement names the grace period: then a row without a match waits until its window has closed,
	// and goes out once. Without it, it goes out at once, and again when a match comes.
	Given bool
}

// Subscription is what a Subscribe says about a row of the left table.
type Subscription int32

// The subscriptions: Subscribed from now on, Moved on to another foreign key, Deleted.
const (
	Subscribed Subscription = iota
	Moved
	Deleted
)

// Answer is what a ForeignLookup says about a row of the left table.
type Answer int32

// The answers: there is a right row, there is none, or the left row is gone.
const (
	Found Answer = iota
	Missing
	Gone
)

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
}

// WindowOf is the window of the aggregation that the rows come from; nil without one.
func WindowOf(n Node) *Window {
	var w *Window
	Walk(n, func(n Node) bool {
		if a, ok := n.(*Aggregate); ok {
			w = a.Window
			return false
		}
		return true
	})
	return w
}

// Windowed is the window of the keys that the rows carry, or nil.
func Windowed(n Node) *catalog.Windowed {
	for n != nil {
		switch n := n.(type) {
		case *Aggregate:
			if n.Window == nil {
				return nil
			}
			switch n.Window.Kind {
			case ast.SessionWindow:
				return &catalog.Windowed{Kind: catalog.Session}
			case ast.HoppingWindow:
				return &catalog.Windowed{Kind: catalog.Hopping, Size: n.Window.Size}
			case ast.TumblingWindow:
				return &catalog.Windowed{Kind: catalog.Tumbling, Size: n.Window.Size}
			}
		case *Scan:
			return n.Source.Windowed
		case *Join:
			return n.Windowed
		case *Top:
			if all, ok := n.In.(*Repartition); ok { // the rows carry the bounds in columns
				return Windowed(all.In)
			}
		case *Repartition:
			return nil
		}
		n = n.Inputs()[0]
	}
	return nil
}

func (n *Scan) Layout() Layout          { return n.Slots }
func (n *Filter) Layout() Layout        { return n.In.Layout() }
func (n *Project) Layout() Layout       { return n.Slots }
func (n *Explode) Layout() Layout       { return n.Slots }
func (n *Repartition) Layout() Layout   { return n.In.Layout() }
func (n *Aggregate) Layout() Layout     { return n.Slots }
func (n *Join) Layout() Layout          { return n.Slots }
func (n *Subscribe) Layout() Layout     { return n.Slots }
func (n *ForeignLookup) Layout() Layout { return n.Slots }
func (n *Resolve) Layout() Layout       { return n.Slots }
func (n *Top) Layout() Layout           { return n.In.Layout() }
func (n *Sink) Layout() Layout          { return n.In.Layout() }
func (n *Result) Layout() Layout        { return n.In.Layout() }

func (n *Scan) Table() bool          { return n.Source.IsTable }
func (n *Filter) Table() bool        { return n.In.Table() }
func (n *Project) Table() bool       { return n.In.Table() }
func (n *Explode) Table() bool       { return false }
func (n *Repartition) Table() bool   { return n.In.Table() }
func (n *Aggregate) Table() bool     { return true }
func (n *Join) Table() bool          { return n.Left.Table() && n.Right.Table() }
func (n *Subscribe) Table() bool     { return false }
func (n *ForeignLookup) Table() bool { return false }
func (n *Resolve) Table() bool       { return true }
func (n *Top) Table() bool           { return true }
func (n *Sink) Table() bool          { return n.In.Table() }
func (n *Result) Table() bool        { return n.In.Table() }

func (n *Scan) Inputs() []Node          { return nil }
func (n *Filter) Inputs() []Node        { return []Node{n.In} }
func (n *Project) Inputs() []Node       { return []Node{n.In} }
func (n *Explode) Inputs() []Node       { return []Node{n.In} }
func (n *Repartition) Inputs() []Node   { return []Node{n.In} }
func (n *Aggregate) Inputs() []Node     { return []Node{n.In} }
func (n *Join) Inputs() []Node          { return []Node{n.Left, n.Right} }
func (n *Subscribe) Inputs() []Node     { return []Node{n.In} }
func (n *ForeignLookup) Inputs() []Node { return []Node{n.Left, n.Right} }
func (n *Resolve) Inputs() []Node       { return []Node{n.In} }
func (n *Top) Inputs() []Node           { return []Node{n.In} }
func (n *Sink) Inputs() []Node          { return []Node{n.In} }
func (n *Result) Inputs() []Node        { return []Node{n.In} }

func (*Scan) node()          {}
func (*Filter) node()        {}
func (*Project) node()       {}
func (*Explode) node()       {}
func (*Repartition) node()   {}
func (*Aggregate) node()     {}
func (*Join) node()          {}
func (*Subscribe) node()     {}
func (*ForeignLookup) node() {}
func (*Resolve) node()       {}
func (*Top) node()           {}
func (*Sink) node()          {}
func (*Result) node()        {}

// QueryKind tells persistent queries from those that a client waits for.
type QueryKind uint8

// The kinds of queries.
const (
	Persistent QueryKind = iota
	Push
	Pull
)

// Query is a query ready to run.
type Query struct {
	ID     string // of a persistent query
	Kind   QueryKind
	SQL    string
	Root   Node    // *Sink or *Result; nil for a pull query
	Lookup *Lookup // of a pull query over a table
	// IdleClose is after how many milliseconds without a record the stream time of a persistent query goes on with the
	// clock; 0 for never.
	IdleClose int64
	// Columns are what a client sees, in order; keys are marked in pull queries.
	Columns types.Schema
}

// Lookup is a pull query over a materialized table.
type Lookup struct {
	Table *catalog.Source
	// Slots are all columns of the table, then WINDOWSTART and WINDOWEND where it is windowed: the row that Where and
	// Exprs see.
	Slots Layout
	// Keys are the whole keys that Where admits; nil for any key.
	Keys [][]types.Value
	// From and To bound WINDOWSTART, both included.
	From, To int64
	Where    Expr // nil for all
	// Steps lead from these rows to those that Exprs see, the last one first: a GROUP BY, for which the rows are a bounded stream.
	Steps []Node
	// Exprs are the Shown columns of the answer, and behind them what it is ordered by and does not show.
	Exprs []Expr
	Shown int
	Order []Order
	Limit int64 // -1 for none
}

// Order is one item of an ORDER BY. NULLs come last in either direction.
type Order struct {
	Column int // of Exprs
	Desc   bool
}
