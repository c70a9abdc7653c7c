package parser

import (
	"strconv"

	"weir/parser/ast"
)

// insert reads INSERT INTO ... VALUES, or SELECT.
func (c *cutter) insert() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	c.expect("INTO")
	target := c.name("a stream or table")
	c.put("INSERT\nINTO", ast.Pos(at))
	c.putName(target)
	switch {
	case c.is("SELECT"):
		c.query()
		return &ast.InsertSelect{At: at, Target: target}
	case c.is("WITH"):
		s := &ast.InsertSelect{At: at, Target: target, With: c.with()}
		c.query()
		return s
	case c.isOp("("), c.is("VALUES"):
		s := &ast.InsertValues{At: at, Target: target}
		if c.isOp("(") {
			s.Columns = c.names()
			c.put("(", c.pos())
			for i, id := range s.Columns {
				if i > 0 {
					c.put(",", id.Pos())
				}
				c.putName(id)
			}
			c.put(")", c.pos())
		}
		if c.is("SELECT") {
			c.fail(c.tok(), "expected VALUES, found "+describe(c.tok()), "INSERT INTO ... SELECT takes no list of columns; select them in the order of the target.")
		}
		if !c.is("VALUES") {
			c.expected("VALUES")
			return nil
		}
		c.keep()
		c.values()
		if c.isOp(",") {
			c.fail(c.tok(), "expected ';', found ','", "One INSERT INTO ... VALUES writes one row; use a statement for each.")
		}
		return s
	default:
		c.expected("VALUES", "SELECT", "WITH")
		return nil
	}
}

// names reads a list of names in brackets.
func (c *cutter) names() []ast.Ident {
	c.expectOp("(")
	var list []ast.Ident
	for {
		list = append(list, c.name("a column's name"))
		if !c.moreInList(")") {
			return list
		}
	}
}

func (c *cutter) values() {
	if !c.isOp("(") {
		c.missing("(")
		return
	}
	c.keep()
	c.list(")", c.value)
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
		c.put("ALTER\nTABLE", s.Pos())
		c.putName(s.Name)
		c.added()
		return s
	}
	c.expected("STREAM", "TABLE", "SYSTEM")
	return nil
}

func (c *cutter) added() {
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

func (c *cutter) drop() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	switch {
	case c.is("STREAM"), c.is("TABLE"):
		s := &ast.DropSource{At: at, IsTable: c.is("TABLE")}
		c.next()
		c.put("DROP\nTABLE", s.Pos())
		if s.IfExists = c.ifExists(); s.IfExists {
			c.put("IF\nEXISTS", s.Pos())
		}
		s.Name = c.name("a " + kindName(s.IsTable))
		c.putName(s.Name)
		s.DeleteTopic = c.acceptWords("DELETE", "TOPIC")
		c.end("DELETE TOPIC")
		return s
	case c.accept("TYPE"):
		return &ast.DropType{At: at, IfExists: c.ifExists(), Name: c.name("a type's name")}
	case c.accept("CONNECTOR"):
		return &ast.DropConnector{At: at, IfExists: c.ifExists(), Name: c.name("a connector's name")}
	}
	c.expected("STREAM", "TABLE", "TYPE", "CONNECTOR")
	return nil
}
