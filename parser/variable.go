package parser

import "weir/parser/ast"

var variableForms = []Topic{
	{"DEFINE name = 'text'", "Gives a variable a value; ${name} stands for it from then on.", "DEFINE topic = 'clicks'"},
	{"UNDEFINE name", "Forgets a variable.", "UNDEFINE topic"},
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
