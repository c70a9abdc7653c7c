package parser

import "weir/parser/ast"

var explainForms = []Topic{
	{"EXPLAIN { query id | statement }", "Shows the steps of a query.", "EXPLAIN SELECT * FROM clicks EMIT CHANGES"},
}

// explain reads EXPLAIN with a statement, or with a query's id: a name with nothing behind it.
func (c *cutter) explain() ast.Statement {
	s := &ast.Explain{At: ast.At(c.pos())}
	c.next()
	if t := c.tok(); t.isName() && c.ahead(1).kind == kEnd {
		s.QueryID = c.name("a query's id")
		return s
	}
	if t := c.tok(); t.isName() && beginning(t.value) == nil {
		c.next()
		c.end()
		return nil
	}
	if s.Statement = c.statement(); s.Statement == nil {
		return nil
	}
	return s
}
