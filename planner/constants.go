package planner

import (
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// constants plans a query that reads nothing: one row, of constants and functions of them.
func (b *builder) constants(q *ast.Query) (*Plan, error) {
	r := &resolver{env: b.env, clause: "SELECT", column: func(c *ast.ColumnRef) (plan.Expr, error) {
		return nil, at(c.Pos(), "%s is a column, and a SELECT without FROM reads none: name the stream or table that has it, or put a text into single quotes.", ast.Format(c))
	}}
	sel := &selection{}
	for _, it := range q.Select {
		switch it := it.(type) {
		case *ast.AllItem:
			return nil, at(it.Pos(), "* stands for the columns of a stream or table, and a SELECT without FROM reads none.")
		case *ast.StructAllItem:
			x, err := r.expr(it.X)
			if err != nil {
				return nil, err
			}
			if x.Type().Kind != types.Struct {
				return nil, at(it.Pos(), "Cannot resolve star '*' on non-struct type: %s", x.Type())
			}
			for _, f := range x.Type().Fields {
				sel.items = append(sel.items, item{name: f.Name, x: &ast.Deref{At: it.At, X: it.X, Field: f.Name}, pos: it.Pos()})
			}
		case *ast.ExprItem:
			sel.items = append(sel.items, item{name: it.Alias.Name, x: it.X, pos: it.X.Pos()})
		}
	}
	out := &plan.Query{Kind: plan.Pull, SQL: b.sql}
	for i := range sel.items {
		it := &sel.items[i]
		if err := b.needsRows(it.x); err != nil {
			return nil, err
		}
		var err error
		if it.expr, err = r.expr(it.x); err != nil {
			return nil, err
		}
	}
	sel.nameItems()
	seen := map[string]bool{}
	for _, it := range sel.items {
		if seen[it.name] {
			return nil, at(it.pos, "There are two columns named %s. Give one of them an alias with AS.", types.QuoteName(it.name))
		}
		seen[it.name] = true
		out.Row = append(out.Row, it.expr)
		out.Columns = append(out.Columns, types.Column{Name: it.name, Type: it.expr.Type()})
	}
	return &Plan{Query: out}, nil
}

// needsRows refuses functions of rows where there are none.
func (b *builder) needsRows(e ast.Expr) error {
	var err error
	ast.Walk(e, func(x ast.Expr) bool {
		call, ok := x.(*ast.Call)
		switch {
		case !ok || err != nil || b.env.Functions.Scalar(call.Name) != nil:
		case b.env.Functions.Aggregate(call.Name) != nil:
			err = at(call.Pos(), "%s is an aggregate function: it takes the rows of a stream or table, and a SELECT without FROM reads none.", call.Name)
		case b.env.Functions.Table(call.Name) != nil:
			err = at(call.Pos(), "%s is a table function: it makes several rows of one of a stream, and a SELECT without FROM reads none.", call.Name)
		}
		return err == nil
	})
	return err
}
