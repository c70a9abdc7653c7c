package parser

import "weir/parser/ast"

func (c *cutter) window() *ast.Window {
	w := &ast.Window{At: ast.At(c.pos())}
	c.next()
	isKind := func(t *token) bool { return t.isWord("TUMBLING") || t.isWord("HOPPING") || t.isWord("SESSION") }
	if c.tok().isName() && isKind(c.ahead(1)) && c.ahead(2).isOp("(") {
		w.Name = c.name("a window's name").Name
	}
	switch {
	case c.accept("TUMBLING"):
		w.Kind = ast.TumblingWindow
	case c.accept("HOPPING"):
		w.Kind = ast.HoppingWindow
	case c.accept("SESSION"):
		w.Kind = ast.SessionWindow
	default:
		c.expected("TUMBLING", "HOPPING", "SESSION")
		return w
	}
	c.expectOp("(")
	duration := func() *ast.Duration {
		d := c.duration()
		return &d
	}
	if w.Kind == ast.SessionWindow {
		w.Gap = duration()
	} else {
		c.expect("SIZE")
		w.Size = duration()
	}
	if w.Kind == ast.HoppingWindow {
		c.expectOp(",")
		c.expect("ADVANCE")
		c.expect("BY")
		w.Advance = duration()
	}
	for c.err == nil && c.moreInList(")") {
		switch {
		case w.Retention == nil && w.Grace == nil && c.accept("RETENTION"):
			w.Retention = duration()
		case w.Grace == nil && c.acceptWords("GRACE", "PERIOD"):
			w.Grace = duration()
		case w.Retention == nil && w.Grace == nil:
			c.expected("RETENTION", "GRACE PERIOD")
		case w.Grace == nil:
			c.expected("GRACE PERIOD")
		default:
			c.missing(")")
		}
	}
	return w
}
