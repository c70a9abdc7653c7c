package parser

import "weir/parser/ast"

// Options bound what is parsed. The zero value stands for the defaults.
type Options struct {
	// At is the line and the column of a larger text in which the text begins: positions are those of that one, offsets excepted.
	At ast.Pos

	MaxText      int // bytes of a whole text; 10 MiB
	MaxStatement int // bytes of one statement; 1 MiB
	MaxNesting   int // brackets, types, CASEs within each other; 500
	MaxDepth     int // depth of an expression's tree, where a + b + c has the depth 3; 20,000

	// TestStatements admits what only test scripts may contain: ASSERT VALUES, NULL VALUES, STREAM, TABLE; RUN SCRIPT.
	TestStatements bool
}

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.MaxText, 10<<20)
	def(&o.MaxStatement, 1<<20)
	def(&o.MaxNesting, 500)
	def(&o.MaxDepth, 20_000)
	return o
}
