package parser

import (
	"strconv"

	"weir/parser/ast"
)

var alterSourceForms = []Topic{
	{"ALTER { STREAM | TABLE } name ADD [COLUMN] column type [, ...]",
		"Adds value columns to a declared stream or table.",
		"ALTER STREAM clicks ADD COLUMN referrer STRING"},
	{"ALTER { STREAM | TABLE } name RENAME TO name",
		"Gives a declared stream or table another name; the old one is free from then on. Its topic, with its records and schemas, keeps its own. It is refused while statements name the stream or " +
			"table that would not be found under it any more: that of a query that makes it, reads it or writes into it, or that of a sink connector.",
		"ALTER STREAM clicks RENAME TO page_views"},
}

var alterSystemForms = []Topic{
	{"ALTER SYSTEM 'property' = 'value'", "Sets a property of the server.", "ALTER SYSTEM 'ksql.max.push.queries' = '10'"},
}

func (c *cutter) alter() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	switch {
	case c.accept("SYSTEM"):
		s := &ast.AlterSystem{At: at, Name: c.text("the name of a property")}
		c.expectOp("=")
		s.Value = c.text("a value")
		return s
	case c.is("STREAM"), c.is("TABLE"):
		s := &ast.AlterSource{At: at, IsTable: c.is("TABLE")}
		c.next()
		s.Name = c.name("a " + kindName(s.IsTable))
		if c.is("RENAME") {
			return c.renamed(s)
		}
		c.put("ALTER\nTABLE", s.Pos())
		c.putName(s.Name)
		c.added()
		return s
	}
	c.expected("STREAM", "TABLE", "SYSTEM")
	return nil
}

func (c *cutter) renamed(s *ast.AlterSource) ast.Statement {
	c.next()
	c.expect("TO")
	return &ast.RenameSource{At: s.At, IsTable: s.IsTable, Name: s.Name, To: c.name("the new name of the " + kindName(s.IsTable))}
}

func (c *cutter) added() {
	if !c.is("ADD") {
		c.expected("ADD", "RENAME TO")
	}
	for {
		c.expect("ADD")
		if c.columnKeyword() {
			c.next()
		}
		col := ast.Column{Ident: c.name("a column's name"), Type: c.typ()}
		c.put("ADD\nCOLUMN", col.Pos())
		c.putName(col.Ident)
		c.put(standIn(col.Type), col.Type.Pos())
		c.put("COMMENT\n'"+strconv.Itoa(len(c.columns))+"'", col.Pos())
		c.columns = append(c.columns, col)
		if !c.isOp(",") {
			return
		}
		c.keep()
	}
}

// columnKeyword reports whether COLUMN is the optional keyword here, rather than the name of the new column.
func (c *cutter) columnKeyword() bool {
	third := c.ahead(2).kind
	return c.is("COLUMN") && (third == kWord || third == kQuoted || third == kDigits)
}
