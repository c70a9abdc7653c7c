package eval_test

import (
	"testing"

	"weir/exec/eval"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

func number(n int64) plan.Expr { return &plan.Literal{Value: types.BigintValue(n), T: types.TBigint} }

func null() plan.Expr { return &plan.Literal{T: types.TBigint} }

func arith(op byte, l, r plan.Expr) plan.Expr {
	return &plan.Arith{Op: op, L: l, R: r, T: types.TBigint}
}

func call(t *testing.T, name string, in ...plan.Expr) plan.Expr {
	t.Helper()
	args := make([]functions.Arg, len(in))
	for i, e := range in {
		args[i].Type = e.Type()
	}
	b, err := functions.Standard().Scalar(name).Resolve(args)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Call{Name: name, Bound: b, Args: in}
}

// transform is TRANSFORM(list, x => body(x)).
func transform(t *testing.T, list plan.Expr, body func(x plan.Expr) plan.Expr) plan.Expr {
	t.Helper()
	x := &plan.Param{Index: 0, Name: "X", T: types.TBigint}
	b, err := functions.Standard().Scalar("TRANSFORM").Resolve([]functions.Arg{{Type: list.Type()},
		{Arity: 1, Lambda: func([]*types.Type) (*types.Type, error) { return types.TBigint, nil }}})
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Call{Name: "TRANSFORM", Bound: b, Args: []plan.Expr{list}, Lambdas: []*plan.Lambda{{Params: 1, Body: body(x)}}}
}

// What an error or a NULL makes of the expressions around it.
func TestErrors(t *testing.T) {
	list := &plan.Array{Items: []plan.Expr{number(5), number(0), null()}, T: types.TArray(types.TBigint)}
	whole := &plan.Array{Items: []plan.Expr{number(5), number(0)}, T: types.TArray(types.TBigint)}
	division := arith('/', number(1), number(0))
	for _, c := range []struct {
		name   string
		expr   plan.Expr
		want   string
		fails  bool
		thrown bool
	}{
		{"NULL passes through arithmetic", arith('+', null(), number(1)), "null", false, false},
		{"division by zero", division, "null", true, true},
		{"as an argument", call(t, "IFNULL", division, number(7)), "7", true, false},
		{"as an item", &plan.Array{Items: []plan.Expr{number(1), division}, T: list.T}, "[1, null]", true, false},
		{"NULL in a lambda", transform(t, list, func(x plan.Expr) plan.Expr { return arith('+', x, number(1)) }), "null", true, true},
		{"an argument in a lambda", transform(t, list, func(x plan.Expr) plan.Expr { return call(t, "IFNULL", arith('/', number(10), x), number(7)) }), "[2, 7, 7]", true, false},
		{"a lambda in an argument", call(t, "ARRAY_LENGTH", transform(t, whole, func(x plan.Expr) plan.Expr { return arith('/', number(10), x) })), "null", true, false},
		{"a lambda without errors", transform(t, whole, func(x plan.Expr) plan.Expr { return arith('*', x, number(2)) }), "[10, 0]", false, false},
	} {
		k := &eval.Compiler{Env: &functions.Env{}}
		f := k.Compile(c.expr)
		ctx := k.NewCtx()
		for range 2 {
			ctx.Err, ctx.Thrown = nil, false
			got := "null"
			if v := f(ctx); !v.IsNull() {
				got = types.Text(v, c.expr.Type())
			}
			if got != c.want || (ctx.Err != nil) != c.fails || ctx.Thrown != c.thrown {
				t.Errorf("%s: got %s, error %v, thrown %t; want %s, %t, %t", c.name, got, ctx.Err, ctx.Thrown, c.want, c.fails, c.thrown)
			}
		}
	}
}
