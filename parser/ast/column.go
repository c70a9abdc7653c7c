package ast

// Constraint is what a column definition says beyond the type.
type Constraint uint8

// The constraints of a column. Headers takes all headers of the record, Header the one named by Column.HeaderKey.
const (
	NoConstraint Constraint = iota
	Key
	PrimaryKey
	Headers
	Header
)

var constraintText = [...]string{NoConstraint: "", Key: "KEY", PrimaryKey: "PRIMARY KEY", Headers: "HEADERS", Header: "HEADER"}

func (c Constraint) String() string { return constraintText[c] }

// Column is a column definition.
type Column struct {
	Ident
	Type       *Type
	Constraint Constraint
	HeaderKey  string
}

func (p *printer) columns(list []Column) {
	if len(list) > 0 {
		p.put(" (")
		p.commas(len(list), func(i int) { p.column(list[i]) })
		p.put(")")
	}
}

func (p *printer) column(c Column) {
	p.name(c.Name)
	p.put(" ")
	p.typ(c.Type)
	if c.Constraint != NoConstraint {
		p.put(" ", c.Constraint.String())
	}
	if c.Constraint == Header {
		p.put("(", QuoteString(c.HeaderKey), ")")
	}
}
