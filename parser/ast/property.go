package ast

// Set sets a property of the session.
type Set struct {
	At
	Name, Value string
}

func (s *Set) write(p *printer) { p.put("SET ", QuoteString(s.Name), " = ", QuoteString(s.Value)) }

// Unset takes back a Set.
type Unset struct {
	At
	Name string
}

func (s *Unset) write(p *printer) { p.put("UNSET ", QuoteString(s.Name)) }

// AlterSystem sets a property of the server.
type AlterSystem struct {
	At
	Name, Value string
}

func (s *AlterSystem) write(p *printer) {
	p.put("ALTER SYSTEM ", QuoteString(s.Name), " = ", QuoteString(s.Value))
}
