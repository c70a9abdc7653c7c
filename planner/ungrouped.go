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

// ungrouped says what is wrong with aggregates without a GROUP BY.
func (b *builder) ungrouped(q *ast.Query) error {
	var loose []string
	var pos ast.Pos
	var first *ast.Call
	for _, it := range q.Select {
		x, ok := it.(*ast.ExprItem)
		if !ok {
			return at(it.Pos(), "* can't stand beside aggregate functions: name the columns, and GROUP BY them.")
		}
		if call := b.aggregateIn(x.X); call != nil {
			first = cmp.Or(first, call)
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
	return at(first.Pos(), "Use of aggregate function %s requires a GROUP BY clause. To aggregate all rows, GROUP BY a constant.", strings.ToUpper(first.Name))
}

func looseError(pos ast.Pos, loose []string) error {
	return at(pos, "Non-aggregate SELECT expression(s) not part of GROUP BY: %s\n"+
		"Either add the column(s) to the GROUP BY or remove them from the SELECT.", strings.Join(loose, ", "))
}
