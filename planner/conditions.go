package planner

import (
	"unicode/utf8"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

var compareOps = [...]plan.CompareOp{ast.Eq: plan.Eq, ast.Ne: plan.Ne, ast.Lt: plan.Lt, ast.Le: plan.Le, ast.Gt: plan.Gt,
	ast.Ge: plan.Ge, ast.IsDistinct: plan.Distinct, ast.IsNotDistinct: plan.NotDistinct}

// compareNames are the operators' names in messages.
var compareNames = [...]string{ast.Eq: "EQUAL", ast.Ne: "NOT_EQUAL", ast.Lt: "LESS_THAN", ast.Le: "LESS_THAN_OR_EQUAL",
	ast.Gt: "GREATER_THAN", ast.Ge: "GREATER_THAN_OR_EQUAL", ast.IsDistinct: "IS_DISTINCT_FROM",
	ast.IsNotDistinct: "IS_NOT_DISTINCT_FROM"}

func (r *resolver) comparison(e *ast.Comparison) (plan.Expr, error) {
	l, err := r.expr(e.L)
	if err != nil {
		return nil, err
	}
	rt, err := r.expr(e.R)
	if err != nil {
		return nil, err
	}
	return r.compare(e.Pos(), e.Op, e.L, e.R, l, rt)
}

func (r *resolver) compare(pos ast.Pos, op ast.CompareOp, le, re ast.Expr, l, rt plan.Expr) (plan.Expr, error) {
	l, rt, err := r.comparable(pos, op, le, re, l, rt)
	if err != nil {
		return nil, err
	}
	return &plan.Compare{Op: compareOps[op], L: l, R: rt}, nil
}

// comparable converts both sides to types that can be compared, or says why that can't be.
func (r *resolver) comparable(pos ast.Pos, op ast.CompareOp, le, re ast.Expr, l, rt plan.Expr) (_, _ plan.Expr, err error) {
	if l, err = timeText(le, l, rt); err != nil {
		return nil, nil, err
	}
	if rt, err = timeText(re, rt, l); err != nil {
		return nil, nil, err
	}
	a, b := l.Type(), rt.Type()
	ordered := op == ast.Lt || op == ast.Le || op == ast.Gt || op == ast.Ge
	ok := a.Kind == types.Null || b.Kind == types.Null || types.Widest(a, b) != nil || (a.Kind.Temporal() && b.Kind.Temporal())
	if !ok || (ordered && (a.Kind.Nested() || a.Kind == types.Boolean)) {
		return nil, nil, at(pos, "Error in %s expression: Cannot compare %s (%s) to %s (%s) with %s.", r.clause,
			ast.Format(le), typeName(a), ast.Format(re), typeName(b), compareNames[op])
	}
	if a.Kind != b.Kind && a.Kind.Temporal() && b.Kind.Temporal() {
		return implicit(l, types.TTimestamp), implicit(rt, types.TTimestamp), nil
	}
	return l, rt, nil
}

// timeText reads a string literal that is compared with a time as one.
func timeText(e ast.Expr, x, other plan.Expr) (plan.Expr, error) {
	lit, ok := x.(*plan.Literal)
	if !ok || lit.T.Kind != types.String {
		return x, nil
	}
	t := other.Type()
	if isTimeColumn(other) {
		ms, err := types.ParseTimestamp(lit.Value.Str())
		if err != nil {
			return nil, at(e.Pos(), "%v", err)
		}
		return &plan.Literal{Value: types.BigintValue(ms), T: types.TBigint}, nil
	}
	if !t.Kind.Temporal() {
		return x, nil
	}
	conv, err := types.NewCaster(types.TString, t)
	if err != nil {
		return nil, err
	}
	v, err := conv(lit.Value)
	if err != nil {
		return nil, at(e.Pos(), "%v", err)
	}
	return &plan.Literal{Value: v, T: t}, nil
}

func isTimeColumn(e plan.Expr) bool {
	c, ok := e.(*plan.Column)
	return ok && (c.Name == types.RowTime || c.Name == types.WindowStart || c.Name == types.WindowEnd) && c.T.Kind == types.Bigint
}

func (r *resolver) between(e *ast.Between) (plan.Expr, error) {
	list, err := r.all([]ast.Expr{e.X, e.Low, e.High})
	if err != nil {
		return nil, err
	}
	low, err := r.compare(e.Pos(), ast.Ge, e.X, e.Low, list[0], list[1])
	if err != nil {
		return nil, err
	}
	high, err := r.compare(e.Pos(), ast.Le, e.X, e.High, list[0], list[2])
	if err != nil {
		return nil, err
	}
	both := plan.Expr(&plan.Logic{And: true, L: low, R: high})
	if e.Not {
		return &plan.Not{E: both}, nil
	}
	return both, nil
}

func (r *resolver) in(e *ast.In) (plan.Expr, error) {
	x, err := r.expr(e.X)
	if err != nil {
		return nil, err
	}
	out := &plan.In{E: x, Not: e.Not}
	for _, item := range e.List {
		v, err := r.expr(item)
		if err != nil {
			return nil, err
		}
		if _, v, err = r.comparable(item.Pos(), ast.Eq, e.X, item, x, coerceLiteral(v, x.Type())); err != nil {
			return nil, err
		}
		out.List = append(out.List, v)
	}
	return out, nil
}

// coerceLiteral converts a literal to the type where that loses nothing; else it leaves it.
func coerceLiteral(e plan.Expr, t *types.Type) plan.Expr {
	lit, ok := e.(*plan.Literal)
	if !ok || lit.T.Kind == types.Null || lit.T.Equal(t) {
		return e
	}
	if lit.T.Kind == types.String && t.Kind != types.String || lit.T.Kind.Numeric() && t.Kind.Numeric() || t.Kind == types.String {
		if conv, err := types.NewCaster(lit.T, t); err == nil {
			if v, err := conv(lit.Value); err == nil && (t.Kind == types.String || types.Text(v, t) == types.Text(lit.Value, lit.T) || types.Equal(v, lit.Value)) {
				return &plan.Literal{Value: v, T: t}
			}
		}
	}
	return e
}

func (r *resolver) like(e *ast.Like) (plan.Expr, error) {
	x, err := r.expr(e.X)
	if err != nil {
		return nil, err
	}
	p, err := r.expr(e.Pattern)
	if err != nil {
		return nil, err
	}
	for _, side := range []plan.Expr{x, p} {
		if k := side.Type().Kind; k != types.String && k != types.Null {
			return nil, at(e.Pos(), "The column type for Like condition must be VARCHAR. The column type is %s", typeName(side.Type()))
		}
	}
	out := &plan.Like{E: x, Pattern: p, Not: e.Not}
	if e.Escape != "" {
		out.Escape, _ = utf8.DecodeRuneInString(e.Escape)
	}
	return out, nil
}

func (r *resolver) caseOf(e *ast.Case) (plan.Expr, error) {
	var operand plan.Expr
	var err error
	if e.Operand != nil {
		if operand, err = r.expr(e.Operand); err != nil {
			return nil, err
		}
	}
	out := &plan.Case{T: types.TNull}
	var results []plan.Expr
	for _, w := range e.Whens {
		var cond plan.Expr
		if operand == nil {
			cond, err = r.boolean(w.Cond)
		} else if cond, err = r.expr(w.Cond); err == nil {
			cond, err = r.compare(w.Cond.Pos(), ast.Eq, e.Operand, w.Cond, operand, coerceLiteral(cond, operand.Type()))
		}
		if err != nil {
			return nil, err
		}
		result, err := r.expr(w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, plan.When{Cond: cond})
		results = append(results, result)
	}
	if e.Else != nil {
		last, err := r.expr(e.Else)
		if err != nil {
			return nil, err
		}
		results = append(results, last)
	}
	t, err := r.common(e, results, "Invalid Case expression. Type for all 'THEN' clauses should be the same.")
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		return nil, at(e.Pos(), "Invalid Case expression. All case branches have NULL type")
	}
	out.T = t
	for i := range out.Whens {
		out.Whens[i].Result = implicit(results[i], t)
	}
	if e.Else != nil {
		out.Else = implicit(results[len(results)-1], t)
	}
	return out, nil
}

// common is the type that all expressions convert to, literals most willingly.
func (r *resolver) common(e ast.Expr, list []plan.Expr, complaint string) (*types.Type, error) {
	t := types.TNull
	for _, x := range list {
		if _, ok := x.(*plan.Literal); !ok {
			w := types.Widest(t, x.Type())
			if w == nil {
				return nil, at(e.Pos(), "%s Got %s and %s.", complaint, t, x.Type())
			}
			t = w
		}
	}
	for _, x := range list {
		if lit, ok := x.(*plan.Literal); ok {
			w := types.Widest(t, lit.T)
			if w == nil && coerceLiteral(lit, t) != x {
				w = t
			}
			if w == nil {
				return nil, at(e.Pos(), "%s Got %s and %s.", complaint, t, lit.T)
			}
			t = w
		}
	}
	return t, nil
}

func (r *resolver) array(e *ast.ArrayCtor) (plan.Expr, error) {
	if len(e.Elems) == 0 {
		return nil, at(e.Pos(), "Array constructor cannot be empty. Please supply at least one element (see https://github.com/confluentinc/ksql/issues/4239).")
	}
	items, err := r.all(e.Elems)
	if err != nil {
		return nil, err
	}
	t, err := r.common(e, items, "Cannot construct an array with mismatching types.")
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		return nil, at(e.Pos(), "Cannot construct an array with all NULL elements (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.")
	}
	return &plan.Array{Items: implicitAll(items, t), T: types.TArray(t)}, nil
}

func implicitAll(items []plan.Expr, t *types.Type) []plan.Expr {
	out := make([]plan.Expr, len(items))
	for i := range items {
		out[i] = implicit(items[i], t)
	}
	return out
}

func (r *resolver) mapOf(e *ast.MapCtor) (plan.Expr, error) {
	if len(e.Entries) == 0 {
		return nil, at(e.Pos(), "Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239).")
	}
	var keys, vals []plan.Expr
	for _, m := range e.Entries {
		k, err := r.expr(m.Key)
		if err != nil {
			return nil, err
		}
		v, err := r.expr(m.Value)
		if err != nil {
			return nil, err
		}
		keys, vals = append(keys, k), append(vals, v)
	}
	kt, err := r.common(e, keys, "Cannot construct a map with mismatching key types.")
	if err != nil {
		return nil, err
	}
	vt, err := r.common(e, vals, "Cannot construct a map with mismatching value types.")
	if err != nil {
		return nil, err
	}
	switch {
	case kt.Kind == types.Null:
		return nil, at(e.Pos(), "Cannot construct a map with all NULL keys (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL key to the desired type.")
	case vt.Kind == types.Null:
		return nil, at(e.Pos(), "Cannot construct a map with all NULL values (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.")
	}
	out := &plan.Map{T: types.TMap(kt, vt)}
	for i := range keys {
		out.Items = append(out.Items, implicit(keys[i], kt), implicit(vals[i], vt))
	}
	return out, nil
}

func (r *resolver) structOf(e *ast.StructCtor) (plan.Expr, error) {
	out := &plan.Struct{}
	var fields []types.Field
	seen := map[string]bool{}
	for _, f := range e.Fields {
		if seen[f.Name] {
			return nil, at(f.Pos(), "Duplicate field names found in STRUCT: '%s'", f.Name)
		}
		seen[f.Name] = true
		x, err := r.expr(f.Value)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, x)
		fields = append(fields, types.Field{Name: f.Name, Type: x.Type()})
	}
	out.T = types.TStruct(fields...)
	return out, nil
}
