package ast

// Query is a SELECT. It is a statement of its own, and part of CREATE ... AS and INSERT INTO.
type Query struct {
	At
	Select      []SelectItem
	From        Source    // nil for a query that reads nothing
	Window      *Window   // nil if absent
	Where       Expr      // nil if absent
	GroupBy     *ExprList // nil if absent; GROUP BY () has no items
	PartitionBy *ExprList // nil if absent; PARTITION BY () has no items
	Having      Expr      // nil if absent
	OrderBy     []OrderItem
	Emit        *Emit  // nil if absent: a pull query, or the default of a persistent one
	Limit       *Limit // nil if absent
}

// OrderItem is one item of an ORDER BY.
type OrderItem struct {
	At
	X    Expr
	Desc bool
}

// SelectItem is one item of a SELECT list.
//
//sumtype:decl
type SelectItem interface {
	Node
	selectItem()
}

// ExprItem is an expression with or without an alias.
type ExprItem struct {
	At
	X     Expr
	Alias Ident // no Name if absent
}

// AllItem is *, or q.*.
type AllItem struct {
	At
	Qualifier string // empty for a bare *
}

// StructAllItem is x->*: every field of a struct as a column.
type StructAllItem struct {
	At
	X Expr
}

func (*ExprItem) selectItem()      {}
func (*AllItem) selectItem()       {}
func (*StructAllItem) selectItem() {}

// ExprList is the list of a GROUP BY or PARTITION BY; At is the place of its first keyword.
type ExprList struct {
	At
	Items []Expr
}

// Source is what stands in FROM.
//
//sumtype:decl
type Source interface {
	Node
	source()
}

// Table is a stream or table by name.
type Table struct {
	At
	Name  string
	Alias Ident // no Name if absent
}

// JoinKind says which rows without a partner a join keeps.
type JoinKind uint8

// The kinds of joins.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
)

var joinText = [...]string{InnerJoin: "JOIN", LeftJoin: "LEFT JOIN", RightJoin: "RIGHT JOIN", FullJoin: "FULL JOIN"}

func (k JoinKind) String() string { return joinText[k] }

// Join is Left JOIN Right; At is the place of its first keyword. Several joins lean to the left.
type Join struct {
	At
	Kind   JoinKind
	Left   Source
	Right  Source
	Within *Within // nil if absent
	On     Expr
}

func (*Table) source() {}
func (*Join) source()  {}

// Within bounds the time between the rows of a stream-stream join: a right row may be up to Before earlier and up to
// After later than the left one. Grace is nil if it was not given.
type Within struct {
	At
	Before, After Duration
	Grace         *Duration
}

// WindowKind is the shape of a window.
type WindowKind uint8

// The kinds of windows.
const (
	TumblingWindow WindowKind = iota
	HoppingWindow
	SessionWindow
)

var windowText = [...]string{TumblingWindow: "TUMBLING", HoppingWindow: "HOPPING", SessionWindow: "SESSION"}

func (k WindowKind) String() string { return windowText[k] }

// Window is the WINDOW clause; At is the place of WINDOW.
type Window struct {
	At
	Kind      WindowKind
	Name      string    // empty if absent
	Size      *Duration // of tumbling and hopping windows
	Advance   *Duration // of hopping windows
	Gap       *Duration // of session windows
	Retention *Duration // nil if absent
	Grace     *Duration // nil if absent
}

// EmitKind says when a query answers.
type EmitKind uint8

// The kinds of EMIT.
const (
	EmitChanges EmitKind = iota
	EmitFinal
)

var emitText = [...]string{EmitChanges: "CHANGES", EmitFinal: "FINAL"}

func (k EmitKind) String() string { return emitText[k] }

// Emit is EMIT CHANGES, or EMIT FINAL.
type Emit struct {
	At
	Kind EmitKind
}

// Limit is LIMIT N. N may be below zero; whether that has a meaning is not the parser's to say.
type Limit struct {
	At
	N int64
}
