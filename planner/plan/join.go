package plan

import "weir/catalog"

// KeyJoin is what the joins of two inputs that have one key, and lie in partitions of one number, have in common. Their rows
// are the left's columns, the right's, and the key's: the left side's where there is one, else the right's.
type KeyJoin struct {
	Left, Right Node
	Step        string
	Kind        JoinKind
	// LeftKey and RightKey are of the same types, each over the rows of its side.
	LeftKey, RightKey []Expr
	// Windowed is the window of the rows' keys, whose start, and end of a session, are the last parts of the keys.
	Windowed *catalog.Windowed
	// Match is what two rows of one key must fulfil to match, over the left's columns and the right's; nil for nothing.
	Match Expr
	// Headers are the slots of each side's record headers, -1 for none. Where a side has them, those of the row that made a
	// joined row are its last column.
	Headers [2]int
	Slots   Layout
}

// StreamJoin joins the rows of two streams that lie near each other in time.
type StreamJoin struct {
	KeyJoin
	Within Within
	// Gather makes one row of each left row, when no match can come any more, instead of one of each pair. Nil for pairs.
	Gather *Gather
}

// Gather is the aggregates over the right rows that match a left row, whose arguments are over the left's columns and the right's. The
// rows are the left's columns, the key's, and the aggregates.
type Gather struct {
	Aggs []Agg
	// Slides says that the aggregates of one left row can be had from those of the one before: they speak of right rows alone, each of
	// which can be taken back exactly.
	Slides bool
}

// TableJoin joins two tables.
type TableJoin struct{ KeyJoin }

// LookupJoin joins the rows of a stream with those that a table has at the time.
type LookupJoin struct{ KeyJoin }

// WindowedJoin joins a windowed table with one that is not, whose key lacks the window.
type WindowedJoin struct {
	KeyJoin
	// Retention is for how long, in milliseconds of the left side's stream time from a window's start, or a session's end, a
	// change of the right side still changes the window's joined row.
	Retention int64
}

// KeyJoinOf is what a join by key has in common with others; nil for other nodes.
func KeyJoinOf(n Node) *KeyJoin {
	switch n := n.(type) {
	case *StreamJoin:
		return &n.KeyJoin
	case *TableJoin:
		return &n.KeyJoin
	case *LookupJoin:
		return &n.KeyJoin
	case *WindowedJoin:
		return &n.KeyJoin
	default:
		return nil
	}
}

// Layout is the columns of joined rows.
func (j *KeyJoin) Layout() Layout { return j.Slots }

// Inputs are the two sides.
func (j *KeyJoin) Inputs() []Node { return []Node{j.Left, j.Right} }

// Table is false: pairs of rows are rows of a stream.
func (*StreamJoin) Table() bool { return false }

// Table is true: the joined row changes with either side.
func (*TableJoin) Table() bool { return true }

// Table is false: a change of the table makes no row.
func (*LookupJoin) Table() bool { return false }

// Table is true: a window's joined row changes with either side.
func (*WindowedJoin) Table() bool { return true }

func (*StreamJoin) node()   {}
func (*TableJoin) node()    {}
func (*LookupJoin) node()   {}
func (*WindowedJoin) node() {}

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
