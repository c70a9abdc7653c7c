package parser

import "weir/parser/ast"

var createFunctionForms = []Topic{
	{"CREATE [OR REPLACE] FUNCTION [IF NOT EXISTS] name ([parameter type [, ...]]) RETURNS type LANGUAGE WASM AS 'file' [SHA256 'digits']",
		"Makes a function of a WebAssembly module, which is kept. With SHA256 the file has to be the one meant. docs/wasm.md tells what a module looks like.",
		"CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS 'titles.wasm'"},
}

var dropFunctionForms = []Topic{
	{"DROP FUNCTION [IF EXISTS] name", "Forgets a function that CREATE FUNCTION made and that no query uses.", "DROP FUNCTION IF EXISTS slug"},
}

// createFunction reads on behind FUNCTION.
func (c *cutter) createFunction(at ast.At, orReplace bool) ast.Statement {
	s := &ast.CreateFunction{At: at, OrReplace: orReplace, IfNotExists: c.ifNotExists()}
	s.Name = c.name("a function's name")
	c.expectOp("(")
	if !c.acceptOp(")") {
		for c.err == nil {
			p := ast.Field{Ident: c.name("a parameter's name")}
			p.Type = c.typ()
			s.Params = append(s.Params, p)
			if !c.moreInList(")") {
				break
			}
		}
	}
	c.expect("RETURNS")
	s.Returns = c.typ()
	c.expect("LANGUAGE")
	s.Language = c.name("a language, such as WASM")
	c.expect("AS")
	s.File.At = ast.At(c.pos())
	s.File.Name = c.text("the name of a file")
	if c.accept("SHA256") {
		s.SHA256 = c.text("64 hexadecimal digits")
	}
	c.end("SHA256")
	return s
}
