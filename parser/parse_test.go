package parser

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"weir/parser/ast"
)

func TestStmtText(t *testing.T) {
	src := " -- first\nSHOW STREAMS ; ;\n/* x */ SELECT *\n FROM s;  -- end"
	list, err := Parse(src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Stmt{
		{Text: "SHOW STREAMS ;", Pos: ast.Pos{Offset: 10, Line: 2, Col: 1}},
		{Text: "SELECT *\n FROM s;", Pos: ast.Pos{Offset: 35, Line: 3, Col: 9}},
	}
	if len(list) != len(want) {
		t.Fatalf("got %d statements", len(list))
	}
	for i, s := range list {
		if s.Text != want[i].Text || s.Pos != want[i].Pos || s.Node.Pos() != s.Pos {
			t.Errorf("got %q at %+v, want %q at %+v", s.Text, s.Pos, want[i].Text, want[i].Pos)
		}
	}
	for _, empty := range []string{"", " ", "-- x", "/* x */", ";"} {
		if list, err := Parse(empty, Options{}); err != nil || len(list) != 0 {
			t.Errorf("%q: %v, %v", empty, list, err)
		}
	}
}

// TestLimits passes every limit by one kind of text, and stays right below it.
func TestLimits(t *testing.T) {
	nest := func(open, body, end string) func(n int) string {
		return func(n int) string {
			return "SELECT " + strings.Repeat(open, n) + body + strings.Repeat(end, n) + " FROM s;"
		}
	}
	chain := func(text string) func(n int) string {
		return func(n int) string { return "SELECT a" + strings.Repeat(text, n) + " FROM s;" }
	}
	tests := []struct {
		name       string
		text       func(n int) string
		ok, tooBig int
	}{
		{"brackets", nest("(", "a", ")"), 200, 1_000_000 / 3},
		{"calls", nest("f(", "a", ")"), 200, 100_000},
		{"casts", nest("CAST(", "a", " AS INT)"), 200, 50_000},
		{"cases", nest("CASE WHEN ", "a", " THEN 1 END"), 200, 10_000},
		{"subscripts", nest("a[", "1", "]"), 200, 100_000},
		{"arrays", nest("ARRAY[", "1", "]"), 200, 100_000},
		{"maps", nest("MAP(1 := ", "1", ")"), 200, 5_000},
		{"structs", nest("STRUCT(a := ", "1", ")"), 200, 50_000},
		{"lambdas", nest("f(a, x => ", "1", ")"), 200, 50_000},
		{"signs", nest("- ", "a", ""), 200, 400_000},
		{"nots", nest("NOT ", "a", ""), 200, 200_000},
		{"derefs", chain("->b"), 200, 300_000},
		{"sums", chain("+1"), 10_000, 50_000},
		{"ors", chain(" OR b"), 10_000, 50_000},
		{"types", func(n int) string {
			return "CREATE TYPE t AS " + strings.Repeat("ARRAY<", n) + "INT" + strings.Repeat(">", n) + ";"
		}, 200, 100_000},
		{"postfix types", func(n int) string { return "CREATE TYPE t AS INT" + strings.Repeat(" ARRAY", n) + ";" }, 200, 100_000},
		{"explains", func(n int) string { return strings.Repeat("EXPLAIN ", n) + "SELECT * FROM s;" }, 200, 100_000},
		{"bytes", func(n int) string { return "SET 'a' = '" + strings.Repeat("x", n) + "';" }, 1 << 19, 1 << 20},
		{"text", func(n int) string { return strings.Repeat("SHOW TOPICS;", n) }, 1, 1 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.text(tt.ok), Options{}); err != nil {
				t.Errorf("%d: %.300s", tt.ok, err.Error())
			}
			_, err := Parse(tt.text(tt.tooBig), Options{})
			var e *Error
			if !errors.As(err, &e) || e.Kind != TooBig {
				t.Errorf("%d: got %.300v", tt.tooBig, err)
			} else if len(e.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(e.Error()))
			}
		})
	}
}

func TestParts(t *testing.T) {
	cols, err := ParseColumns("`ID` BIGINT KEY, name STRING, m MAP<STRING, INT> PRIMARY KEY", Options{})
	want := "ID BIGINT KEY|NAME STRING|M MAP<STRING, INTEGER> PRIMARY KEY"
	var got []string
	for _, c := range cols {
		got = append(got, ast.Format(c))
	}
	if err != nil || strings.Join(got, "|") != want {
		t.Errorf("%v: %q", err, got)
	}
	typ, err := ParseType("struct<a decimal(4,2), `b` x> array", Options{})
	if err != nil || typ.String() != "ARRAY<STRUCT<A DECIMAL(4, 2), `b` X>>" {
		t.Error(typ, err)
	}
	for _, bad := range []string{"", ";", "a", "a INT,", "a INT; b INT", "a INT) x"} {
		if cols, err := ParseColumns(bad, Options{}); err == nil {
			t.Errorf("%q: %v", bad, cols)
		}
		if typ, err := ParseType(bad+" 1", Options{}); err == nil {
			t.Errorf("%q: %v", bad, typ)
		}
		if e, err := ParseExpr(bad+" ]", Options{}); err == nil {
			t.Errorf("%q: %v", bad, e)
		}
	}
}

// TestConcurrent is for the race detector: parsers are shared among goroutines one after the other.
func TestConcurrent(t *testing.T) {
	src := "CREATE TABLE t WITH (a='b') AS SELECT CAST(a->b[1] AS INT), SUM(x + 1.5) FROM s GROUP BY a HAVING a LIKE 'x';"
	first, err := Parse(src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := treeWithPositions(first[0].Node)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				list, err := Parse(src, Options{})
				if err != nil || treeWithPositions(list[0].Node) != want {
					t.Error("another tree", err)
				}
				if _, err := Parse("SELECT 1 +;", Options{}); err == nil {
					t.Error("no error")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkParse(b *testing.B) {
	for _, bench := range []struct{ name, src string }{
		{"insert", "INSERT INTO s (a, b) VALUES (1, 'x');"},
		{"query", "SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) WHERE v > 1 GROUP BY k EMIT CHANGES;"},
		{"create", "CREATE STREAM s (id INT KEY, name STRING, a ARRAY<INT>) WITH (kafka_topic='t', value_format='JSON');"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bench.src, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
