package ast_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"weir/parser"
	"weir/parser/ast"
)

const everyExpr = `CASE -a + 1 WHEN b = 1 AND NOT c THEN ARRAY[d->e, f[1]] ELSE g(h, i => i) END IN (MAP('k' := j), STRUCT(x := k),
	CAST(l AS INT), m IS NULL, n BETWEEN o AND p, q LIKE r, DECIMAL '1', 1.5, 1E9, 'x', NULL, TRUE, 2147483648, h(DAYS, COUNT(*)))`

func parse(t *testing.T, src string) ast.Expr {
	t.Helper()
	e, err := parser.ParseExpr(src, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWalk(t *testing.T) {
	var names []string
	ast.Walk(parse(t, everyExpr), func(e ast.Expr) bool {
		if c, ok := e.(*ast.ColumnRef); ok {
			names = append(names, c.Name)
		}
		_, between := e.(*ast.Between)
		return !between
	})
	if got := strings.Join(names, ""); got != "ABCDFHIJKLMQR" {
		t.Errorf("visited %s", got)
	}
	ast.Walk(nil, func(ast.Expr) bool { t.Error("visited nil"); return true })
}

func TestRewrite(t *testing.T) {
	e := parse(t, everyExpr)
	before := ast.Format(e)
	same, err := ast.Rewrite(e, func(e ast.Expr) (ast.Expr, error) { return e, nil })
	if err != nil || same != e {
		t.Error("a rewrite without changes made a copy", err)
	}
	changed, err := ast.Rewrite(e, func(e ast.Expr) (ast.Expr, error) {
		if c, ok := e.(*ast.ColumnRef); ok {
			return &ast.ColumnRef{Qualifier: "T", Name: c.Name}, nil
		}
		return e, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := ast.Format(changed)
	if n := strings.Count(text, "T."); n != 16 || ast.Format(e) != before {
		t.Errorf("%d columns changed\n%s\n%s", n, text, ast.Format(e))
	}
	if strings.ReplaceAll(text, "T.", "") != before {
		t.Errorf("more than columns changed: %s", text)
	}
	stop := errors.New("stop")
	calls := 0
	if _, err := ast.Rewrite(e, func(e ast.Expr) (ast.Expr, error) { calls++; return nil, stop }); err != stop || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestQueryExprsAndTables(t *testing.T) {
	list, err := parser.Parse(`SELECT a, *, b->* FROM s JOIN t u ON c = d JOIN v ON e WHERE f GROUP BY g, h PARTITION BY i HAVING j;`, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := list[0].Node.(*ast.Query)
	var exprs, tables []string
	q.Exprs(func(e ast.Expr) { exprs = append(exprs, ast.Format(e)) })
	ast.Tables(q.From, func(s *ast.Table) { tables = append(tables, ast.Format(s)) })
	if got := strings.Join(exprs, "|"); got != "A|B|C = D|E|F|G|H|I|J" {
		t.Error(got)
	}
	if got := strings.Join(tables, "|"); got != "S|T AS U|V" {
		t.Error(got)
	}
}

func TestQuote(t *testing.T) {
	for name, want := range map[string]string{
		"A": "A", "A_1@B": "A_1@B", "_": "_", "a": "`a`", "1A": "`1A`", "": "``", "A B": "`A B`", "A`B": "`A``B`", "É": "`É`",
		"SELECT": "`SELECT`", "ARRAY": "`ARRAY`", "KEY": "KEY", "ID": "ID", "TIMESTAMP": "TIMESTAMP", "DECIMAL": "`DECIMAL`",
	} {
		if got := ast.Quote(name); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got := ast.QuoteString("it's"); got != "'it''s'" {
		t.Error(got)
	}
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		d    ast.Duration
		want time.Duration
	}{
		{ast.Duration{N: 5, Unit: ast.Millisecond}, 5 * time.Millisecond},
		{ast.Duration{N: 2, Unit: ast.Day}, 48 * time.Hour},
		{ast.Duration{N: 106751, Unit: ast.Day}, 106751 * 24 * time.Hour},
		{ast.Duration{Unit: ast.Hour}, 0},
	} {
		if got := tt.d.Duration(); got != tt.want {
			t.Errorf("%s: got %s", ast.Format(tt.d), got)
		}
	}
}

func TestQuoted(t *testing.T) {
	for src, want := range map[string]string{
		"a + b * c":                   "(A + (B * C))",
		"TRUE = b OR NOT c":           "((true = B) OR NOT C)",
		"MAP('k' := 1)['k']":          "MAP('k':=1)['k']",
		"STRUCT(f := -a, g := NULL)":  "STRUCT(F:=-A, G:=null)",
		"f(a IN (1, 2), x => x + 1)":  "F((A IN (1, 2)), X => (X + 1))",
		"s.a->b LIKE 'x' AND c < 1.5": "((S.A->B LIKE 'x') AND (C < 1.5))",
	} {
		if got := ast.Quoted(parse(t, src)); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}
