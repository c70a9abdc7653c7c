package planner

import (
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// exploding are the table functions of a SELECT, and the columns that they make.
type exploding struct {
	calls   []*plan.Call
	columns []*plan.Column
}

// put puts the step into the plan where there are any.
func (ex *exploding) put(sel *selection) {
	if len(ex.calls) == 0 {
		return
	}
	n := &plan.Explode{In: sel.in, Calls: ex.calls, Slots: slices.Clone(sel.in.Layout())}
	for _, c := range ex.columns {
		c.Slot = len(n.Slots)
		n.Slots = append(n.Slots, plan.Slot{Name: c.Name, Type: c.T})
	}
	sel.in = n
}

// selectItem resolves an item in which table functions may stand anywhere.
func (b *builder) selectItem(r *resolver, sel *selection, it *item, ex *exploding) (plan.Expr, error) {
	if err := b.noTableCase(sel, it.x); err != nil {
		return nil, err
	}
	before := r.special
	r.special = func(e ast.Expr) (plan.Expr, error) {
		if call, ok := e.(*ast.Call); ok {
			if col, err := b.tableCall(r, sel, call, ex, it.name); col != nil || err != nil {
				return col, err
			}
		}
		if before == nil {
			return nil, nil
		}
		return before(e)
	}
	defer func() { r.special = before }()
	x, err := r.expr(it.x)
	if err == nil && x.Type().Kind == types.Null {
		return nil, at(it.pos, "The type of `%s` can't be told: give NULL a type, as in CAST(NULL AS STRING)", it.name)
	}
	return x, err
}

// tableCall plans a call of a table function; nil where the function is another kind.
func (b *builder) tableCall(r *resolver, sel *selection, call *ast.Call, ex *exploding, name string) (*plan.Column, error) {
	f := b.env.Functions.Table(call.Name)
	if f == nil {
		return nil, nil
	}
	if sel.in.Table() {
		return nil, at(call.Pos(), "Table source is not supported with table functions")
	}
	special := r.special
	r.special = b.noTableCall(call, special)
	bound, err := r.bind(call, f.Resolve)
	if r.special = special; err != nil {
		return nil, err
	}
	col := &plan.Column{Slot: -1, Name: name, T: bound.Bound.Returns}
	ex.calls, ex.columns = append(ex.calls, bound), append(ex.columns, col)
	return col, nil
}

// noTableCall refuses table functions inside a call of one, and leaves the rest to others, if any.
func (b *builder) noTableCall(outer *ast.Call, others func(ast.Expr) (plan.Expr, error)) func(ast.Expr) (plan.Expr, error) {
	return func(e ast.Expr) (plan.Expr, error) {
		if inner, ok := e.(*ast.Call); ok && b.env.Functions.Table(inner.Name) != nil {
			return nil, at(inner.Pos(), "Table functions cannot be nested: `%s`(`%s`())", strings.ToUpper(outer.Name), strings.ToUpper(inner.Name))
		}
		if others == nil {
			return nil, nil
		}
		return others(e)
	}
}

// noTableCase refuses table functions inside CASE: they would make rows whichever branch is taken.
func (b *builder) noTableCase(sel *selection, x ast.Expr) error {
	var bad ast.Expr
	ast.Walk(x, func(e ast.Expr) bool {
		if c, ok := e.(*ast.Case); ok && c.Operand == nil {
			ast.Walk(c, func(e ast.Expr) bool {
				if call, ok := e.(*ast.Call); ok && b.env.Functions.Table(call.Name) != nil {
					bad = c
				}
				return true
			})
		}
		return true
	})
	if bad == nil {
		return nil
	}
	return at(bad.Pos(), "Table functions cannot be used in CASE: %s", ast.Quoted(withSources(bad, sel.scopes)))
}
