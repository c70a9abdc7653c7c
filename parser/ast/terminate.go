package ast

// Terminate ends a query, or all of them: then QueryID has no Name.
type Terminate struct {
	At
	All     bool
	QueryID Ident
}

func (s *Terminate) write(p *printer) { p.onQuery("TERMINATE ", s.All, s.QueryID) }

// Pause halts a query, or all of them.
type Pause struct {
	At
	All     bool
	QueryID Ident
}

func (s *Pause) write(p *printer) { p.onQuery("PAUSE ", s.All, s.QueryID) }

// Resume lets a paused query go on, or all of them.
type Resume struct {
	At
	All     bool
	QueryID Ident
}

func (s *Resume) write(p *printer) { p.onQuery("RESUME ", s.All, s.QueryID) }

func (p *printer) onQuery(word string, all bool, id Ident) {
	p.put(word)
	if all {
		p.put("ALL")
	} else {
		p.name(id.Name)
	}
}
