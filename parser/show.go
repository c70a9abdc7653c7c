package parser

import "weir/parser/ast"

var shown = []string{
	"STREAMS", "TABLES", "TOPICS", "ALL TOPICS", "QUERIES", "FUNCTIONS", "PROPERTIES", "TYPES", "VARIABLES", "CONNECTORS",
	"SOURCE CONNECTORS", "SINK CONNECTORS", "CONNECTOR PLUGINS",
}

func (c *cutter) show() ast.Statement {
	s := &ast.Show{At: ast.At(c.pos())}
	c.next()
	switch {
	case c.accept("STREAMS"):
		s.Kind, s.Extended = ast.ShowStreams, c.accept("EXTENDED")
	case c.accept("TABLES"):
		s.Kind, s.Extended = ast.ShowTables, c.accept("EXTENDED")
	case c.accept("QUERIES"):
		s.Kind, s.Extended = ast.ShowQueries, c.accept("EXTENDED")
	case c.is("ALL"), c.is("TOPICS"):
		s.Kind, s.All = ast.ShowTopics, c.accept("ALL")
		c.expect("TOPICS")
		s.Extended = c.accept("EXTENDED")
	case c.accept("FUNCTIONS"):
		s.Kind = ast.ShowFunctions
	case c.accept("PROPERTIES"):
		s.Kind = ast.ShowProperties
	case c.accept("TYPES"):
		s.Kind = ast.ShowTypes
	case c.accept("VARIABLES"):
		s.Kind = ast.ShowVariables
	case c.accept("CONNECTORS"):
		s.Kind = ast.ShowConnectors
	case c.acceptWords("SOURCE", "CONNECTORS"):
		s.Kind, s.Connector = ast.ShowConnectors, ast.SourceConnector
	case c.acceptWords("SINK", "CONNECTORS"):
		s.Kind, s.Connector = ast.ShowConnectors, ast.SinkConnector
	case c.accept("CONNECTOR"):
		s.Kind = ast.ShowConnectorPlugins
		c.expect("PLUGINS")
	default:
		c.expected(shown...)
	}
	switch s.Kind {
	case ast.ShowStreams, ast.ShowTables, ast.ShowQueries, ast.ShowTopics:
		c.end("EXTENDED")
	default:
	}
	return s
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

func (c *cutter) print() ast.Statement {
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
