// Package plan holds what the planner makes and exec runs: typed expressions over positions, and a tree of steps. It is
// data; it knows no operator.
package plan

import (
	"weir/functions"
	"weir/types"
)

// Expr is a typed expression over one row. The set is closed.
//
//sumtype:decl
type Expr interface {
	Type() *types.Type
	expr()
}

type (
	// Column is the value in a slot of the row.
	Column struct {
		Slot int
		Name string // for EXPLAIN
		T    *types.Type
	}
	// Literal is a constant.
	Literal struct {
		Value types.Value
		T     *types.Type
	}
	// Arith is + - * / % of two numbers, both of the operand type that the result asks for.
	Arith struct {
		Op   byte
		L, R Expr
		T    *types.Type
	}
	// Neg is the unary minus.
	Neg struct{ E Expr }
	// Concat is || of two strings or two BYTES.
	Concat struct{ L, R Expr }
	// Compare compares two values of comparable types. A NULL on either side makes it false.
	Compare struct {
		Op   CompareOp
		L, R Expr
	}
	// Logic is AND or OR.
	Logic struct {
		And  bool
		L, R Expr
	}
	// Not is NOT.
	Not struct{ E Expr }
	// IsNull is IS [NOT] NULL.
	IsNull struct {
		E   Expr
		Not bool
	}
	// In is [NOT] IN a list.
	In struct {
		E    Expr
		List []Expr
		Not  bool
	}
	// Like is [NOT] LIKE; Escape is 0 where none was given.
	Like struct {
		E, Pattern Expr
		Escape     rune
		Not        bool
	}
	// Case is CASE: the first When whose condition holds gives its result. Results are evaluated only when chosen.
	Case struct {
		Whens []When
		Else  Expr // nil for NULL
		T     *types.Type
	}
	// When is one arm of a CASE.
	When struct{ Cond, Result Expr }
	// Cast converts to a type.
	Cast struct {
		E        Expr
		T        *types.Type
		Implicit bool // made by the planner, not written by the user
	}
	// Call calls a scalar function. Args are the arguments that are neither lambdas nor time units.
	Call struct {
		Name    string
		Bound   *functions.Bound
		Args    []Expr
		Lambdas []*Lambda
	}
	// Lambda is a lambda's body; its parameters are Params from Base on.
	Lambda struct {
		Base   int
		Params int
		Body   Expr
	}
	// Param is a parameter of a lambda that encloses the expression.
	Param struct {
		Index int
		Name  string
		T     *types.Type
	}
	// Subscript is e[i] of an ARRAY (from 1, negative from the end) or a MAP.
	Subscript struct{ E, Index Expr }
	// Deref is e->field of a STRUCT.
	Deref struct {
		E     Expr
		Index int
	}
	// Array is ARRAY[...].
	Array struct {
		Items []Expr
		T     *types.Type
	}
	// Map is MAP(k := v, ...): Items alternate.
	Map struct {
		Items []Expr
		T     *types.Type
	}
	// Struct is STRUCT(f := v, ...).
	Struct struct {
		Fields []Expr
		T      *types.Type
	}
)

// CompareOp is an operator of Compare.
type CompareOp uint8

// The operators of Compare. Distinct and NotDistinct treat NULL as a value.
const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
	Distinct
	NotDistinct
)

func (op CompareOp) String() string {
	return [...]string{"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}[op]
}

func (e *Column) Type() *types.Type  { return e.T }
func (e *Literal) Type() *types.Type { return e.T }
func (e *Arith) Type() *types.Type   { return e.T }
func (e *Neg) Type() *types.Type     { return e.E.Type() }
func (e *Concat) Type() *types.Type  { return e.L.Type() }
func (*Compare) Type() *types.Type   { return types.TBoolean }
func (*Logic) Type() *types.Type     { return types.TBoolean }
func (*Not) Type() *types.Type       { return types.TBoolean }
func (*IsNull) Type() *types.Type    { return types.TBoolean }
func (*In) Type() *types.Type        { return types.TBoolean }
func (*Like) Type() *types.Type      { return types.TBoolean }
func (e *Case) Type() *types.Type    { return e.T }
func (e *Cast) Type() *types.Type    { return e.T }
func (e *Call) Type() *types.Type    { return e.Bound.Returns }
func (e *Param) Type() *types.Type   { return e.T }
func (e *Subscript) Type() *types.Type {
	return e.E.Type().Elem
}
func (e *Deref) Type() *types.Type  { return e.E.Type().Fields[e.Index].Type }
func (e *Array) Type() *types.Type  { return e.T }
func (e *Map) Type() *types.Type    { return e.T }
func (e *Struct) Type() *types.Type { return e.T }

func (*Column) expr()    {}
func (*Literal) expr()   {}
func (*Arith) expr()     {}
func (*Neg) expr()       {}
func (*Concat) expr()    {}
func (*Compare) expr()   {}
func (*Logic) expr()     {}
func (*Not) expr()       {}
func (*IsNull) expr()    {}
func (*In) expr()        {}
func (*Like) expr()      {}
func (*Case) expr()      {}
func (*Cast) expr()      {}
func (*Call) expr()      {}
func (*Param) expr()     {}
func (*Subscript) expr() {}
func (*Deref) expr()     {}
func (*Array) expr()     {}
func (*Map) expr()       {}
func (*Struct) expr()    {}
