package ast

// KindFunction is the kind of functions that statements make.
const KindFunction = "function"

// CreateFunction makes a function of a module in another language.
type CreateFunction struct {
	At
	OrReplace   bool
	IfNotExists bool
	Name        Ident
	Params      []Field
	Returns     *Type
	Language    Ident
	File        Ident  // the file, as a string
	SHA256      string // of what is in it, in hexadecimal digits; empty where the statement does not say
}

func (s *CreateFunction) write(p *printer) {
	p.put("CREATE ")
	p.putIf(s.OrReplace, "OR REPLACE ")
	p.put("FUNCTION ")
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	p.put("(")
	p.commas(len(s.Params), func(i int) {
		p.name(s.Params[i].Name)
		p.put(" ")
		p.typ(s.Params[i].Type)
	})
	p.put(") RETURNS ")
	p.typ(s.Returns)
	p.put(" LANGUAGE ")
	p.name(s.Language.Name)
	p.put(" AS ")
	p.resource(s.File.Name)
	if s.SHA256 != "" {
		p.put(" SHA256 ")
		p.resource(s.SHA256)
	}
}

// Defines implements Definition.
func (s *CreateFunction) Defines() Defined {
	return Defined{Creates, KindFunction, s.Name}
}

// DropFunction forgets a function.
type DropFunction struct {
	At
	IfExists bool
	Name     Ident
}

func (s *DropFunction) write(p *printer) {
	p.put("DROP FUNCTION ")
	p.putIf(s.IfExists, "IF EXISTS ")
	p.name(s.Name.Name)
}

// Defines implements Definition.
func (s *DropFunction) Defines() Defined {
	return Defined{Drops, KindFunction, s.Name}
}
