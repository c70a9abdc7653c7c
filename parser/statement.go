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
