package parser

import "weir/parser/ast"

// with reads WITH (name = literal, ...), if it is there.
func (c *cutter) with() []ast.Prop {
	if !c.accept("WITH") {
		return nil
	}
	c.expectOp("(")
	var props []ast.Prop
	for c.err == nil {
		t := c.tok()
		p := ast.Prop{Ident: ast.Ident{At: ast.At(t.pos), Name: t.value}}
		if t.kind == kString {
			c.next()
			if t.value == "" {
				c.failKind(Syntax, t.pos, "the name of a property cannot be empty", "")
			}
		} else {
			p.Ident = c.name("the name of a property")
		}
		c.expectOp("=")
		p.Value = c.literal()
		props = append(props, p)
		if !c.moreInList(")") {
			break
		}
	}
	return props
}

// literal reads a literal as an operand of WITH.
func (c *cutter) literal() ast.Expr {
	t := c.tok()
	at := ast.At(t.pos)
	switch {
	case t.isNumber() || t.isOp("-") && c.ahead(1).isNumber():
		return c.number()
	case t.kind == kString:
		c.next()
		return &ast.StringLit{At: at, Value: t.value}
	case c.accept("NULL"):
		return &ast.NullLit{At: at}
	case c.accept("TRUE"):
		return &ast.BoolLit{At: at, Value: true}
	case c.accept("FALSE"):
		return &ast.BoolLit{At: at}
	case t.isName():
		c.fail(t, "expected a literal, found "+describe(t), "Put a text into single quotes: '"+t.text+"'.")
	default:
		c.expectedThing("a literal")
	}
	return nil
}
