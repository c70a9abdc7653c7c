package parser

import (
	"math/rand/v2"
	"testing"

	"weir/parser/ast"
)

// generator makes random trees that the grammar can express.
type generator struct{ *rand.Rand }

func (g generator) name() string {
	names := []string{"A", "B_1", "id", "x y", "a`b", `a"b`, "SELECT", "KEY", "EMIT", "ARRAY", "MAP", "STRUCT", "DATE", "1A", "É", "DAYS", "DAY",
		"PARTITION", "ESCAPE", "IF", "RANK", "INTERVAL", "COUNT", "KSQL", "DEREF", "GROUPS", "a\nb", "A@B", "COLUMN", "END", "DECIMAL", "${x}", "'"}
	return names[g.IntN(len(names))]
}

func (g generator) ident() ast.Ident { return ast.Ident{Name: g.name()} }

func (g generator) exprs(least, depth int) []ast.Expr {
	var list []ast.Expr
	for range least + g.IntN(3) {
		list = append(list, g.expr(depth))
	}
	return list
}

func (g generator) literal() ast.Expr {
	switch g.IntN(9) {
	case 0:
		return &ast.NullLit{}
	case 1:
		return &ast.BoolLit{Value: g.IntN(2) == 0}
	case 2:
		return &ast.IntLit{Value: int32(g.IntN(20) - 10)}
	case 3:
		return &ast.BigintLit{Value: []int64{1 << 31, -1<<31 - 1, 1<<63 - 1, -1 << 63}[g.IntN(4)]}
	case 4:
		return &ast.DecimalLit{Text: []string{"1.50", "-.5", "-3.", "0.0"}[g.IntN(4)]}
	case 5:
		return &ast.DoubleLit{Value: []float64{0, 1, -2.5e-300, 1.5e300, 123456.789, -0.001, 5e-324}[g.IntN(7)]}
	case 6:
		return &ast.TypeLit{Type: "DECIMAL", Text: "1.5"}
	}
	return &ast.StringLit{Value: g.name()}
}

func (g generator) expr(depth int) ast.Expr {
	if depth <= 0 {
		if g.IntN(2) == 0 {
			return g.literal()
		}
		ref := &ast.ColumnRef{Name: g.name()}
		if g.IntN(3) == 0 {
			ref.Qualifier = g.name()
		}
		return ref
	}
	depth--
	sub := func() ast.Expr { return g.expr(g.IntN(depth + 1)) }
	not := g.IntN(2) == 0
	switch g.IntN(17) {
	case 0:
		op, x := ast.UnaryOp(g.IntN(2)), sub()
		return &ast.Unary{Op: op, X: x}
	case 1, 2, 3:
		return &ast.Binary{Op: ast.BinaryOp(g.IntN(6)), L: sub(), R: sub()}
	case 4, 5:
		return &ast.Comparison{Op: ast.CompareOp(g.IntN(8)), L: sub(), R: sub()}
	case 6:
		return &ast.Logical{Op: ast.LogicalOp(g.IntN(2)), L: sub(), R: sub()}
	case 7:
		return &ast.Not{X: sub()}
	case 8:
		return &ast.IsNull{X: sub(), Not: not}
	case 9:
		return &ast.Between{X: sub(), Low: sub(), High: sub(), Not: not}
	case 10:
		if g.IntN(2) == 0 {
			return &ast.In{X: sub(), List: g.exprs(1, depth), Not: not}
		}
		return &ast.Like{X: sub(), Pattern: sub(), Not: not, Escape: []string{"", "!", "'", "é", `\`}[g.IntN(5)]}
	case 11:
		c := &ast.Case{Whens: []ast.When{{Cond: sub(), Result: sub()}, {Cond: sub(), Result: sub()}}}
		if not {
			c.Operand = sub()
		}
		if g.IntN(2) == 0 {
			c.Else = sub()
		}
		return c
	case 12:
		return &ast.Cast{X: sub(), Type: g.typ(2)}
	case 13:
		return g.call(depth)
	case 14:
		return &ast.Subscript{X: sub(), Index: sub()}
	case 15:
		return &ast.Deref{X: sub(), Field: g.name()}
	}
	return g.constructor(depth)
}

func (g generator) call(depth int) ast.Expr {
	c := &ast.Call{Name: g.name()}
	if g.IntN(4) == 0 {
		c.Star = true
		return c
	}
	c.Args = g.exprs(0, depth)
	if len(c.Args) > 0 && g.IntN(3) == 0 {
		c.Args[0] = &ast.UnitLit{Unit: ast.Unit(g.IntN(5))}
	}
	for len(c.Args) > 0 && g.IntN(3) == 0 {
		l := &ast.Lambda{Params: []ast.Ident{g.ident()}, Body: g.expr(depth)}
		if g.IntN(2) == 0 {
			l.Params = append(l.Params, g.ident())
		}
		c.Args = append(c.Args, l)
	}
	return c
}

func (g generator) constructor(depth int) ast.Expr {
	elems := g.exprs(0, depth)
	switch g.IntN(3) {
	case 0:
		m := &ast.MapCtor{}
		for _, e := range elems {
			m.Entries = append(m.Entries, ast.MapEntry{Key: e, Value: g.expr(depth)})
		}
		return m
	case 1:
		s := &ast.StructCtor{}
		for _, e := range elems {
			s.Fields = append(s.Fields, ast.StructEntry{Ident: g.ident(), Value: e})
		}
		return s
	}
	return &ast.ArrayCtor{Elems: elems}
}

func (g generator) typ(depth int) *ast.Type {
	kind := ast.TypeKind(g.IntN(int(ast.TypeStruct) + 1))
	if depth == 0 && kind >= ast.TypeArray {
		kind = ast.TypeCustom
	}
	t := &ast.Type{Kind: kind}
	switch kind {
	case ast.TypeCustom:
		t.Name = g.name()
		if _, scalar := ast.ScalarKind(t.Name); scalar {
			t.Name = "CUSTOM"
		}
	case ast.TypeDecimal:
		t.Precision, t.Scale = 10, g.IntN(10)
	case ast.TypeMap:
		t.Key = g.typ(depth - 1)
		t.Elem = g.typ(depth - 1)
	case ast.TypeArray:
		t.Elem = g.typ(depth - 1)
	case ast.TypeStruct:
		for range g.IntN(3) {
			t.Fields = append(t.Fields, ast.Field{Ident: g.ident(), Type: g.typ(depth - 1)})
		}
	default:
	}
	return t
}

func (g generator) duration() *ast.Duration {
	if g.IntN(3) == 0 {
		return nil
	}
	return &ast.Duration{N: int64(g.IntN(5)), Unit: ast.Unit(g.IntN(5))}
}

func (g generator) query() *ast.Query {
	q := &ast.Query{}
	for range 1 + g.IntN(3) {
		switch g.IntN(5) {
		case 0:
			q.Select = append(q.Select, &ast.AllItem{Qualifier: []string{"", g.name()}[g.IntN(2)]})
		case 1:
			q.Select = append(q.Select, &ast.StructAllItem{X: g.expr(2)})
		default:
			item := &ast.ExprItem{X: g.expr(3)}
			if g.IntN(2) == 0 {
				item.Alias = g.ident()
			}
			q.Select = append(q.Select, item)
		}
	}
	table := func() ast.Source {
		t := &ast.Table{Name: g.name()}
		if g.IntN(2) == 0 {
			t.Alias = g.ident()
		}
		return t
	}
	q.From = table()
	for g.IntN(3) == 0 {
		j := &ast.Join{Kind: ast.JoinKind(g.IntN(4)), Left: q.From, Right: table(), On: g.expr(2)}
		if d := g.duration(); d != nil {
			j.Within = &ast.Within{Before: *d, After: ast.Duration{N: int64(g.IntN(5)), Unit: ast.Hour}, Grace: g.duration()}
		}
		q.From = j
	}
	one := &ast.Duration{N: 1, Unit: ast.Day}
	switch g.IntN(4) {
	case 0:
		q.Window = &ast.Window{Kind: ast.TumblingWindow, Size: one, Retention: g.duration(), Grace: g.duration()}
	case 1:
		q.Window = &ast.Window{Kind: ast.HoppingWindow, Name: g.name(), Size: one, Advance: one, Grace: g.duration()}
	case 2:
		q.Window = &ast.Window{Kind: ast.SessionWindow, Gap: one, Retention: g.duration(), Grace: g.duration()}
	}
	if g.IntN(2) == 0 {
		q.Where = g.expr(3)
	}
	if g.IntN(2) == 0 {
		q.GroupBy = &ast.ExprList{Items: g.exprs(0, 2)}
	}
	if g.IntN(2) == 0 {
		q.PartitionBy = &ast.ExprList{Items: g.exprs(0, 2)}
	}
	if g.IntN(2) == 0 {
		q.Having = g.expr(2)
	}
	for range g.IntN(3) {
		q.OrderBy = append(q.OrderBy, ast.OrderItem{X: g.exprs(1, 1)[0], Desc: g.IntN(2) == 0})
	}
	if g.IntN(2) == 0 {
		q.Emit = &ast.Emit{Kind: ast.EmitKind(g.IntN(2))}
	}
	if g.IntN(2) == 0 {
		q.Limit = &ast.Limit{N: int64(g.IntN(9)) - 2}
	}
	return q
}

// TestRandomTrees holds ast.Format to its law, and the parser to the places of what it read.
func TestRandomTrees(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 500
	}
	for seed := range n {
		g := generator{rand.New(rand.NewPCG(uint64(seed), 1))}
		q := g.query()
		checkFormat(t, q)
		text := ast.Format(q) + ";"
		if list, err := Parse(text, Options{}); err == nil {
			checkPositions(t, text, list[0].Node)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
