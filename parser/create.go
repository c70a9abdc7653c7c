package parser

import "weir/parser/ast"

var createSourceForms = []Topic{
	{"CREATE [OR REPLACE] [SOURCE] STREAM [IF NOT EXISTS] name [(column type [KEY | HEADERS | HEADER('name')] [, ...])] WITH (property = value [, ...])",
		"Declares a stream over a topic. Columns may be left out where the format has its schemas in a registry. A SOURCE stream is only read.",
		"CREATE STREAM clicks (user_id STRING KEY, page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON')"},
	{"CREATE [OR REPLACE] [SOURCE] TABLE [IF NOT EXISTS] name [(column type [PRIMARY KEY | HEADERS | HEADER('name')] [, ...])] WITH (property = value [, ...])",
		"Declares a table over a topic whose records change the row of their key. A SOURCE table is also kept for pull queries.",
		"CREATE TABLE users (id STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='users', VALUE_FORMAT='JSON')"},
	{"CREATE [OR REPLACE] { STREAM | TABLE } [IF NOT EXISTS] name [WITH (property = value [, ...])] AS query",
		"Starts a query that runs until it is terminated and writes its result to a topic. Queries with GROUP BY make a TABLE.",
		"CREATE TABLE hits AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page"},
}

var createTypeForms = []Topic{
	{"CREATE TYPE [IF NOT EXISTS] name AS type", "Gives a type a name.",
		"CREATE TYPE address AS STRUCT<street STRING, city STRING>"},
}

var createConnectorForms = []Topic{
	{"CREATE { SOURCE | SINK } CONNECTOR [IF NOT EXISTS] name WITH (property = value [, ...])",
		"Starts a connector: a built-in one, or one of Kafka Connect.",
		"CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks')"},
}

var createTopicForms = []Topic{
	{"CREATE TOPIC [IF NOT EXISTS] name [WITH (property = value [, ...])]",
		"Makes a topic. The properties are PARTITIONS, REPLICAS, RETENTION_MS, CLEANUP_POLICY and MAX_MESSAGE_BYTES; what is left out is as the brokers have it.",
		"CREATE TOPIC clicks WITH (PARTITIONS=4, RETENTION_MS=86400000)"},
}

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
	case !readOnly && c.accept("FUNCTION"):
		return c.createFunction(at, orReplace)
	case orReplace && readOnly:
		c.expected("STREAM", "TABLE")
	case orReplace:
		c.expected("STREAM", "TABLE", "FUNCTION", "SOURCE")
	case readOnly && c.is("CONNECTOR"):
		return c.createConnector(at, ast.SourceConnector)
	case readOnly:
		c.expected("STREAM", "TABLE", "CONNECTOR")
	case t.isWord("SINK"):
		c.next()
		return c.createConnector(at, ast.SinkConnector)
	case c.accept("TOPIC"):
		return &ast.CreateTopic{At: at, IfNotExists: c.ifNotExists(), Topic: c.resource("a topic's name"), With: c.with()}
	case c.accept("TYPE"):
		s := &ast.CreateType{At: at, IfNotExists: c.ifNotExists()}
		s.Name = c.name("a type's name")
		c.expect("AS")
		s.Type = c.typ()
		return s
	default:
		c.expected("STREAM", "TABLE", "TOPIC", "TYPE", "FUNCTION", "SOURCE", "SINK", "OR REPLACE")
	}
	return nil
}

func (c *cutter) ifNotExists() bool { return c.acceptWords("IF", "NOT", "EXISTS") }

// createSource reads on behind STREAM or TABLE. With AS it turns into a CreateAs.
func (c *cutter) createSource(s *ast.CreateSource) ast.Statement {
	c.put("CREATE\nTABLE", s.Pos())
	if s.IfNotExists = c.ifNotExists(); s.IfNotExists {
		c.put("IF\nNOT\nEXISTS", s.Pos())
	}
	s.Name = c.name("a name for the " + kindName(s.IsTable))
	c.putName(s.Name)
	if c.accept("FROM") {
		return c.createFrom(s)
	}
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
			c.end("WITH", "AS", "FROM")
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
	c.query(true)
	return &ast.CreateAs{At: s.At, IsTable: s.IsTable, OrReplace: s.OrReplace, IfNotExists: s.IfNotExists, Name: s.Name, With: s.With}
}

func kindName(isTable bool) string {
	if isTable {
		return "table"
	}
	return "stream"
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
