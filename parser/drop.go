package parser

import "weir/parser/ast"

var dropSourceForms = []Topic{
	{"DROP { STREAM | TABLE } [IF EXISTS] name [CASCADE] [DELETE TOPIC]",
		"Forgets a stream or table and ends the query that makes it. With CASCADE, all that depends on it goes first: queries that read it or write into it, what those that read it make, " +
			"and so on; EXPLAIN lists that beforehand. With DELETE TOPIC the topics of what is dropped and their schemas go too, unless a connector uses one: then the statement is refused.",
		"DROP STREAM IF EXISTS clicks CASCADE DELETE TOPIC"},
}

var dropTypeForms = []Topic{
	{"DROP TYPE [IF EXISTS] name", "Forgets the name of a type. What uses it stays as it is.", "DROP TYPE IF EXISTS address"},
}

var dropConnectorForms = []Topic{
	{"DROP CONNECTOR [IF EXISTS] name", "Ends a connector.", "DROP CONNECTOR demo"},
}

var dropTopicForms = []Topic{
	{"DROP TOPIC [IF EXISTS] name", "Deletes a topic with its records and its schemas. It is refused while a stream or table is over it, or a connector uses it.", "DROP TOPIC IF EXISTS clicks"},
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
		s.Cascade = c.accept("CASCADE")
		s.DeleteTopic = c.acceptWords("DELETE", "TOPIC")
		if s.Cascade {
			c.end("DELETE TOPIC")
		} else {
			c.end("CASCADE", "DELETE TOPIC")
		}
		return s
	case c.accept("TOPIC"):
		return &ast.DropTopic{At: at, IfExists: c.ifExists(), Topic: c.resource("a topic")}
	case c.accept("TYPE"):
		return &ast.DropType{At: at, IfExists: c.ifExists(), Name: c.name("a type's name")}
	case c.accept("FUNCTION"):
		return &ast.DropFunction{At: at, IfExists: c.ifExists(), Name: c.name("a function's name")}
	case c.accept("CONNECTOR"):
		return &ast.DropConnector{At: at, IfExists: c.ifExists(), Name: c.name("a connector's name")}
	}
	c.expected("STREAM", "TABLE", "TOPIC", "TYPE", "FUNCTION", "CONNECTOR")
	return nil
}

func (c *cutter) ifExists() bool { return c.acceptWords("IF", "EXISTS") }
