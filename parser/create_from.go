package parser

import "weir/parser/ast"

var createFromForms = []Topic{
	{"CREATE [OR REPLACE] [SOURCE] { STREAM | TABLE } [IF NOT EXISTS] name FROM { TOPIC 'topic' | FILE 'file' } [WITH (property = value [, ...])]",
		"Finds out how the latest records of a topic are written and what columns they have, and declares a stream or table over them. Of a CSV or JSON lines file it makes a new stream, and a connector that loads the file. " +
			"The answer has the whole statements; EXPLAIN in front shows them alone. What WITH says of a topic is taken as it is; for a file there are FORMAT ('csv', 'json'), HEADER, DELIMITER, KAFKA_TOPIC, PARTITIONS and REPLICAS. " +
			"docs/sampling.md tells how types are found.",
		"CREATE STREAM flights FROM FILE 'flights.csv'"},
}

// createFrom reads on behind the name and FROM.
func (c *cutter) createFrom(s *ast.CreateSource) ast.Statement {
	c.out = c.out[:0] // nothing of it is for TiDB's parser
	out := &ast.CreateFrom{At: s.At, IsTable: s.IsTable, OrReplace: s.OrReplace, ReadOnly: s.ReadOnly, IfNotExists: s.IfNotExists, Name: s.Name}
	t := c.tok()
	switch {
	case c.accept("TOPIC"):
		out.From = c.resource("a topic's name")
	case c.is("FILE") && (s.IsTable || s.OrReplace || s.ReadOnly):
		c.fail(t, "a file makes a new stream: CREATE STREAM name FROM FILE 'file'", "A table comes of the stream: CREATE TABLE t AS SELECT key, LATEST_BY_OFFSET(column) FROM name GROUP BY key.")
	case c.accept("FILE"):
		out.File = true
		out.From = ast.Ident{At: ast.At(c.pos())}
		out.From.Name = c.text("a file's name")
	default:
		c.expected("TOPIC", "FILE")
	}
	out.With = c.with()
	c.end("WITH")
	return out
}
