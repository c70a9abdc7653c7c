package parser

import (
	"testing"

	"weir/parser/ast"
)

func TestTold(t *testing.T) {
	for _, c := range []struct {
		file, msg, line string
		pos             ast.Pos
		want            string
	}{
		{"a.sql", "no such column", "SELECT x;", ast.Pos{Line: 3, Col: 8}, "a.sql, line 3, column 8: no such column\n  SELECT x;\n         ^"},
		{"", "no such column", "\tSELECT x;", ast.Pos{Line: 1, Col: 9}, "line 1, column 9: no such column\n  \tSELECT x;\n  \t       ^"},
		{"a.sql", "Line: 3, Col: 8: no such column", "", ast.Pos{Line: 3, Col: 8}, "a.sql, line 3, column 8: no such column"},
		{"a.sql", "nobody knows where", "", ast.Pos{}, "a.sql: nobody knows where"},
		{"", "a terminal obeys none of it", "\x1b]0;x\a\r y\u009b", ast.Pos{Line: 1, Col: 8},
			"line 1, column 8: a terminal obeys none of it\n  \ufffd]0;x\ufffd\ufffd y\ufffd\n         ^"},
	} {
		if got := Told(c.file, c.pos, c.msg, c.line); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

// A statement that is cut out of a text keeps its place.
func TestInPlace(t *testing.T) {
	pieces := Split("SHOW STREAMS;\n\n  SELECT FROM a;")
	_, err := Parse(pieces.Statements[1].InPlace(), Options{})
	if e, ok := err.(*Error); !ok || e.Pos.Line != 3 || e.Pos.Col != 10 { //nolint:errorlint // Parse gives no other
		t.Errorf("got %v", err)
	}
}
