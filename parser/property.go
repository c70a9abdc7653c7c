package parser

import "weir/parser/ast"

var propertyForms = []Topic{
	{"SET 'property' = 'value'", "Sets a property for the statements that follow in the session.", "SET 'auto.offset.reset' = 'earliest'"},
	{"UNSET 'property'", "Goes back to the server's value.", "UNSET 'auto.offset.reset'"},
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
