package parser

import (
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/parser/suggest"
)

// beginnings are the words that a statement can begin with, as the reference has them.
var beginnings = firstWords(Statements)

func firstWords(topics []Topic) []string {
	var out []string
	for _, t := range topics {
		head, _, choice := strings.Cut(strings.TrimPrefix(t.Syntax, "{ "), " }")
		if !choice || !strings.HasPrefix(t.Syntax, "{") {
			head, _, _ = strings.Cut(t.Syntax, " ")
		}
		for _, word := range strings.Split(head, " | ") {
			if !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}

// statement reads a whole statement. What goes to TiDB is in c.out afterwards; the rest of the node is complete.
// The result is nil if there was a mistake.
func (c *cutter) statement() ast.Statement {
	c.enter()
	defer c.leave()
	t := c.tok()
	if t.kind != kWord {
		c.expectedThing("a statement")
		return nil
	}
	switch t.value {
	case "SELECT":
		id := len(c.queries)
		c.query()
		return c.queries[id]
	case "CREATE":
		return c.create()
	case "INSERT":
		return c.insert()
	case "DROP":
		return c.drop()
	case "ALTER":
		return c.alter()
	case "EXPLAIN":
		return c.explain()
	case "PRINT":
		return c.print()
	case "SHOW", "LIST":
		return c.show()
	case "DESCRIBE":
		return c.describe()
	case "TERMINATE", "PAUSE", "RESUME":
		return c.onQuery()
	case "SET", "UNSET":
		return c.property()
	case "DEFINE", "UNDEFINE":
		return c.variable()
	case "ASSERT":
		return c.assert()
	case "RUN":
		if c.opts.TestStatements {
			return c.runScript()
		}
	}
	c.unknown(t)
	return nil
}

func (c *cutter) unknown(t *token) {
	msg := "Unknown statement '" + t.text + "'"
	if w, ok := suggest.Suggest(t.value, beginnings); ok {
		msg += "\nDid you mean '" + w + "'?"
	}
	c.fail(t, msg, "")
}

// explain reads EXPLAIN with a statement, or with a query's id: a name with nothing behind it.
func (c *cutter) explain() ast.Statement {
	s := &ast.Explain{At: ast.At(c.pos())}
	c.next()
	if t := c.tok(); t.isName() && c.ahead(1).kind == kEnd {
		s.QueryID = c.name("a query's id")
		return s
	}
	if t := c.tok(); t.isName() && !slices.Contains(beginnings, t.value) {
		c.next()
		c.end()
		return nil
	}
	if s.Statement = c.statement(); s.Statement == nil {
		return nil
	}
	return s
}

func (c *cutter) onQuery() ast.Statement {
	t := c.tok()
	at := ast.At(t.pos)
	c.next()
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

func (c *cutter) property() ast.Statement {
	at, set := ast.At(c.pos()), c.is("SET")
	c.next()
	name := c.text("the name of a property")
	if !set {
		return &ast.Unset{At: at, Name: name}
	}
	c.expectOp("=")
	return &ast.Set{At: at, Name: name, Value: c.text("a value")}
}

func (c *cutter) variable() ast.Statement {
	at, define := ast.At(c.pos()), c.is("DEFINE")
	c.next()
	t := c.tok()
	if t.kind != kWord {
		c.expectedThing("the name of a variable")
		return nil
	}
	c.next()
	if !define {
		return &ast.Undefine{At: at, Name: t.text}
	}
	c.expectOp("=")
	return &ast.Define{At: at, Name: t.text, Value: c.text("the variable's value")}
}
