package planner

import (
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

func (r *resolver) array(e *ast.ArrayCtor) (plan.Expr, error) {
	if len(e.Elems) == 0 {
		return nil, at(e.Pos(), "Array constructor cannot be empty. Please supply at least one element (see https://github.com/confluentinc/ksql/issues/4239).")
	}
	t, out, err := r.agreeing(e, e.Elems)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		return nil, at(e.Pos(), "Cannot construct an array with all NULL elements (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.")
	}
	return &plan.Array{Items: out, T: types.TArray(t)}, nil
}

func (r *resolver) mapOf(e *ast.MapCtor) (plan.Expr, error) {
	if len(e.Entries) == 0 {
		return nil, at(e.Pos(), "Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239).")
	}
	var keys, vals []ast.Expr
	for _, m := range e.Entries {
		keys, vals = append(keys, m.Key), append(vals, m.Value)
	}
	kt, keyExprs, err := r.agreeing(e, keys)
	if err != nil {
		return nil, err
	}
	vt, valExprs, err := r.agreeing(e, vals)
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
	for i := range keyExprs {
		out.Items = append(out.Items, keyExprs[i], valExprs[i])
	}
	return out, nil
}

// agreeing resolves expressions and converts them to one type.
func (r *resolver) agreeing(e ast.Expr, list []ast.Expr) (*types.Type, []plan.Expr, error) {
	terms, err := r.terms(list)
	if err != nil {
		return nil, nil, err
	}
	return agree(e, terms, r.invalid())
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
