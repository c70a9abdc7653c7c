package eval_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"weir/exec/eval"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// series is GENERATE_SERIES(1, n).
func series(t *testing.T, n int64) plan.Expr { return call(t, "GENERATE_SERIES", number(1), number(n)) }

// nested goes through a quarter of a million millions of numbers.
func nested(t *testing.T) plan.Expr {
	return transform(t, series(t, 500_000), func(x plan.Expr) plan.Expr {
		return call(t, "ABS", call(t, "ARRAY_MAX", series(t, 500_000)))
	})
}

// The time of a row is bounded in steps, so that a replay comes to the same.
func TestSteps(t *testing.T) {
	k := &eval.Compiler{Env: &functions.Env{Config: map[string]string{"weir.max.row.steps": "100000"}}}
	f, ctx := k.Compile(nested(t)), k.NewCtx()
	for range 2 {
		ctx.Enter(nil)
		ctx.Err = nil
		v := f(ctx)
		var limit *functions.LimitError
		if !v.IsNull() || !errors.As(ctx.Err, &limit) || limit.Setting != "weir.max.row.steps" {
			t.Fatalf("got %v", ctx.Err)
		}
	}
}

// A loop looks whether its query has ended.
func TestInterrupted(t *testing.T) {
	done := make(chan struct{})
	k := &eval.Compiler{Env: &functions.Env{Done: done, Config: map[string]string{"weir.max.row.steps": "9000000000000"}}}
	f, ctx := k.Compile(nested(t)), k.NewCtx()
	ended := make(chan error)
	go func() {
		ctx.Enter(nil)
		f(ctx)
		ended <- ctx.Err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it came to an end by itself: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(done)
	select {
	case err := <-ended:
		if !errors.Is(err, functions.ErrInterrupted) {
			t.Errorf("got %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
}

// What a row holds is what its values are made of at the moment, not all that was ever made for it.
func TestHeld(t *testing.T) {
	k := &eval.Compiler{Env: &functions.Env{Config: map[string]string{"weir.max.row.bytes": "1000000"}}}
	text := func(s string) plan.Expr { return &plan.Literal{Value: types.StringValue(s), T: types.TString} }
	pad := func(n int32) plan.Expr {
		return call(t, "LPAD", text(""), &plan.Literal{Value: types.IntValue(n), T: types.TInteger}, text("x"))
	}
	small := transform(t, series(t, 10_000), func(x plan.Expr) plan.Expr { return call(t, "ARRAY_LENGTH", call(t, "SPLIT", pad(1000), text(","))) })
	large := transform(t, series(t, 10_000), func(x plan.Expr) plan.Expr { return pad(1000) })
	for _, c := range []struct {
		expr  plan.Expr
		fails bool
	}{{small, false}, {large, true}, {small, false}} {
		f := k.Compile(c.expr)
		ctx := k.NewCtx()
		ctx.Enter(nil)
		if f(ctx); (ctx.Err != nil) != c.fails {
			t.Errorf("got %v", ctx.Err)
		}
	}
}

// The message of an error tells of a value, and is short all the same.
func TestBriefErrors(t *testing.T) {
	long := &plan.Literal{Value: types.StringValue(strings.Repeat("x", 1<<20)), T: types.TString}
	k := &eval.Compiler{Env: &functions.Env{}}
	for _, e := range []plan.Expr{call(t, "TO_BYTES", long, &plan.Literal{Value: types.StringValue("hex"), T: types.TString}), &plan.Cast{E: long, T: types.TTimestamp}} {
		f := k.Compile(e)
		ctx := k.NewCtx()
		ctx.Enter(nil)
		if f(ctx); ctx.Err == nil || len(ctx.Err.Error()) > 2<<10 {
			t.Errorf("%T: got %.200v", e, ctx.Err)
		}
	}
}
