package ast

// Explain explains a statement, or a running query by its id. One of both is set.
type Explain struct {
	At
	Statement Statement
	QueryID   Ident
}

func (s *Explain) write(p *printer) {
	p.put("EXPLAIN ")
	if s.Statement != nil {
		s.Statement.write(p)
	} else {
		p.name(s.QueryID.Name)
	}
}
