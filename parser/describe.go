package parser

import "weir/parser/ast"

var describeForms = []Topic{
	{"DESCRIBE name [EXTENDED]", "Shows the columns of a stream or table; EXTENDED its topic, queries and statistics.", "DESCRIBE clicks EXTENDED"},
	{"DESCRIBE { STREAMS | TABLES } [EXTENDED]", "Does so for all of them.", "DESCRIBE STREAMS EXTENDED"},
	{"DESCRIBE FUNCTION name", "Tells what a function does and takes.", "DESCRIBE FUNCTION SUBSTRING"},
	{"DESCRIBE CONNECTOR name", "Tells the state of a connector.", "DESCRIBE CONNECTOR demo"},
}

func (c *cutter) describe() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	switch last := c.ahead(1).kind == kEnd; {
	case c.accept("FUNCTION"):
		if last { // a source of that name
			return &ast.Describe{At: at, Name: ast.Ident{At: ast.At(c.before().pos), Name: "FUNCTION"}}
		}
		return &ast.DescribeFunction{At: at, Name: c.name("a function")}
	case c.accept("CONNECTOR"):
		return &ast.DescribeConnector{At: at, Name: c.name("a connector")}
	case c.is("STREAMS"), c.is("TABLES"):
		s := &ast.DescribeAll{At: at, Tables: c.is("TABLES")}
		c.next()
		s.Extended = c.accept("EXTENDED")
		c.end("EXTENDED")
		return s
	}
	s := &ast.Describe{At: at, Name: c.name("a stream or table")}
	s.Extended = c.accept("EXTENDED")
	c.end("EXTENDED")
	return s
}
