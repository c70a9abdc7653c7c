package ast

import "strings"

// What SHOW CREATE can be asked for, beside what a Definition makes.
const (
	KindConnector = "connector"
	KindQuery     = "query"
)

// ShowCreate is SHOW CREATE: the statement that makes something as it stands.
type ShowCreate struct {
	At
	Kind string // KindStream, KindTable, ...
	Name Ident
}

func (s *ShowCreate) write(p *printer) {
	p.put("SHOW CREATE ", strings.ToUpper(s.Kind), " ")
	p.name(s.Name.Name)
}
