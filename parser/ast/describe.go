package ast

// Describing is DESCRIBE, whatever it shows, and SHOW CREATE.
//
//sumtype:decl
type Describing interface {
	Statement
	describes()
}

func (*Describe) describes()          {}
func (*DescribeAll) describes()       {}
func (*DescribeFunction) describes()  {}
func (*DescribeConnector) describes() {}
func (*ShowCreate) describes()        {}

// Describe shows a stream or table.
type Describe struct {
	At
	Name     Ident
	Extended bool
}

func (s *Describe) write(p *printer) {
	p.put("DESCRIBE ")
	p.name(s.Name.Name)
	p.putIf(s.Extended, " EXTENDED")
}

// DescribeAll is DESCRIBE STREAMS, or DESCRIBE TABLES.
type DescribeAll struct {
	At
	Tables   bool
	Extended bool
}

func (s *DescribeAll) write(p *printer) {
	p.put("DESCRIBE ")
	if s.Tables {
		p.put("TABLES")
	} else {
		p.put("STREAMS")
	}
	p.putIf(s.Extended, " EXTENDED")
}

// DescribeFunction shows a function.
type DescribeFunction struct {
	At
	Name Ident
}

func (s *DescribeFunction) write(p *printer) {
	p.put("DESCRIBE FUNCTION ")
	p.name(s.Name.Name)
}

// DescribeConnector shows a connector.
type DescribeConnector struct {
	At
	Name Ident
}

func (s *DescribeConnector) write(p *printer) {
	p.put("DESCRIBE CONNECTOR ")
	p.name(s.Name.Name)
}
