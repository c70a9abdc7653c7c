package parser

import (
	"strconv"

	"weir/parser/ast"
)

// create reads what begins with CREATE.
func (c *cutter) create() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	orReplace := c.is("OR")
	if orReplace && !c.acceptWords("OR", "REPLACE") {
		c.next()
		c.expected("REPLACE")
	}
	t := c.tok()
	readOnly := c.accept("SOURCE")
	switch {
	case c.accept("STREAM"):
		return c.createSource(&ast.CreateSource{At: at, OrReplace: orReplace, ReadOnly: readOnly})
	case c.accept("TABLE"):
		return c.createSource(&ast.CreateSource{At: at, OrReplace: orReplace, ReadOnly: readOnly, IsTable: true})
	case orReplace && readOnly:
		c.expected("STREAM", "TABLE")
	case orReplace:
		c.expected("STREAM", "TABLE", "SOURCE")
	case readOnly && c.is("CONNECTOR"):
		return c.createConnector(at, ast.SourceConnector)
	case readOnly:
		c.expected("STREAM", "TABLE", "CONNECTOR")
	case t.isWord("SINK"):
		c.next()
		return c.createConnector(at, ast.SinkConnector)
	case c.accept("TYPE"):
		s := &ast.CreateType{At: at, IfNotExists: c.ifNotExists()}
		s.Name = c.name("a type's name")
		c.expect("AS")
		s.Type = c.typ()
		return s
	default:
		c.expected("STREAM", "TABLE", "TYPE", "SOURCE", "SINK", "OR REPLACE")
	}
	return nil
}

func (c *cutter) ifNotExists() bool { return c.acceptWords("IF", "NOT", "EXISTS") }

func (c *cutter) ifExists() bool { return c.acceptWords("IF", "EXISTS") }

// createSource reads on behind STREAM or TABLE. With AS it turns into a CreateAs.
func (c *cutter) createSource(s *ast.CreateSource) ast.Statement {
	c.put("CREATE\nTABLE", s.Pos())
	if s.IfNotExists = c.ifNotExists(); s.IfNotExists {
		c.put("IF\nNOT\nEXISTS", s.Pos())
	}
	s.Name = c.name("a name for the " + kindName(s.IsTable))
	c.putName(s.Name)
	list := c.isOp("(")
	if list {
		c.columnList(s.IsTable)
	}
	s.With = c.with()
	if !c.is("AS") {
		switch {
		case s.With != nil && s.ReadOnly || list && s.With != nil:
			c.end()
		case s.With != nil:
			c.end("AS")
		case list:
			c.end("WITH")
		default:
			c.end("WITH", "AS")
		}
		return s
	}
	switch {
	case list:
		c.fail(c.tok(), "expected ';', found "+describe(c.tok()), "The columns of CREATE ... AS SELECT come from the query; leave out the list.")
	case s.ReadOnly:
		c.fail(c.tok(), "expected ';', found "+describe(c.tok()), "A SOURCE "+kindName(s.IsTable)+" reads a topic; it cannot come from a query.")
	}
	c.keep()
	c.query()
	return &ast.CreateAs{At: s.At, IsTable: s.IsTable, OrReplace: s.OrReplace, IfNotExists: s.IfNotExists, Name: s.Name, With: s.With}
}

func kindName(isTable bool) string {
	if isTable {
		return "table"
	}
	return "stream"
}

// columnList reads column definitions in brackets. In the output a definition's index is the column's comment.
func (c *cutter) columnList(isTable bool) {
	c.keep()
	for c.err == nil {
		t := c.tok()
		col := c.column()
		if c.err != nil {
			return
		}
		switch {
		case isTable && col.Constraint == ast.Key:
			c.failKind(Column, t.pos, "Column "+backQuote(col.Name)+" is a 'KEY' column: please use 'PRIMARY KEY' for tables.", "")
		case !isTable && col.Constraint == ast.PrimaryKey:
			c.failKind(Column, t.pos, "Column "+backQuote(col.Name)+" is a 'PRIMARY KEY' column: please use 'KEY' for streams.", "")
		}
		c.putColumn(col)
		switch {
		case c.isOp(","):
			c.keep()
		case c.isOp(")"):
			c.keep()
			return
		default:
			c.fail(c.tok(), "Expecting {',', ')'}", c.didYouMean([]string{"KEY", "PRIMARY KEY", "HEADERS", "HEADER"}))
		}
	}
}

func (c *cutter) column() ast.Column {
	col := ast.Column{Ident: c.name("a column's name"), Type: c.typ()}
	switch {
	case c.acceptWords("PRIMARY", "KEY"):
		col.Constraint = ast.PrimaryKey
	case c.accept("KEY"):
		col.Constraint = ast.Key
	case c.accept("HEADERS"):
		col.Constraint = ast.Headers
	case c.is("HEADER"):
		c.next()
		c.expectOp("(")
		col.Constraint, col.HeaderKey = ast.Header, c.text("the header's name")
		c.expectOp(")")
	}
	return col
}

func (c *cutter) putColumn(col ast.Column) {
	c.putName(col.Ident)
	c.put(standIn(col.Type), col.Type.Pos())
	switch col.Constraint {
	case ast.Key:
		c.put("UNIQUE\nKEY", col.Pos())
	case ast.PrimaryKey:
		c.put("PRIMARY\nKEY", col.Pos())
	case ast.NoConstraint, ast.Headers, ast.Header:
	}
	c.put("COMMENT\n'"+strconv.Itoa(len(c.columns))+"'", col.Pos())
	c.columns = append(c.columns, col)
}

func (c *cutter) createConnector(at ast.At, kind ast.ConnectorKind) ast.Statement {
	c.expect("CONNECTOR")
	s := &ast.CreateConnector{At: at, Kind: kind, IfNotExists: c.ifNotExists()}
	s.Name = c.name("a connector's name")
	if !c.is("WITH") {
		c.expected("WITH")
	}
	s.With = c.with()
	return s
}

// with reads WITH (name = literal, ...), if it is there.
func (c *cutter) with() []ast.Prop {
	if !c.accept("WITH") {
		return nil
	}
	c.expectOp("(")
	var props []ast.Prop
	for c.err == nil {
		t := c.tok()
		p := ast.Prop{Ident: ast.Ident{At: ast.At(t.pos), Name: t.value}}
		if t.kind == kString {
			c.next()
			if t.value == "" {
				c.failKind(Syntax, t.pos, "the name of a property cannot be empty", "")
			}
		} else {
			p.Ident = c.name("the name of a property")
		}
		c.expectOp("=")
		p.Value = c.literal()
		props = append(props, p)
		if !c.moreInList(")") {
			break
		}
	}
	return props
}

// literal reads a literal as an operand of WITH.
func (c *cutter) literal() ast.Expr {
	t := c.tok()
	at := ast.At(t.pos)
	switch {
	case t.isNumber() || t.isOp("-") && c.ahead(1).isNumber():
		return c.number()
	case t.kind == kString:
		c.next()
		return &ast.StringLit{At: at, Value: t.value}
	case c.accept("NULL"):
		return &ast.NullLit{At: at}
	case c.accept("TRUE"):
		return &ast.BoolLit{At: at, Value: true}
	case c.accept("FALSE"):
		return &ast.BoolLit{At: at}
	case t.isName():
		c.fail(t, "expected a literal, found "+describe(t), "Put a text into single quotes: '"+t.text+"'.")
	default:
		c.expectedThing("a literal")
	}
	return nil
}
