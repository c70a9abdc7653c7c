package ast

// CreateFrom makes a stream or table of what its records look like: it stands for the CreateSource that is proposed for them.
type CreateFrom struct {
	At
	IsTable     bool
	OrReplace   bool
	ReadOnly    bool // CREATE SOURCE ...
	IfNotExists bool
	Name        Ident
	File        bool // of a file, which is loaded into a topic; otherwise of a topic
	From        Ident
	With        []Prop
}

func (s *CreateFrom) write(p *printer) {
	p.put("CREATE ")
	p.putIf(s.OrReplace, "OR REPLACE ")
	p.putIf(s.ReadOnly, "SOURCE ")
	p.put(streamOrTable(s.IsTable))
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	if s.File {
		p.put(" FROM FILE ", QuoteString(s.From.Name))
	} else {
		p.put(" FROM TOPIC ", QuoteString(s.From.Name))
	}
	p.with(s.With)
}

// Source is the statement that it stands for, with these columns and properties.
func (s *CreateFrom) Source(columns []Column, with []Prop) *CreateSource {
	return &CreateSource{At: s.At, IsTable: s.IsTable, OrReplace: s.OrReplace, ReadOnly: s.ReadOnly, IfNotExists: s.IfNotExists, Name: s.Name, Columns: columns, With: with}
}
