package ast

// Prop is one Name = Value of a WITH clause. Names that were neither quoted nor strings are in upper case. Value is a literal.
type Prop struct {
	Ident
	Value Expr
}

func (p *printer) with(props []Prop) {
	if len(props) > 0 {
		p.put(" WITH (")
		p.commas(len(props), func(i int) {
			p.name(props[i].Name)
			p.put(" = ")
			p.literal(props[i].Value)
		})
		p.put(")")
	}
}
