package ast

// Expr is an expression. Brackets of the source are not kept; Format puts back those that are needed.
//
//sumtype:decl
type Expr interface {
	Node
	expr()
}

// ColumnRef names a column, a lambda's parameter, or a pseudo column. Qualifier is a source's name or alias, or empty.
type ColumnRef struct {
	At
	Qualifier string
	Name      string
}

// UnaryOp is a sign.
type UnaryOp uint8

// The unary operators.
const (
	Neg UnaryOp = iota
	Plus
)

// Unary is a sign before a value. A minus directly before a number belongs to the literal instead.
type Unary struct {
	At
	Op UnaryOp
	X  Expr
}

// BinaryOp is an operator on values.
type BinaryOp uint8

// The binary operators.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	Mod
	Concat
)

// Binary is arithmetic, or || (Concat).
type Binary struct {
	At
	Op   BinaryOp
	L, R Expr
}

// CompareOp compares two values.
type CompareOp uint8

// The comparison operators. IsDistinct and IsNotDistinct treat NULL as a value.
const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
	IsDistinct
	IsNotDistinct
)

// Comparison is L op R.
type Comparison struct {
	At
	Op   CompareOp
	L, R Expr
}

// LogicalOp joins two conditions.
type LogicalOp uint8

// The logical operators.
const (
	And LogicalOp = iota
	Or
)

// Logical is L AND R, or L OR R.
type Logical struct {
	At
	Op   LogicalOp
	L, R Expr
}

// Not is NOT X.
type Not struct {
	At
	X Expr
}

// IsNull is X IS [NOT] NULL.
type IsNull struct {
	At
	X   Expr
	Not bool
}

// Between is X [NOT] BETWEEN Low AND High, both ends included.
type Between struct {
	At
	X, Low, High Expr
	Not          bool
}

// In is X [NOT] IN (List...). List is never empty.
type In struct {
	At
	X    Expr
	List []Expr
	Not  bool
}

// Like is X [NOT] LIKE Pattern [ESCAPE 'c']. Escape is one character, or empty.
type Like struct {
	At
	X, Pattern Expr
	Escape     string
	Not        bool
}

// When is one branch of a Case.
type When struct {
	At
	Cond, Result Expr
}

// Case is a CASE. With an Operand each Cond is a value compared with it, otherwise a condition. Else may be nil.
type Case struct {
	At
	Operand Expr
	Whens   []When
	Else    Expr
}

// Cast is CAST(X AS Type).
type Cast struct {
	At
	X    Expr
	Type *Type
}

// Call is a call of a scalar, aggregate or table function. Star is set for COUNT(*); then Args is empty.
// Lambdas stand only behind the other arguments.
type Call struct {
	At
	Name string
	Args []Expr
	Star bool
}

// Lambda is (x, y) => Body; it occurs only as an argument of a Call.
type Lambda struct {
	At
	Params []Ident
	Body   Expr
}

// Subscript is X[Index]: an element of an array, counted from 1, or a map's value.
type Subscript struct {
	At
	X, Index Expr
}

// Deref is X->Field.
type Deref struct {
	At
	X     Expr
	Field string
}

// ArrayCtor is ARRAY[Elems...].
type ArrayCtor struct {
	At
	Elems []Expr
}

// MapEntry is one Key := Value of a MapCtor.
type MapEntry struct{ Key, Value Expr }

// MapCtor is MAP(k := v, ...).
type MapCtor struct {
	At
	Entries []MapEntry
}

// StructEntry is one Name := Value of a StructCtor.
type StructEntry struct {
	Ident
	Value Expr
}

// StructCtor is STRUCT(f := v, ...).
type StructCtor struct {
	At
	Fields []StructEntry
}

func (*ColumnRef) expr()  {}
func (*Unary) expr()      {}
func (*Binary) expr()     {}
func (*Comparison) expr() {}
func (*Logical) expr()    {}
func (*Not) expr()        {}
func (*IsNull) expr()     {}
func (*Between) expr()    {}
func (*In) expr()         {}
func (*Like) expr()       {}
func (*Case) expr()       {}
func (*Cast) expr()       {}
func (*Call) expr()       {}
func (*Lambda) expr()     {}
func (*Subscript) expr()  {}
func (*Deref) expr()      {}
func (*ArrayCtor) expr()  {}
func (*MapCtor) expr()    {}
func (*StructCtor) expr() {}

var (
	unaryText   = [...]string{Neg: "-", Plus: "+"}
	binaryText  = [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Concat: "||"}
	compareText = [...]string{Eq: "=", Ne: "<>", Lt: "<", Le: "<=", Gt: ">", Ge: ">=",
		IsDistinct: "IS DISTINCT FROM", IsNotDistinct: "IS NOT DISTINCT FROM"}
	logicalText = [...]string{And: "AND", Or: "OR"}
)

func (o UnaryOp) String() string   { return unaryText[o] }
func (o BinaryOp) String() string  { return binaryText[o] }
func (o CompareOp) String() string { return compareText[o] }
func (o LogicalOp) String() string { return logicalText[o] }
