package planner

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// call plans an aggregate, once for each text.
func (a *aggregation) call(call *ast.Call, f *functions.Aggregate) (plan.Expr, error) {
	text := ast.Format(call)
	i := slices.Index(a.texts, text)
	if i < 0 {
		agg, err := a.bind(call, f)
		if err != nil {
			return nil, err
		}
		i = len(a.texts)
		a.texts = append(a.texts, text)
		a.node.Aggs = append(a.node.Aggs, *agg)
	}
	return &plan.Column{Slot: len(a.node.Group) + i, Name: text, T: a.node.Aggs[i].Bound.Returns}, nil
}

func (a *aggregation) bind(call *ast.Call, f *functions.Aggregate) (*plan.Agg, error) {
	below := a.inner(call)
	args, exprs, err := below.args(call)
	if err != nil {
		return nil, err
	}
	bound, err := f.Resolve(args, a.use())
	if inner := (*Error)(nil); errors.As(err, &inner) {
		return nil, inner // what is wrong lies in a lambda
	}
	if err != nil {
		return nil, at(call.Pos(), "%v", err)
	}
	if err := a.permits(call, bound); err != nil {
		return nil, err
	}
	agg := &plan.Agg{Name: call.Name, Bound: bound}
	for j, p := range bound.Params {
		agg.Args = append(agg.Args, implicit(exprs[j], p))
	}
	if bound.ByTime {
		time, err := below.expr(&ast.ColumnRef{At: call.At, Name: types.RowTime})
		if err != nil {
			return nil, err
		}
		agg.Args = append(agg.Args, time)
	}
	for _, d := range bound.Deferred {
		l, err := below.deferred(call, d)
		if err != nil {
			return nil, err
		}
		agg.Deferred = append(agg.Deferred, l)
	}
	return agg, nil
}

// inner resolves the arguments of an aggregate.
func (a *aggregation) inner(call *ast.Call) *resolver {
	below := a.b.resolver(a.sel, "SELECT")
	if a.node.Window != nil {
		below.column = noBounds(below.column)
	}
	below.special = func(e ast.Expr) (plan.Expr, error) {
		if inner, ok := e.(*ast.Call); ok {
			if a.b.env.Functions.Aggregate(inner.Name) != nil {
				return nil, at(inner.Pos(), "Aggregate functions can not be nested: %s(%s())", strings.ToUpper(call.Name), strings.ToUpper(inner.Name))
			}
		}
		return nil, nil
	}
	return below
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
