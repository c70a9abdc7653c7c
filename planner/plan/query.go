package plan

import (
	"weir/catalog"
	"weir/types"
)

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
	Root   Node    // *Sink or *Result; nil for a pull query over a table, and for one that reads nothing
	Lookup *Lookup // of a pull query over a table
	Row    []Expr  // of a query that reads nothing
	// IdleClose is after how many milliseconds without a record the stream time of a persistent query goes on with the
	// clock; 0 for never.
	IdleClose int64
	// Columns are what a client sees, in order; keys are marked in pull queries.
	Columns types.Schema
}

// Target is the stream or table that a query writes; nil for one that goes to a client, and for one that keeps the rows of a SOURCE TABLE.
func (q *Query) Target() *catalog.Source {
	if q == nil {
		return nil
	}
	if s, ok := q.Root.(*Sink); ok {
		return s.Target
	}
	return nil
}

// Values is an INSERT INTO ... VALUES: an expression for each column of the target, nil where none was given.
type Values struct {
	Target  *catalog.Source
	Exprs   []Expr
	RowTime Expr // nil where the statement does not say
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

// RowByRow says that the query makes of each row one row, or none.
func (q *Query) RowByRow() bool {
	return q.Root != nil && Walk(q.Root, func(n Node) bool {
		switch n := n.(type) {
		case *Scan:
			return !n.Materialize
		case *Filter, *Project, *Result:
			return true
		default: // about these alone
		}
		return false
	})
}
