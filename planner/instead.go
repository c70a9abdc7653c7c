package planner

import (
	"errors"
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/types"
)

// instead adds to what is wrong with a statement the one to write: what has no group is put into aggregates, or grouped by, and STREAM becomes
// TABLE. Only what can be planned is told.
func (b *builder) instead(err error, candidates func() []ast.Statement) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	word := "\nWrite instead: "
	told := *e
	for _, s := range candidates() {
		text := ast.Format(s)
		other := &builder{env: b.env, sql: text}
		if other.plans(s) {
			told.Msg += word + text + ";"
			word = "\nOr: "
		}
	}
	return &told
}

func (b *builder) plans(s ast.Statement) bool {
	var err error
	switch s := s.(type) {
	case *ast.CreateAs:
		_, err = b.createAsWritten(s)
	case *ast.Query:
		_, err = b.pushAsWritten(s)
	default:
		return false
	}
	return err == nil
}

// createAs plans CREATE STREAM or TABLE ... AS.
func (b *builder) createAs(s *ast.CreateAs) (*Plan, error) {
	p, err := b.createAsWritten(s)
	if err != nil {
		return p, b.instead(err, func() []ast.Statement { return b.othersOf(s) })
	}
	return p, nil
}

// push plans a query whose rows go to a client as they come.
func (b *builder) push(q *ast.Query) (*Plan, error) {
	p, err := b.pushAsWritten(q)
	if err != nil {
		return p, b.instead(err, func() []ast.Statement {
			if other := b.grouped(q); other != nil {
				return []ast.Statement{other}
			}
			return nil
		})
	}
	return p, nil
}

// othersOf are statements that s may have been meant as: the same as the other kind, and with aggregates for what has no group.
func (b *builder) othersOf(s *ast.CreateAs) []ast.Statement {
	with := func(isTable bool, q *ast.Query) ast.Statement {
		other := *s
		other.IsTable, other.Query = isTable, q
		return &other
	}
	q := b.grouped(s.Query)
	if q == nil {
		q = s.Query
	}
	out := []ast.Statement{with(!s.IsTable, q)}
	if s.IsTable && q != s.Query {
		out[0] = with(true, q)
	}
	if latest := b.latest(s.Query); s.IsTable && latest != nil {
		out = append(out, with(true, latest))
	}
	return out
}

// grouped is a query with aggregates whose other columns are grouped by, or taken from the row with the least or greatest value, or from the latest
// one; nil if there are none to change.
func (b *builder) grouped(q *ast.Query) *ast.Query {
	if q.GroupBy == nil && !b.usesAggregates(q) {
		return nil
	}
	out := *q
	out.Select = slices.Clone(q.Select)
	var group []ast.Expr
	for i, it := range out.Select {
		item, ok := it.(*ast.ExprItem)
		if !ok {
			return nil
		}
		switch {
		case b.aggregateIn(item.X) != nil || !namesColumn(item.X):
		case q.GroupBy == nil:
			group = append(group, item.X)
		case !slices.ContainsFunc(q.GroupBy.Items, func(e ast.Expr) bool { return unqualified(e) == unqualified(item.X) }):
			out.Select[i] = b.ofGroup(q, item)
		}
	}
	if q.GroupBy == nil && len(group) > 0 {
		out.GroupBy = &ast.ExprList{Items: group}
	}
	if ast.Format(&out) == ast.Format(q) {
		return nil
	}
	return &out
}

// ofGroup is a column as one value of a group: that of the row that has its MIN or MAX, where one is selected, or else the latest.
func (b *builder) ofGroup(q *ast.Query, item *ast.ExprItem) *ast.ExprItem {
	call := &ast.Call{Name: "LATEST_BY_OFFSET", Args: []ast.Expr{item.X}}
	if extreme := b.extremeOf(q); extreme != nil {
		call.Name, call.Args = strings.ToUpper(extreme.Name)+"_BY", []ast.Expr{item.X, extreme.Args[0]}
	}
	out := &ast.ExprItem{X: call, Alias: item.Alias}
	if out.Alias.Name == "" {
		out.Alias.Name = exprName(item.X)
	}
	return out
}

// extremeOf is the MIN or MAX of a query that selects one such; nil otherwise.
func (b *builder) extremeOf(q *ast.Query) (found *ast.Call) {
	many := false
	for _, it := range q.Select {
		item, ok := it.(*ast.ExprItem)
		if !ok {
			continue
		}
		ast.Walk(item.X, func(e ast.Expr) bool {
			call, ok := e.(*ast.Call)
			if ok && len(call.Args) == 1 && (strings.EqualFold(call.Name, "MIN") || strings.EqualFold(call.Name, "MAX")) {
				many = many || found != nil && ast.Format(found) != ast.Format(call)
				found = call
			}
			return true
		})
	}
	if many {
		return nil
	}
	return found
}

// latest is a query without aggregates as one of the latest row of each key: the one that it is partitioned by, or the source's own, where
// that is selected.
func (b *builder) latest(q *ast.Query) *ast.Query {
	table, ok := q.From.(*ast.Table)
	if !ok || q.GroupBy != nil || b.usesAggregates(q) {
		return nil
	}
	out := *q
	out.GroupBy, out.PartitionBy = q.PartitionBy, nil
	src, ok := b.env.Catalog.Source(table.Name)
	if !ok {
		return nil
	}
	if out.GroupBy == nil {
		out.GroupBy = &ast.ExprList{}
		for _, c := range src.Schema.With(types.KeyColumn) {
			out.GroupBy.Items = append(out.GroupBy.Items, &ast.ColumnRef{Name: c.Name})
		}
	}
	out.Select = nil
	for _, it := range q.Select {
		if all, ok := it.(*ast.AllItem); ok && all.Qualifier == "" {
			for _, c := range src.Schema {
				out.Select = append(out.Select, &ast.ExprItem{X: &ast.ColumnRef{Name: c.Name}})
			}
			continue
		}
		out.Select = append(out.Select, it)
	}
	return b.grouped(&out)
}

// namesColumn says whether an expression hangs on the row.
func namesColumn(x ast.Expr) bool {
	found := false
	ast.Walk(x, func(e ast.Expr) bool {
		ref, ok := e.(*ast.ColumnRef)
		found = found || ok && ref.Name != types.WindowStart && ref.Name != types.WindowEnd
		return true
	})
	return found
}

// unqualified is an expression's text without the names of its sources.
func unqualified(x ast.Expr) string {
	out, err := ast.Rewrite(x, func(e ast.Expr) (ast.Expr, error) {
		if ref, ok := e.(*ast.ColumnRef); ok && ref.Qualifier != "" {
			bare := *ref
			bare.Qualifier = ""
			return &bare, nil
		}
		return e, nil
	})
	if err != nil {
		return ast.Format(x)
	}
	return ast.Format(out)
}
