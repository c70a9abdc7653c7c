package planner

import (
	"cmp"
	"slices"
	"strings"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// call plans an aggregate.
func (a *aggregation) call(call *ast.Call, f *functions.Aggregate) (plan.Expr, error) {
	below := a.b.resolver(a.sel, "SELECT")
	column := below.column
	if a.node.Window != nil {
		column = noBounds(column)
	}
	a.list.at = len(a.node.Group)
	x, bound, err := a.list.add(below, column, call, f, a.use(), &ast.ColumnRef{At: call.At, Name: types.RowTime})
	if err != nil {
		return nil, err
	}
	return x, a.permits(call, bound)
}

// use is what the aggregation asks of its aggregates.
func (a *aggregation) use() functions.Use {
	switch w := a.node.Window; {
	case a.sel.in.Table():
		return functions.TakingBack
	case w != nil && w.Kind == ast.SessionWindow:
		return functions.Merging
	}
	return functions.Adding
}

// permits refuses an aggregate that can't do what is asked of it; of those that can't take rows back it makes a list, for checkSource.
func (a *aggregation) permits(call *ast.Call, bound *functions.BoundAggregate) error {
	hint := ""
	if bound.Hint != "" {
		hint = " " + bound.Hint
	}
	name := strings.ToUpper(call.Name)
	switch use := a.use(); {
	case use == functions.Merging && bound.NoMerge:
		return at(call.Pos(), "%s cannot be used in session windows, which a row may connect: it does not know how to make one state of two.%s", name, hint)
	case use == functions.TakingBack && !bound.CanUndo && !slices.Contains(a.final, name):
		if len(a.final) == 0 {
			a.hint = hint
		}
		a.final = append(a.final, name)
		a.finalPos = cmp.Or(a.finalPos, call.Pos())
	}
	if bound.Nested {
		a.nested = cmp.Or(a.nested, call)
	}
	return nil
}

// deferred plans an argument that the state of an aggregate computes itself.
func (r *resolver) deferred(call *ast.Call, d functions.Deferred) (*plan.Lambda, error) {
	if d.Constant {
		column := r.column
		defer func() { r.column = column }()
		r.column = func(c *ast.ColumnRef) (plan.Expr, error) {
			if _, err := column(c); err != nil {
				return nil, err
			}
			return nil, at(c.Pos(), "%s can't be used in argument %d of %s, which is computed where there is no row: write it without columns, as 0 or CAST(NULL AS STRING).",
				ast.Quoted(c), d.Arg+1, strings.ToUpper(call.Name))
		}
	}
	arg := call.Args[d.Arg]
	if l, ok := arg.(*ast.Lambda); ok {
		return r.lambda(l, d.Params, d.Returns)
	}
	x, err := r.expr(arg)
	if err == nil {
		x, err = coerce(x, d.Returns)
	}
	if err != nil {
		return nil, err
	}
	return &plan.Lambda{Body: x}, nil
}
