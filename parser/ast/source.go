package ast

// CreateSource is CREATE STREAM or CREATE TABLE over a topic. Columns is empty where they are left to the schema registry.
type CreateSource struct {
	At
	IsTable     bool
	OrReplace   bool
	ReadOnly    bool // CREATE SOURCE ...
	IfNotExists bool
	Name        Ident
	Columns     []Column
	With        []Prop
}

func (s *CreateSource) write(p *printer) {
	p.put("CREATE ")
	p.putIf(s.OrReplace, "OR REPLACE ")
	p.putIf(s.ReadOnly, "SOURCE ")
	p.put(streamOrTable(s.IsTable))
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	p.columns(s.Columns)
	p.with(s.With)
}

// Defines implements Definition.
func (s *CreateSource) Defines() Defined {
	return Defined{Creates, sourceKind(s.IsTable), s.Name}
}

// CreateAs is CREATE STREAM or TABLE ... AS SELECT.
type CreateAs struct {
	At
	IsTable     bool
	OrReplace   bool
	IfNotExists bool
	Name        Ident
	With        []Prop
	Query       *Query
}

func (s *CreateAs) write(p *printer) {
	p.put("CREATE ")
	p.putIf(s.OrReplace, "OR REPLACE ")
	p.put(streamOrTable(s.IsTable))
	p.putIf(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name.Name)
	p.with(s.With)
	p.put(" AS ")
	s.Query.write(p)
}

// Defines implements Definition.
func (s *CreateAs) Defines() Defined {
	return Defined{Creates, sourceKind(s.IsTable), s.Name}
}

// AlterSource is ALTER STREAM or TABLE ... ADD.
type AlterSource struct {
	At
	IsTable bool
	Name    Ident
	Add     []Column
}

func (s *AlterSource) write(p *printer) {
	p.put("ALTER ", streamOrTable(s.IsTable))
	p.name(s.Name.Name)
	p.put(" ")
	p.commas(len(s.Add), func(i int) {
		p.put("ADD COLUMN ")
		p.column(s.Add[i])
	})
}

// Defines implements Definition.
func (s *AlterSource) Defines() Defined {
	return Defined{Alters, sourceKind(s.IsTable), s.Name}
}

// RenameSource is ALTER STREAM or TABLE ... RENAME TO.
type RenameSource struct {
	At
	IsTable bool
	Name    Ident
	To      Ident
}

func (s *RenameSource) write(p *printer) {
	p.put("ALTER ", streamOrTable(s.IsTable))
	p.name(s.Name.Name)
	p.put(" RENAME TO ")
	p.name(s.To.Name)
}

// Defines implements Definition.
func (s *RenameSource) Defines() Defined {
	return Defined{Alters, sourceKind(s.IsTable), s.Name}
}

// DropSource is DROP STREAM, or DROP TABLE.
type DropSource struct {
	At
	IsTable     bool
	IfExists    bool
	Name        Ident
	Cascade     bool // with all that depends on it
	DeleteTopic bool
}

func (s *DropSource) write(p *printer) {
	p.put("DROP ", streamOrTable(s.IsTable))
	p.putIf(s.IfExists, "IF EXISTS ")
	p.name(s.Name.Name)
	p.putIf(s.Cascade, " CASCADE")
	p.putIf(s.DeleteTopic, " DELETE TOPIC")
}

// Defines implements Definition.
func (s *DropSource) Defines() Defined {
	return Defined{Drops, sourceKind(s.IsTable), s.Name}
}

func streamOrTable(isTable bool) string {
	if isTable {
		return "TABLE "
	}
	return "STREAM "
}
