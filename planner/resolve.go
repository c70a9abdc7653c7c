package planner

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"weir/parser/ast"
	"weir/parser/suggest"
	"weir/planner/plan"
	"weir/types"
)

// resolver turns syntax into typed expressions over slots.
type resolver struct {
	env *Env
	// column finds what a name stands for.
	column func(*ast.ColumnRef) (plan.Expr, error)
	// special takes over expressions before the ordinary rules: group columns and aggregates above an aggregation.
	special func(ast.Expr) (plan.Expr, error)
	params  []lambdaParam
	clause  string // WHERE, SELECT ...: for messages
	joined  bool   // messages name columns as ksqlDB does behind a join: SOURCE_COLUMN
}

// quoted prints an expression for a message.
func (r *resolver) quoted(e ast.Expr) string {
	if !r.joined {
		return ast.Quoted(e)
	}
	named, _ := ast.Rewrite(e, func(x ast.Expr) (ast.Expr, error) {
		if c, ok := x.(*ast.ColumnRef); ok && c.Qualifier != "" {
			return &ast.ColumnRef{At: c.At, Name: c.Qualifier + "_" + c.Name}, nil
		}
		return x, nil
	})
	return ast.Quoted(named)
}

type lambdaParam struct {
	name string
	expr *plan.Param
}

func (r *resolver) all(list []ast.Expr) ([]plan.Expr, error) {
	out := make([]plan.Expr, len(list))
	for i, e := range list {
		x, err := r.expr(e)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// pair resolves the two sides of an operation.
func (r *resolver) pair(resolve func(ast.Expr) (plan.Expr, error), left, right ast.Expr) (_, _ plan.Expr, err error) {
	l, err := resolve(left)
	if err != nil {
		return nil, nil, err
	}
	rt, err := resolve(right)
	return l, rt, err
}

// invalid begins messages about conversions, as ksqlDB's do.
func (r *resolver) invalid() string {
	switch r.clause {
	case "SELECT":
		return "Invalid Select: "
	case "WHERE", "HAVING":
		return "Invalid Predicate: "
	case "GROUP BY":
		return "Invalid Group By: "
	}
	return ""
}

// errorIn begins messages about types in conditions.
func (r *resolver) errorIn() string {
	if r.clause == "WHERE" || r.clause == "HAVING" {
		return "Error in " + r.clause + " expression: "
	}
	return ""
}

func (r *resolver) expr(e ast.Expr) (plan.Expr, error) {
	if r.special != nil {
		if x, err := r.special(e); x != nil || err != nil {
			return x, err
		}
	}
	switch e := e.(type) {
	case *ast.ColumnRef:
		return r.columnRef(e)
	case *ast.NullLit, *ast.BoolLit, *ast.IntLit, *ast.BigintLit, *ast.DecimalLit, *ast.DoubleLit, *ast.StringLit, *ast.TypeLit:
		return literal(e)
	case *ast.UnitLit:
		return nil, at(e.Pos(), "%s is a unit of time: it can only be an argument of a function such as TIMESTAMPADD", e.Unit)
	case *ast.Unary:
		return r.unary(e)
	case *ast.Binary:
		return r.binary(e)
	case *ast.Comparison:
		return r.comparison(e)
	case *ast.Logical:
		return r.logical(e)
	case *ast.Not:
		x, err := r.boolean(e.X)
		return &plan.Not{E: x}, err
	case *ast.IsNull:
		x, err := r.expr(e.X)
		return &plan.IsNull{E: x, Not: e.Not}, err
	case *ast.Between:
		return r.between(e)
	case *ast.In:
		return r.in(e)
	case *ast.Like:
		return r.like(e)
	case *ast.Case:
		return r.caseOf(e)
	case *ast.Cast:
		return r.cast(e)
	case *ast.Call:
		return r.call(e)
	case *ast.Lambda:
		return nil, at(e.Pos(), "a lambda can only be an argument of a function such as TRANSFORM")
	case *ast.Subscript:
		return r.subscript(e)
	case *ast.Deref:
		return r.deref(e)
	case *ast.ArrayCtor:
		return r.array(e)
	case *ast.MapCtor:
		return r.mapOf(e)
	case *ast.StructCtor:
		return r.structOf(e)
	}
	return nil, at(e.Pos(), "%s is not supported here", ast.Format(e))
}

func (r *resolver) columnRef(e *ast.ColumnRef) (plan.Expr, error) {
	if e.Qualifier == "" {
		for i := len(r.params) - 1; i >= 0; i-- {
			if r.params[i].name == e.Name {
				return r.params[i].expr, nil
			}
		}
	}
	return r.column(e)
}

func literal(e ast.Expr) (plan.Expr, error) {
	switch e := e.(type) {
	case *ast.NullLit:
		return &plan.Literal{Value: types.NullValue, T: types.TNull}, nil
	case *ast.BoolLit:
		return &plan.Literal{Value: types.BoolValue(e.Value), T: types.TBoolean}, nil
	case *ast.IntLit:
		return &plan.Literal{Value: types.IntValue(e.Value), T: types.TInteger}, nil
	case *ast.BigintLit:
		return &plan.Literal{Value: types.BigintValue(e.Value), T: types.TBigint}, nil
	case *ast.DoubleLit:
		return &plan.Literal{Value: types.DoubleValue(e.Value), T: types.TDouble}, nil
	case *ast.StringLit:
		return &plan.Literal{Value: types.StringValue(e.Value), T: types.TString}, nil
	case *ast.DecimalLit:
		return decimalLiteral(e, e.Text)
	case *ast.TypeLit:
		return decimalLiteral(e, e.Text)
	default: // about these alone
	}
	return nil, at(e.Pos(), "%s is not a literal", ast.Format(e))
}

func decimalLiteral(e ast.Expr, text string) (plan.Expr, error) {
	v, err := types.ParseDecimal(text)
	if err != nil {
		return nil, at(e.Pos(), "Invalid numeric literal: %s", text)
	}
	precision := max(types.Precision(v), v.Scale())
	if precision > types.MaxPrecision {
		return nil, at(e.Pos(), "Invalid numeric literal: %s has more than %d digits", text, types.MaxPrecision)
	}
	return &plan.Literal{Value: v, T: types.TDecimal(precision, v.Scale())}, nil
}

func (r *resolver) unary(e *ast.Unary) (plan.Expr, error) {
	x, err := r.expr(e.X)
	if err != nil {
		return nil, err
	}
	if !x.Type().Kind.Numeric() {
		return nil, at(e.Pos(), "%sError processing expression: %s. A sign needs a number, but %s is of type %s.",
			r.errorIn(), r.quoted(e), r.quoted(e.X), typeName(x.Type()))
	}
	if e.Op == ast.Plus {
		return x, nil
	}
	if lit, ok := x.(*plan.Literal); ok && lit.T.Kind == types.Bigint && lit.Value.Int() == -math.MinInt32 {
		return &plan.Literal{Value: types.IntValue(math.MinInt32), T: types.TInteger}, nil
	}
	return &plan.Neg{E: x}, nil
}

func typeName(t *types.Type) string {
	if t.Kind == types.Null {
		return "null"
	}
	return t.String()
}

func (r *resolver) binary(e *ast.Binary) (plan.Expr, error) {
	l, rt, err := r.pair(r.expr, e.L, e.R)
	if err != nil {
		return nil, err
	}
	a, b := l.Type(), rt.Type()
	if e.Op == ast.Concat || e.Op == ast.Add {
		if a.Kind == b.Kind && (a.Kind == types.String || a.Kind == types.Bytes) {
			return &plan.Concat{L: l, R: rt}, nil
		}
	}
	if a.Kind == types.Null || b.Kind == types.Null {
		return nil, at(e.Pos(), "%sError processing expression: %s. Arithmetic on types %s and %s are not supported.",
			r.errorIn(), r.quoted(e), typeName(a), typeName(b))
	}
	if !a.Kind.Numeric() || !b.Kind.Numeric() || e.Op == ast.Concat {
		return nil, at(e.Pos(), "%sError processing expression: %s. Unsupported arithmetic types. %s %s",
			r.errorIn(), r.quoted(e), a.Kind, b.Kind)
	}
	t := arithType(e.Op, a, b)
	op := e.Op.String()[0]
	if t.Kind == types.Decimal {
		return &plan.Arith{Op: op, L: implicit(l, a.AsDecimal()), R: implicit(rt, b.AsDecimal()), T: t}, nil
	}
	return &plan.Arith{Op: op, L: implicit(l, t), R: implicit(rt, t), T: t}, nil
}

// arithType gives precision and scale of decimals as SQL Server does.
func arithType(op ast.BinaryOp, a, b *types.Type) *types.Type {
	w := types.Widest(a, b)
	if w.Kind != types.Decimal {
		return w
	}
	x, y := a.AsDecimal(), b.AsDecimal()
	var precision, scale int
	switch op {
	case ast.Mul:
		precision, scale = x.Precision+y.Precision+1, x.Scale+y.Scale
	case ast.Div:
		scale = max(6, x.Scale+y.Precision+1)
		precision = x.Precision - x.Scale + y.Scale + scale
	case ast.Mod:
		scale = max(x.Scale, y.Scale)
		precision = min(x.Precision-x.Scale, y.Precision-y.Scale) + scale
	default:
		scale = max(x.Scale, y.Scale)
		precision = max(x.Precision-x.Scale, y.Precision-y.Scale) + scale + 1
	}
	if precision > types.MaxPrecision {
		scale = max(scale-(precision-types.MaxPrecision), min(scale, 6))
		precision = types.MaxPrecision
	}
	return types.TDecimal(precision, scale)
}

// implicit converts without being asked to; literals are converted at once.
func implicit(e plan.Expr, t *types.Type) plan.Expr {
	if t == nil || e.Type().Equal(t) {
		return e
	}
	if lit, ok := e.(*plan.Literal); ok {
		if lit.T.Kind == types.Null {
			return &plan.Literal{T: t}
		}
		if conv, err := types.NewCaster(lit.T, t); err == nil {
			if v, err := conv(lit.Value); err == nil {
				return &plan.Literal{Value: v, T: t}
			}
		}
	}
	return &plan.Cast{E: e, T: t, Implicit: true}
}

func (r *resolver) boolean(e ast.Expr) (plan.Expr, error) {
	x, err := r.expr(e)
	if err != nil {
		return nil, err
	}
	if k := x.Type().Kind; k != types.Boolean && k != types.Null {
		return nil, at(e.Pos(), "Type error in %s expression: Should evaluate to boolean but is %s (%s) instead.",
			r.clause, r.quoted(e), typeName(x.Type()))
	}
	return x, nil
}

// condition is a whole WHERE or HAVING; what is wrong with its types is told with its text.
func (r *resolver) condition(e ast.Expr) (plan.Expr, error) {
	x, err := r.boolean(e)
	if bad := (*Error)(nil); errors.As(err, &bad) && (strings.HasPrefix(bad.Msg, "Error in "+r.clause) || strings.HasPrefix(bad.Msg, "Type error in "+r.clause)) {
		return nil, at(bad.Pos, "%s\nStatement: %s", bad.Msg, r.quoted(e))
	}
	return x, err
}

func (r *resolver) logical(e *ast.Logical) (plan.Expr, error) {
	l, rt, err := r.pair(r.boolean, e.L, e.R)
	if err != nil {
		return nil, err
	}
	return &plan.Logic{And: e.Op == ast.And, L: l, R: rt}, nil
}

func (r *resolver) cast(e *ast.Cast) (plan.Expr, error) {
	x, err := r.expr(e.X)
	if err != nil {
		return nil, err
	}
	t, err := r.env.typeOf(e.Type)
	if err != nil {
		return nil, err
	}
	if _, err := types.NewCaster(x.Type(), t); err != nil {
		return nil, at(e.Pos(), "%s%v", r.invalid(), err)
	}
	return &plan.Cast{E: x, T: t}, nil
}

func (r *resolver) subscript(e *ast.Subscript) (plan.Expr, error) {
	x, i, err := r.pair(r.expr, e.X, e.Index)
	if err != nil {
		return nil, err
	}
	switch t := x.Type(); {
	case t.Kind == types.Map:
		if w := types.Widest(t.Key, i.Type()); w == nil || !w.Equal(t.Key) {
			return nil, at(e.Index.Pos(), "the key of %s is of type %s, but %s is %s", ast.Format(e.X), t.Key, ast.Format(e.Index), typeName(i.Type()))
		}
		return &plan.Subscript{E: x, Index: implicit(i, t.Key)}, nil
	case t.Kind != types.Array:
		hint := ""
		if t.Kind == types.Struct {
			hint = " Use the dereference operator for STRUCTS: " + ast.Quoted(e.X) + "->" + ast.Quoted(e.Index)
		}
		return nil, at(e.Pos(), "Subscript expression (%s) do not apply to %s.%s", ast.Quoted(e), typeName(t), hint)
	case i.Type().Kind != types.Integer && i.Type().Kind != types.Bigint:
		return nil, at(e.Index.Pos(), "an element of an ARRAY has a number, but %s is of type %s", ast.Format(e.Index), typeName(i.Type()))
	}
	return &plan.Subscript{E: x, Index: i}, nil
}

func (r *resolver) deref(e *ast.Deref) (plan.Expr, error) {
	x, err := r.expr(e.X)
	if err != nil {
		return nil, err
	}
	t := x.Type()
	if t.Kind != types.Struct {
		return nil, at(e.Pos(), "Expected STRUCT type, got: %s. %s has no fields.", typeName(t), ast.Quoted(e.X))
	}
	i := t.FieldIndex(e.Field)
	if i < 0 {
		names := make([]string, len(t.Fields))
		for j, f := range t.Fields {
			names[j] = f.Name
		}
		return nil, at(e.Pos(), "Could not find field '%s' in '%s'.%s", e.Field, ast.Quoted(e.X), strings.TrimPrefix(didYouMean(e.Field, names), "."))
	}
	return &plan.Deref{E: x, Index: i}, nil
}

func didYouMean(word string, candidates []string) string {
	if s, ok := suggest.Suggest(word, candidates); ok {
		return fmt.Sprintf(". Did you mean %s?", s)
	}
	return ""
}
