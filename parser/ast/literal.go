package ast

import "time"

// NullLit is NULL.
type NullLit struct{ At }

// BoolLit is TRUE or FALSE.
type BoolLit struct {
	At
	Value bool
}

// IntLit is a whole number that fits in 32 bits; its type is INTEGER.
type IntLit struct {
	At
	Value int32
}

// BigintLit is a whole number that fits in 64 bits but not in 32.
type BigintLit struct {
	At
	Value int64
}

// DecimalLit is a number with a point and no exponent, as it was written (1.50, .5, -3.), sign included.
type DecimalLit struct {
	At
	Text string
}

// DoubleLit is a number with an exponent. It is finite.
type DoubleLit struct {
	At
	Value float64
}

// StringLit is a 'text', quotes removed and ” turned into '.
type StringLit struct {
	At
	Value string
}

// TypeLit is a literal of a named type: DECIMAL '1.50'. Type is DECIMAL, and Text has been checked to be a number.
type TypeLit struct {
	At
	Type string
	Text string
}

// UnitLit is a unit of time as an argument: TIMESTAMPADD(DAYS, 1, t).
type UnitLit struct {
	At
	Unit Unit
}

func (*NullLit) expr()    {}
func (*BoolLit) expr()    {}
func (*IntLit) expr()     {}
func (*BigintLit) expr()  {}
func (*DecimalLit) expr() {}
func (*DoubleLit) expr()  {}
func (*StringLit) expr()  {}
func (*TypeLit) expr()    {}
func (*UnitLit) expr()    {}

// IsLiteral reports whether e is a constant written down as such.
func IsLiteral(e Expr) bool {
	switch e.(type) {
	case *NullLit, *BoolLit, *IntLit, *BigintLit, *DecimalLit, *DoubleLit, *StringLit, *TypeLit, *UnitLit:
		return true
	default: // about these alone
	}
	return false
}

// Unit is a unit of time.
type Unit uint8

// The units. A month or a year has no fixed length and is not one.
const (
	Millisecond Unit = iota
	Second
	Minute
	Hour
	Day
)

var (
	unitText   = [...]string{"MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS"}
	unitLength = [...]time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour}
)

// String is the unit's plural, DAYS.
func (u Unit) String() string { return unitText[u] }

// Duration is the length of one unit.
func (u Unit) Duration() time.Duration { return unitLength[u] }

// Duration is a length of time as it was written: 5 MINUTES.
type Duration struct {
	At
	N    int64
	Unit Unit
}

// Duration is the length. The parser accepts none that would overflow, and none below zero.
func (d Duration) Duration() time.Duration { return time.Duration(d.N) * d.Unit.Duration() }
