package parser

import (
	"strings"

	"weir/parser/ast"
)

var showForms = []Topic{
	{"{ SHOW | LIST } { STREAMS | TABLES | QUERIES } [EXTENDED]", "Lists them.", "SHOW QUERIES EXTENDED"},
	{"{ SHOW | LIST } [ALL] TOPICS [EXTENDED]", "Lists the topics; ALL of them with internal ones.", "LIST ALL TOPICS"},
	{"{ SHOW | LIST } { FUNCTIONS | PROPERTIES | TYPES | VARIABLES }", "Lists them.", "SHOW FUNCTIONS"},
	{"{ SHOW | LIST } [SOURCE | SINK] CONNECTORS", "Lists the connectors.", "SHOW SOURCE CONNECTORS"},
	{"{ SHOW | LIST } CONNECTOR PLUGINS", "Lists what connectors there could be.", "SHOW CONNECTOR PLUGINS"},
	{"SHOW CREATE { STREAM | TABLE | TYPE | FUNCTION | CONNECTOR | QUERY } name",
		"Shows the statement that makes it as it stands now: with the columns that ALTER has added, and with what settings decided when it was made. Of connectors, secrets are left out.",
		"SHOW CREATE STREAM clicks"},
}

var shown = []string{
	"STREAMS", "TABLES", "TOPICS", "ALL TOPICS", "QUERIES", "FUNCTIONS", "PROPERTIES", "TYPES", "VARIABLES", "CONNECTORS",
	"SOURCE CONNECTORS", "SINK CONNECTORS", "CONNECTOR PLUGINS", "CREATE",
}

func (c *cutter) show() ast.Statement {
	s := &ast.Show{At: ast.At(c.pos())}
	c.next()
	switch {
	case c.accept("CREATE"):
		return c.showCreate(s.At)
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

// created are the kinds of things that SHOW CREATE shows.
var created = []string{ast.KindStream, ast.KindTable, ast.KindType, ast.KindFunction, ast.KindConnector, ast.KindQuery}

// showCreate reads on behind SHOW CREATE.
func (c *cutter) showCreate(at ast.At) ast.Statement {
	words := make([]string, len(created))
	for i, kind := range created {
		words[i] = strings.ToUpper(kind)
		if c.accept(words[i]) {
			what := "a " + kind + "'s name"
			if kind == ast.KindQuery {
				what = "a query's id"
			}
			return &ast.ShowCreate{At: at, Kind: kind, Name: c.name(what)}
		}
	}
	c.expected(words...)
	return nil
}
