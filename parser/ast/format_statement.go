package ast

import "strconv"

func streamOrTable(isTable bool) string {
	if isTable {
		return "TABLE "
	}
	return "STREAM "
}

func (p *printer) statement(s Statement) {
	switch s := s.(type) {
	case *Query:
		p.query(s)
	case *CreateSource:
		p.put("CREATE ")
		p.putIf(s.OrReplace, "OR REPLACE ")
		p.putIf(s.ReadOnly, "SOURCE ")
		p.put(streamOrTable(s.IsTable))
		p.putIf(s.IfNotExists, "IF NOT EXISTS ")
		p.name(s.Name.Name)
		p.columns(s.Columns)
		p.with(s.With)
	case *CreateAs:
		p.put("CREATE ")
		p.putIf(s.OrReplace, "OR REPLACE ")
		p.put(streamOrTable(s.IsTable))
		p.putIf(s.IfNotExists, "IF NOT EXISTS ")
		p.name(s.Name.Name)
		p.with(s.With)
		p.put(" AS ")
		p.query(s.Query)
	case *InsertSelect:
		p.put("INSERT INTO ")
		p.name(s.Target.Name)
		p.with(s.With)
		p.put(" ")
		p.query(s.Query)
	case *InsertValues:
		p.put("INSERT INTO ")
		p.name(s.Target.Name)
		p.idents(s.Columns)
		p.put(" VALUES ")
		p.values(s.Values)
	case *AlterSource:
		p.put("ALTER ", streamOrTable(s.IsTable))
		p.name(s.Name.Name)
		p.put(" ")
		p.commas(len(s.Add), func(i int) {
			p.put("ADD COLUMN ")
			p.column(s.Add[i])
		})
	case *DropSource:
		p.put("DROP ", streamOrTable(s.IsTable))
		p.putIf(s.IfExists, "IF EXISTS ")
		p.name(s.Name.Name)
		p.putIf(s.DeleteTopic, " DELETE TOPIC")
	case *CreateType:
		p.put("CREATE TYPE ")
		p.putIf(s.IfNotExists, "IF NOT EXISTS ")
		p.name(s.Name.Name)
		p.put(" AS ")
		p.typ(s.Type)
	case *DropType:
		p.put("DROP TYPE ")
		p.putIf(s.IfExists, "IF EXISTS ")
		p.name(s.Name.Name)
	case *CreateConnector:
		p.put("CREATE ", s.Kind.String(), " CONNECTOR ")
		p.putIf(s.IfNotExists, "IF NOT EXISTS ")
		p.name(s.Name.Name)
		p.with(s.With)
	case *DropConnector:
		p.put("DROP CONNECTOR ")
		p.putIf(s.IfExists, "IF EXISTS ")
		p.name(s.Name.Name)
	case *Explain:
		p.put("EXPLAIN ")
		if s.Statement != nil {
			p.statement(s.Statement)
		} else {
			p.name(s.QueryID.Name)
		}
	default:
		p.admin(s)
	}
}

func (p *printer) values(list []Expr) {
	p.put("(")
	p.commas(len(list), func(i int) { p.expr(list[i], valueLevel) })
	p.put(")")
}

func (p *printer) columns(list []Column) {
	if len(list) > 0 {
		p.put(" (")
		p.commas(len(list), func(i int) { p.column(list[i]) })
		p.put(")")
	}
}

func (p *printer) column(c Column) {
	p.name(c.Name)
	p.put(" ")
	p.typ(c.Type)
	if c.Constraint != NoConstraint {
		p.put(" ", c.Constraint.String())
	}
	if c.Constraint == Header {
		p.put("(", QuoteString(c.HeaderKey), ")")
	}
}

func (p *printer) with(props []Prop) {
	if len(props) > 0 {
		p.put(" WITH (")
		p.commas(len(props), func(i int) {
			p.name(props[i].Name)
			p.put(" = ")
			p.literal(props[i].Value)
		})
		p.put(")")
	}
}

// resource prints a name that keeps its case when bare; quoting is always right.
func (p *printer) resource(name string) { p.put(QuoteString(name)) }

func (p *printer) interval(n int64) {
	if n != 0 {
		p.put(" INTERVAL ", strconv.FormatInt(n, 10))
	}
}
