package parser

import "weir/parser/ast"

var terminateForms = []Topic{
	{"{ TERMINATE | PAUSE | RESUME } { query id | ALL }", "Ends a query for good, stops it, or lets it go on.", "PAUSE CTAS_HITS_1"},
	{"{ PAUSE | RESUME } CONNECTOR name", "Stops a connector, or lets it go on: one that has failed, too.", "PAUSE CONNECTOR demo"},
}

func (c *cutter) onQuery() ast.Statement {
	t := c.tok()
	at := ast.At(t.pos)
	c.next()
	if t.value != "TERMINATE" && c.accept("CONNECTOR") {
		return &ast.PauseConnector{At: at, Resume: t.value == "RESUME", Name: c.name("a connector's name")}
	}
	all, id := c.accept("ALL"), ast.Ident{}
	if !all {
		id = c.name("a query's id, or ALL")
	}
	switch t.value {
	case "PAUSE":
		return &ast.Pause{At: at, All: all, QueryID: id}
	case "RESUME":
		return &ast.Resume{At: at, All: all, QueryID: id}
	}
	return &ast.Terminate{At: at, All: all, QueryID: id}
}
