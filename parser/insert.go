package parser

import "weir/parser/ast"

var insertForms = []Topic{
	{"INSERT INTO stream [WITH (QUERY_ID = 'name')] query",
		"Starts another query that writes into a stream. Its columns have the stream's names; numbers widen.",
		"INSERT INTO clicks SELECT * FROM old_clicks"},
	{"INSERT INTO name [(column [, ...])] VALUES (expression [, ...]) [, ...]",
		"Writes a record for each row. All of them are looked at before the first is written. ROWTIME, from 0 on, may be given among the columns: times before 1970 are refused, as ksqlDB does. What a column can not hold as it is, is refused: nothing wraps, is rounded or cut off, but to the nearest DOUBLE.",
		"INSERT INTO clicks (user_id, page) VALUES ('u1', '/home'), ('u2', '/news')"},
}

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
		c.query(true)
		return &ast.InsertSelect{At: at, Target: target}
	case c.is("WITH"):
		s := &ast.InsertSelect{At: at, Target: target, With: c.with()}
		c.query(true)
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
		for c.isOp(",") {
			c.keep()
			c.values()
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
