package parser

import (
	"strings"
	"testing"

	"weir/parser/ast"
)

// TestRefused hands TiDB texts that the walk would not let through, and expects its errors at the place in the user's text.
func TestRefused(t *testing.T) {
	src := "one\n  two 'x\ny' three;"
	pos := func(word string) ast.Pos {
		l := newLexer(src)
		for tok := l.next(); ; tok = l.next() {
			if tok.text == word {
				return tok.pos
			}
		}
	}
	for _, tt := range []struct {
		out  []outToken
		want string
	}{
		{[]outToken{{text: "SELECT", pos: pos("one")}, {text: "'x\ny'", pos: pos("'x\ny'")}, {text: ")", pos: pos("three")}},
			"line 3:4: Syntax Error\nSyntax error at or near 'three;'"},
		{[]outToken{{text: "SELECT", pos: pos("one")}, {text: "FROM", pos: pos("two")}}, "line 2:3: Syntax Error\nSyntax error at or near 'two'"},
		{[]outToken{{text: "SELECT", pos: pos("one")}, {text: "1", pos: pos("two")}, {text: ";\nSELECT\n1", pos: pos("three")}}, "internal error"},
		{[]outToken{{text: "COMMIT", pos: pos("two")}}, "internal error"},
		{[]outToken{{text: "SELECT", pos: pos("one")}, {text: "1", pos: pos("two")}}, "internal error"},
	} {
		c := &cutter{opts: Options{}.withDefaults(), src: src, toks: []token{{pos: pos("one")}}, out: tt.out}
		c.lower(&ast.Query{})
		if c.err == nil || !strings.Contains(c.err.Error(), tt.want) {
			t.Errorf("%v: got %v", tt.out, c.err)
		}
	}
}
