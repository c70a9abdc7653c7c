package parser

import "weir/parser/ast"

var printForms = []Topic{
	{"PRINT topic [FROM BEGINNING] [{ INTERVAL | SAMPLE } n] [LIMIT n]",
		"Shows the records of a topic, whatever their format, with the schema that each names in front or in a header; every n-th with INTERVAL.",
		"PRINT clicks FROM BEGINNING LIMIT 3"},
}

func (c *cutter) printTopic() ast.Statement {
	s := &ast.Print{At: ast.At(c.pos())}
	c.next()
	s.Topic = c.resource("a topic")
	if c.accept("FROM") {
		c.expect("BEGINNING")
		s.FromBeginning = true
	}
	if c.accept("INTERVAL") || c.accept("SAMPLE") {
		pos := c.pos()
		s.Interval = int64(c.smallNumber("INTERVAL"))
		if s.Interval == 0 {
			c.failKind(Value, pos, "INTERVAL must be at least 1", "")
		}
	}
	s.Limit = c.limit()
	c.end("FROM BEGINNING", "INTERVAL", "SAMPLE", "LIMIT")
	return s
}
