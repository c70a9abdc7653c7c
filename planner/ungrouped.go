package planner

import (
	"cmp"
	"strings"

	"weir/parser/ast"
)

// usesAggregates says whether a query calls an aggregate in its SELECT.
func (b *builder) usesAggregates(q *ast.Query) bool {
	for _, it := range q.Select {
		if x, ok := it.(*ast.ExprItem); ok && b.aggregateIn(x.X) != nil {
			return true
		}
	}
	return false
}

// aggregateIn is a call of an aggregate inside an expression, or nil.
func (b *builder) aggregateIn(x ast.Expr) (found *ast.Call) {
	ast.Walk(x, func(e ast.Expr) bool {
		if call, ok := e.(*ast.Call); ok && found == nil && b.env.Functions.Aggregate(call.Name) != nil {
			found = call
		}
		return true
	})
	return found
}

// ofAll groups all rows into one where a query without GROUP BY may aggregate: its rows go to a client, so that nobody asks for their key.
func (b *builder) ofAll(q *ast.Query) (*ast.Query, error) {
	if err := b.ungrouped(q); err != nil {
		return nil, err
	}
	if !b.pushing || q.Emit == nil {
		return nil, b.needsGroup(q)
	}
	out := *q
	out.GroupBy = &ast.ExprList{At: q.At, Items: []ast.Expr{&ast.IntLit{At: q.At, Value: 1}}}
	return &out, nil
}

// ungrouped says what stands beside aggregates without a GROUP BY, and can't.
func (b *builder) ungrouped(q *ast.Query) error {
	var loose []string
	var pos ast.Pos
	for _, it := range q.Select {
		x, ok := it.(*ast.ExprItem)
		if !ok {
			return at(it.Pos(), "* can't stand beside aggregate functions: name the columns, and GROUP BY them.")
		}
		if b.aggregateIn(x.X) != nil {
			continue
		}
		loose = append(loose, ast.Quoted(x.X))
		if !pos.IsValid() {
			pos = x.X.Pos()
		}
	}
	if len(loose) > 0 {
		return looseError(pos, loose)
	}
	return nil
}

// needsGroup says that aggregates have no GROUP BY.
func (b *builder) needsGroup(q *ast.Query) error {
	var first *ast.Call
	for _, it := range q.Select {
		if x, ok := it.(*ast.ExprItem); ok {
			first = cmp.Or(first, b.aggregateIn(x.X))
		}
	}
	return at(first.Pos(), "Use of aggregate function %s requires a GROUP BY clause. To aggregate all rows, GROUP BY a constant.", strings.ToUpper(first.Name))
}

func looseError(pos ast.Pos, loose []string) error {
	return at(pos, "Non-aggregate SELECT expression(s) not part of GROUP BY: %s\n"+
		"Either add the column(s) to the GROUP BY or remove them from the SELECT.", strings.Join(loose, ", "))
}
