package parser

import "weir/parser/ast"

var assertForms = []Topic{
	{"ASSERT [NOT EXISTS] TOPIC name [WITH (PARTITIONS = n, REPLICAS = n)] [TIMEOUT n unit]",
		"Waits for a topic, or for its absence, and fails where it does not come about; one second unless told otherwise.",
		"ASSERT TOPIC clicks WITH (PARTITIONS=1) TIMEOUT 10 SECONDS"},
	{"ASSERT [NOT EXISTS] SCHEMA [SUBJECT 'name'] [ID n] [TIMEOUT n unit]", "Does so for a schema in the registry.",
		"ASSERT SCHEMA SUBJECT 'clicks-value' TIMEOUT 10 SECONDS"},
}

func (c *cutter) assert() ast.Statement {
	at := ast.At(c.pos())
	c.next()
	not := c.acceptWords("NOT", "EXISTS")
	switch {
	case c.accept("TOPIC"):
		s := &ast.AssertTopic{At: at, NotExists: not, Topic: c.resource("a topic"), With: c.with()}
		s.Timeout = c.timeout()
		return s
	case c.accept("SCHEMA"):
		return c.assertSchema(&ast.AssertSchema{At: at, NotExists: not})
	case not:
	case !c.opts.TestStatements:
	case c.accept("VALUES"):
		return c.assertValues(&ast.AssertValues{At: at})
	case c.acceptWords("NULL", "VALUES"):
		return c.assertValues(&ast.AssertValues{At: at, Null: true})
	case c.is("STREAM"), c.is("TABLE"):
		s := &ast.AssertSource{At: at, IsTable: c.is("TABLE")}
		c.next()
		s.Name = c.name("a " + kindName(s.IsTable))
		if c.isOp("(") {
			c.columnList(s.IsTable)
			// Nothing of this statement is TiDB's.
			s.Columns, c.columns, c.out = c.columns, nil, nil
		}
		s.With = c.with()
		return s
	}
	switch {
	case not:
		c.expected("TOPIC", "SCHEMA")
	case c.opts.TestStatements:
		c.expected("TOPIC", "SCHEMA", "NOT EXISTS", "VALUES", "NULL VALUES", "STREAM", "TABLE")
	case c.tok().kind == kWord:
		words, t := []string{"TOPIC", "SCHEMA", "NOT EXISTS"}, c.tok()
		c.fail(t, "Syntax error at or near '"+t.text+"' at line "+t.pos.String()+": expected "+orList(words), c.didYouMean(words))
	default:
		c.expected("TOPIC", "SCHEMA", "NOT EXISTS")
	}
	return nil
}

func (c *cutter) assertSchema(s *ast.AssertSchema) ast.Statement {
	if c.accept("SUBJECT") {
		s.Subject = c.resource("a subject")
	}
	if c.accept("ID") {
		pos := c.pos()
		s.ID = &ast.IntLit{At: ast.At(pos), Value: int32(c.smallNumber("ID"))}
	}
	if s.Subject.Name == "" && s.ID == nil {
		c.expected("SUBJECT", "ID")
	}
	s.Timeout = c.timeout()
	return s
}

func (c *cutter) timeout() *ast.Duration {
	if !c.accept("TIMEOUT") {
		return nil
	}
	d := c.duration()
	return &d
}

// assertValues reads on behind VALUES. The values go to TiDB as those of an INSERT.
func (c *cutter) assertValues(s *ast.AssertValues) ast.Statement {
	s.Target = c.name("a stream or table")
	if c.isOp("(") {
		s.Columns = c.names()
	}
	word := "VALUES"
	if s.Null {
		word = "KEY"
	}
	c.expect(word)
	c.put("INSERT\nINTO", s.Pos())
	c.putName(s.Target)
	c.put("VALUES", s.Pos())
	c.values()
	return s
}

func (c *cutter) runScript() ast.Statement {
	s := &ast.RunScript{At: ast.At(c.pos())}
	c.next()
	c.expect("SCRIPT")
	s.Path = c.text("the name of a file")
	return s
}
