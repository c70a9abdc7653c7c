package planner

import (
	"cmp"
	"fmt"
	"strings"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// term is one of several expressions that have to agree on a type: as written and as resolved.
type term struct {
	x    ast.Expr
	expr plan.Expr
}

// coerceError says why expressions don't agree on a type; whoever asked puts in front where that was.
type coerceError struct {
	pos ast.Pos
	msg string
}

func (e *coerceError) Error() string { return e.msg }

func (r *resolver) terms(list []ast.Expr) ([]term, error) {
	out := make([]term, len(list))
	for i, x := range list {
		e, err := r.expr(x)
		if err != nil {
			return nil, err
		}
		out[i] = term{x, e}
	}
	return out, nil
}

// unify gives all terms one type and converts them to it. NULLs fit everywhere; numbers widen; of ARRAYs, MAPs and STRUCTs the
// parts are unified, and STRUCTs get the fields of all; string literals come last and are read as what the others are; next to
// a string, other literals become text. The type is that of NULL where there is nothing else.
func unify(terms []term) (*types.Type, []plan.Expr, error) {
	t := types.TNull
	for _, texts := range []bool{false, true} {
		for _, m := range terms {
			if isText(m.expr) != texts {
				continue
			}
			w, err := widen(t, m)
			if err != nil {
				return nil, nil, &coerceError{m.x.Pos(), err.Error()}
			}
			t = w
		}
	}
	out := make([]plan.Expr, len(terms))
	for i, m := range terms {
		x, err := coerce(m.expr, t)
		if err != nil {
			return nil, nil, &coerceError{m.x.Pos(), err.Error()}
		}
		out[i] = x
	}
	return t, out, nil
}

func isText(e plan.Expr) bool {
	lit, ok := e.(*plan.Literal)
	return ok && lit.T.Kind == types.String
}

// widen is the type that takes in both the values so far and one more term.
func widen(t *types.Type, m term) (*types.Type, error) {
	w, err := widenExpr(t, m.expr)
	if err == nil && w == nil {
		err = fmt.Errorf("operator does not exist: %s = %s (%s)\nHint: You might need to add explicit type casts.", t, m.expr.Type(), ast.Quoted(m.x))
	}
	return w, err
}

// widenExpr is nil where there is no such type.
func widenExpr(t *types.Type, e plan.Expr) (*types.Type, error) {
	from := e.Type()
	switch lit, ok := e.(*plan.Literal); {
	case from.Kind == types.Null || ok && lit.Value.IsNull():
		return t, nil
	case t.Kind == types.Null:
		return from, nil
	case ok && t.Kind == types.String:
		return t, nil
	case ok && from.Kind == types.String:
		return widenText(t, lit.Value.Str())
	}
	switch e := e.(type) {
	case *plan.Array:
		if t.Kind == types.Array {
			elem, err := widenAll(t.Elem, e.Items)
			return wrapType(elem, err, types.TArray)
		}
	case *plan.Map:
		if t.Kind == types.Map {
			return widenMap(t, e)
		}
	case *plan.Struct:
		if t.Kind == types.Struct {
			return widenStruct(t, e)
		}
	default: // about these alone
	}
	return widestType(t, from), nil
}

func wrapType(t *types.Type, err error, wrap func(*types.Type) *types.Type) (*types.Type, error) {
	if t == nil || err != nil {
		return nil, err
	}
	return wrap(t), nil
}

// widenAll widens a type by several expressions.
func widenAll(t *types.Type, list []plan.Expr) (*types.Type, error) {
	for _, x := range list {
		w, err := widenExpr(t, x)
		if w == nil || err != nil {
			return nil, err
		}
		t = w
	}
	return t, nil
}

func widenMap(t *types.Type, m *plan.Map) (*types.Type, error) {
	var keys, vals []plan.Expr
	for i := 0; i < len(m.Items); i += 2 {
		keys, vals = append(keys, m.Items[i]), append(vals, m.Items[i+1])
	}
	key, err := widenAll(t.Key, keys)
	if key == nil || err != nil {
		return nil, err
	}
	elem, err := widenAll(t.Elem, vals)
	return wrapType(elem, err, func(elem *types.Type) *types.Type { return types.TMap(key, elem) })
}

func widenStruct(t *types.Type, s *plan.Struct) (*types.Type, error) {
	fields := append([]types.Field(nil), t.Fields...)
	for i, f := range s.T.Fields {
		at := t.FieldIndex(f.Name)
		if at < 0 {
			fields = append(fields, f)
			continue
		}
		w, err := widenExpr(fields[at].Type, s.Fields[i])
		if w == nil || err != nil {
			return nil, err
		}
		fields[at].Type = w
	}
	return types.TStruct(fields...), nil
}

// widestType is types.Widest that looks into ARRAYs, MAPs and STRUCTs; nil where there is none.
func widestType(a, b *types.Type) *types.Type {
	if a.Kind != b.Kind || !a.Kind.Nested() {
		return types.Widest(a, b)
	}
	switch a.Kind {
	case types.Array:
		if elem := widestType(a.Elem, b.Elem); elem != nil {
			return types.TArray(elem)
		}
		return nil
	case types.Map:
		key, elem := widestType(a.Key, b.Key), widestType(a.Elem, b.Elem)
		if key == nil || elem == nil {
			return nil
		}
		return types.TMap(key, elem)
	}
	fields := append([]types.Field(nil), a.Fields...)
	for _, f := range b.Fields {
		at := a.FieldIndex(f.Name)
		if at < 0 {
			fields = append(fields, f)
		} else if fields[at].Type = widestType(fields[at].Type, f.Type); fields[at].Type == nil {
			return nil
		}
	}
	return types.TStruct(fields...)
}

// widenText is the type that takes in a text beside values of a type: a number may need a wider one.
func widenText(t *types.Type, s string) (*types.Type, error) {
	if !t.Kind.Numeric() || t.Kind == types.Double {
		return textType(t, s)
	}
	v, err := types.ParseDecimal(strings.TrimSpace(s))
	if err != nil {
		return nil, badText(t, s)
	}
	if !strings.ContainsAny(s, ".eE") {
		for _, whole := range []*types.Type{types.TInteger, types.TBigint} {
			if conv, err := types.NewCaster(types.TString, whole); err == nil {
				if _, err := conv(types.StringValue(types.DecimalText(v))); err == nil {
					return types.Widest(t, whole), nil
				}
			}
		}
	}
	precision := max(types.Precision(v), v.Scale())
	if precision > types.MaxPrecision {
		return nil, badText(t, s)
	}
	return types.Widest(t, types.TDecimal(precision, v.Scale())), nil
}

func badText(t *types.Type, s string) error {
	return fmt.Errorf("invalid input syntax for type %s: %q.", t.Kind, s)
}

// textType sees whether a text can be read as a value of the type.
func textType(t *types.Type, s string) (*types.Type, error) {
	if _, err := readText(t, s); err != nil {
		return nil, err
	}
	return t, nil
}

// booleanTexts are what may stand for a boolean: any beginning of these words.
var booleanTexts = []string{"true", "false", "yes", "no"}

// readText reads a text as a value of a type.
func readText(t *types.Type, s string) (types.Value, error) {
	switch {
	case t.Kind == types.Boolean:
		word := strings.ToLower(strings.TrimSpace(s))
		for _, w := range booleanTexts {
			if word != "" && strings.HasPrefix(w, word) {
				return types.BoolValue(w == "true" || w == "yes"), nil
			}
		}
		return types.NullValue, badText(t, s)
	case t.Kind == types.Integer || t.Kind == types.Bigint:
		// Numbers such as 2e1 are whole, too.
		if v, err := types.ParseDecimal(strings.TrimSpace(s)); err == nil && v.Scale() == 0 {
			s = types.DecimalText(v)
		}
	case t.Kind.Nested():
		return types.NullValue, badText(t, s)
	}
	conv, err := types.NewCaster(types.TString, t)
	if err != nil {
		return types.NullValue, badText(t, s)
	}
	v, err := conv(types.StringValue(s))
	if err != nil {
		return types.NullValue, badText(t, s)
	}
	return v, nil
}

// coerce converts an expression to a type that unify has found. Constructors are converted part by part, so that their
// literals are, too.
func coerce(e plan.Expr, t *types.Type) (plan.Expr, error) {
	if e.Type().Equal(t) {
		return e, nil
	}
	switch e := e.(type) {
	case *plan.Literal:
		if e.Value.IsNull() {
			return &plan.Literal{T: t}, nil
		}
		if e.T.Kind == types.String && t.Kind != types.String {
			v, err := readText(t, e.Value.Str())
			return &plan.Literal{Value: v, T: t}, err
		}
	case *plan.Array:
		if t.Kind == types.Array {
			items, err := coerceAll(e.Items, func(int) *types.Type { return t.Elem })
			return &plan.Array{Items: items, T: t}, err
		}
	case *plan.Map:
		if t.Kind == types.Map {
			items, err := coerceAll(e.Items, func(i int) *types.Type { return [2]*types.Type{t.Key, t.Elem}[i&1] })
			return &plan.Map{Items: items, T: t}, err
		}
	case *plan.Struct:
		if t.Kind == types.Struct {
			return coerceStruct(e, t)
		}
	default: // about these alone
	}
	return implicit(e, t), nil
}

func coerceAll(list []plan.Expr, to func(i int) *types.Type) ([]plan.Expr, error) {
	out := make([]plan.Expr, len(list))
	for i, x := range list {
		var err error
		if out[i], err = coerce(x, to(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func coerceStruct(s *plan.Struct, t *types.Type) (plan.Expr, error) {
	out := &plan.Struct{T: t}
	for _, f := range t.Fields {
		at := s.T.FieldIndex(f.Name)
		if at < 0 {
			out.Fields = append(out.Fields, &plan.Literal{T: f.Type})
			continue
		}
		x, err := coerce(s.Fields[at], f.Type)
		if err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, x)
	}
	return out, nil
}

// agree is unify for a constructor or a CASE; what names it in messages.
func agree(e ast.Expr, terms []term, what string) (*types.Type, []plan.Expr, error) {
	t, out, err := unify(terms)
	if err != nil {
		bad := err.(*coerceError)
		return nil, nil, at(cmp.Or(bad.pos, e.Pos()), "%s%s", what, bad.msg)
	}
	return t, out, nil
}
