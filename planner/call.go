package planner

import (
	"errors"
	"slices"
	"strings"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

func (r *resolver) call(e *ast.Call) (plan.Expr, error) {
	f := r.env.Functions.Scalar(e.Name)
	if f == nil {
		return nil, r.unknownFunction(e)
	}
	if name := strings.ToUpper(e.Name); r.env.called != nil && r.env.Catalog.Has(ast.KindFunction, name) {
		*r.env.called = append(*r.env.called, name)
	}
	return r.bind(e, f.Resolve)
}

// bind types the arguments of a call and chooses the variant of the function for them.
func (r *resolver) bind(e *ast.Call, resolve func([]functions.Arg) (*functions.Bound, error)) (*plan.Call, error) {
	args, exprs, err := r.args(e)
	if err != nil {
		return nil, err
	}
	bound, err := resolve(args)
	if inner := (*Error)(nil); errors.As(err, &inner) {
		return nil, inner // what is wrong lies in a lambda
	}
	if err != nil {
		return nil, at(e.Pos(), "%v", err)
	}
	call := &plan.Call{Name: e.Name, Bound: bound}
	for i, a := range e.Args {
		if l, ok := a.(*ast.Lambda); ok {
			at := len(call.Lambdas)
			body, err := r.lambda(l, bound.LambdaParams[at], bound.LambdaReturns[at])
			if err != nil {
				return nil, err
			}
			call.Lambdas = append(call.Lambdas, body)
		} else if exprs[i] != nil {
			call.Args = append(call.Args, implicit(exprs[i], bound.Params[i]))
		}
	}
	return call, nil
}

// args types the arguments of a call; lambdas are typed later, when the function knows their parameters.
func (r *resolver) args(e *ast.Call) ([]functions.Arg, []plan.Expr, error) {
	args := make([]functions.Arg, len(e.Args))
	exprs := make([]plan.Expr, len(e.Args))
	for i, a := range e.Args {
		switch a := a.(type) {
		case *ast.Lambda:
			args[i] = functions.Arg{Arity: len(a.Params), Lambda: r.lambdaType(a), Text: ast.Quoted(a)}
		case *ast.UnitLit:
			args[i] = functions.Arg{Unit: a.Unit.String(), Text: a.Unit.String()}
		default:
			x, err := r.expr(a)
			if err != nil {
				return nil, nil, err
			}
			exprs[i] = x
			args[i] = functions.Arg{Type: x.Type(), Text: ast.Quoted(a)}
			if lit, ok := x.(*plan.Literal); ok {
				args[i].Const = &lit.Value
			}
		}
	}
	return args, exprs, nil
}

func (r *resolver) unknownFunction(e *ast.Call) error {
	if r.env.Functions.Aggregate(e.Name) != nil {
		// What is wrong with its arguments is said first.
		if _, _, err := r.args(e); err != nil {
			return err
		}
		if r.clause == "GROUP BY" {
			return at(e.Pos(), "GROUP BY does not support aggregate functions: %s is an aggregate function.", e.Name)
		}
		return at(e.Pos(), "%s is an aggregate function: it can't be used in %s here. Use it in the SELECT or HAVING of a query with GROUP BY.", e.Name, r.clause)
	}
	if r.env.Functions.Table(e.Name) != nil {
		return at(e.Pos(), "%s is a table function: it can only be used in SELECT, and not inside another function.", e.Name)
	}
	return at(e.Pos(), "Can't find any functions with the name '%s'%s", e.Name, r.env.Functions.Suggest(e.Name))
}

// lambdaType types a lambda's body for parameters whose types the function's other arguments decide.
func (r *resolver) lambdaType(l *ast.Lambda) func([]*types.Type) (*types.Type, error) {
	return func(params []*types.Type) (*types.Type, error) {
		body, err := r.lambda(l, params, nil)
		if err != nil {
			return nil, err
		}
		return body.Body.Type(), nil
	}
}

// lambda is a lambda for parameters of these types, its result converted to a type where one is given.
func (r *resolver) lambda(l *ast.Lambda, params []*types.Type, returns *types.Type) (*plan.Lambda, error) {
	base := 0
	if n := len(r.params); n > 0 {
		base = r.params[n-1].expr.Index + 1
	}
	outer := r.params
	defer func() { r.params = outer }()
	if len(params) != len(l.Params) {
		return nil, at(l.Pos(), "the lambda has %d parameters, but is called with %d", len(l.Params), len(params))
	}
	for i, p := range l.Params {
		if slices.ContainsFunc(outer, func(o lambdaParam) bool { return o.name == p.Name }) {
			return nil, at(l.Pos(), "Reusing lambda arguments in nested lambda is not allowed: %s", p.Name)
		}
		if _, err := r.column(&ast.ColumnRef{At: l.At, Name: p.Name}); err == nil {
			return nil, at(l.Pos(), "Lambda function argument can't be a column name: %s", p.Name)
		}
		r.params = append(r.params, lambdaParam{p.Name, &plan.Param{Index: base + i, Name: p.Name, T: params[i]}})
	}
	body, err := r.expr(l.Body)
	if err == nil && returns != nil {
		body, err = coerce(body, returns)
	}
	if err != nil {
		return nil, err
	}
	return &plan.Lambda{Base: base, Params: len(params), Body: body}, nil
}
