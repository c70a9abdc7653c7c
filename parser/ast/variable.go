package ast

// Define gives a substitution variable its text.
type Define struct {
	At
	Name  string // as written: the names of variables are not upper-cased
	Value string
}

func (s *Define) write(p *printer) { p.put("DEFINE ", s.Name, " = ", QuoteString(s.Value)) }

// Undefine forgets a variable.
type Undefine struct {
	At
	Name string
}

func (s *Undefine) write(p *printer) { p.put("UNDEFINE ", s.Name) }
