package ast

// AssertValues expects the next row of a stream or table. Null says that it is a tombstone; then Values is its key.
// It belongs to test scripts, as do AssertSource and RunScript.
type AssertValues struct {
	At
	Null    bool
	Target  Ident
	Columns []Ident
	Values  []Expr
}

func (s *AssertValues) write(p *printer) {
	p.put("ASSERT ")
	p.putIf(s.Null, "NULL ")
	p.put("VALUES ")
	p.name(s.Target.Name)
	p.idents(s.Columns)
	if s.Null {
		p.put(" KEY ")
	} else {
		p.put(" VALUES ")
	}
	p.values(s.Values)
}

// AssertSource expects a stream or table to be defined so.
type AssertSource struct {
	At
	IsTable bool
	Name    Ident
	Columns []Column
	With    []Prop
}

func (s *AssertSource) write(p *printer) {
	p.put("ASSERT ", streamOrTable(s.IsTable))
	p.name(s.Name.Name)
	p.columns(s.Columns)
	p.with(s.With)
}

// RunScript runs the statements of a file.
type RunScript struct {
	At
	Path string
}

func (s *RunScript) write(p *printer) { p.put("RUN SCRIPT ", QuoteString(s.Path)) }
