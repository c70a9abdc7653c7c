package ast

// InsertSelect is INSERT INTO ... SELECT.
type InsertSelect struct {
	At
	Target Ident
	With   []Prop
	Query  *Query
}

func (s *InsertSelect) write(p *printer) {
	p.put("INSERT INTO ")
	p.name(s.Target.Name)
	p.with(s.With)
	p.put(" ")
	s.Query.write(p)
}

// Defines implements Definition.
func (s *InsertSelect) Defines() Defined {
	return Defined{Creates, KindStream, s.Target}
}

// InsertValues is INSERT INTO ... VALUES. Columns is empty where none are named.
type InsertValues struct {
	At
	Target  Ident
	Columns []Ident
	Rows    [][]Expr // one or more
}

func (s *InsertValues) write(p *printer) {
	p.put("INSERT INTO ")
	p.name(s.Target.Name)
	p.idents(s.Columns)
	p.put(" VALUES ")
	p.commas(len(s.Rows), func(i int) { p.values(s.Rows[i]) })
}

func (p *printer) values(list []Expr) {
	p.put("(")
	p.commas(len(list), func(i int) { p.expr(list[i], valueLevel) })
	p.put(")")
}
