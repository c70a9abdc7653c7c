package ast

// KindType is the kind of named types.
const KindType = "type"

// CreateType gives a type a name.
type CreateType struct {
	At
	IfNotExists bool
	Name        Ident
	Type        *Type
}

func (s *CreateType) write(p *printer) {
	p.put("CREATE TYPE ")
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	p.put(" AS ")
	p.typ(s.Type)
}

// Defines implements Definition.
func (s *CreateType) Defines() Defined {
	return Defined{Creates, KindType, s.Name}
}

// DropType forgets a type's name.
type DropType struct {
	At
	IfExists bool
	Name     Ident
}

func (s *DropType) write(p *printer) {
	p.put("DROP TYPE ")
	p.putIf(s.IfExists, "IF EXISTS ")
	p.name(s.Name.Name)
}

// Defines implements Definition.
func (s *DropType) Defines() Defined {
	return Defined{Drops, KindType, s.Name}
}
