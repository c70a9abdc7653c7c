package ast

// Copy writes the rows of a query to a file of whoever asks.
type Copy struct {
	At
	Query *Query
	End   Pos // behind the query
	Path  StringLit
	With  []Prop
}

func (s *Copy) write(p *printer) {
	p.put("COPY (")
	s.Query.write(p)
	p.put(") TO ", QuoteString(s.Path.Value))
	p.with(s.With)
}
