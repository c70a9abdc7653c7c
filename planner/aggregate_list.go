package planner

import (
	"errors"
	"slices"
	"strings"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
)

// aggregateList is the aggregate calls of a query, which stand from a slot on. One that is written twice is computed once.
type aggregateList struct {
	at    int
	aggs  []plan.Agg
	texts []string
}

// add plans a call, unless it is there already; time is the event time, for the aggregates that ask for it.
func (l *aggregateList) add(below *resolver, column func(*ast.ColumnRef) (plan.Expr, error), call *ast.Call, f *functions.Aggregate, use functions.Use, time ast.Expr) (*plan.Column, *functions.BoundAggregate, error) {
	text := ast.Format(call)
	i := slices.Index(l.texts, text)
	if i < 0 {
		agg, err := aggregateOf(below, column, call, f, use, time)
		if err != nil {
			return nil, nil, err
		}
		i = len(l.texts)
		l.texts, l.aggs = append(l.texts, text), append(l.aggs, agg)
	}
	bound := l.aggs[i].Bound
	return &plan.Column{Slot: l.at + i, Name: text, T: bound.Returns}, bound, nil
}

func (l *aggregateList) slots() plan.Layout {
	out := make(plan.Layout, len(l.aggs))
	for i, agg := range l.aggs {
		out[i] = plan.Slot{Name: l.texts[i], Type: agg.Bound.Returns}
	}
	return out
}

// aggregateOf resolves a call over the rows that are aggregated.
func aggregateOf(below *resolver, column func(*ast.ColumnRef) (plan.Expr, error), call *ast.Call, f *functions.Aggregate, use functions.Use, time ast.Expr) (plan.Agg, error) {
	below.column = column
	below.special = func(e ast.Expr) (plan.Expr, error) {
		if inner, ok := e.(*ast.Call); ok && below.env.Functions.Aggregate(inner.Name) != nil {
			return nil, at(inner.Pos(), "Aggregate functions can not be nested: %s(%s())", strings.ToUpper(call.Name), strings.ToUpper(inner.Name))
		}
		return nil, nil
	}
	args, exprs, err := below.args(call)
	if err != nil {
		return plan.Agg{}, err
	}
	bound, err := f.Resolve(args, use)
	if inner := (*Error)(nil); errors.As(err, &inner) {
		return plan.Agg{}, inner // what is wrong lies in a lambda
	}
	if err != nil {
		return plan.Agg{}, at(call.Pos(), "%v", err)
	}
	agg := plan.Agg{Name: call.Name, Bound: bound}
	for j, p := range bound.Params {
		agg.Args = append(agg.Args, implicit(exprs[j], p))
	}
	if bound.ByTime {
		x, err := below.expr(time)
		if err != nil {
			return plan.Agg{}, err
		}
		agg.Args = append(agg.Args, x)
	}
	for _, d := range bound.Deferred {
		l, err := below.deferred(call, d)
		if err != nil {
			return plan.Agg{}, err
		}
		agg.Deferred = append(agg.Deferred, l)
	}
	return agg, nil
}
