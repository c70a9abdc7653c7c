// Package eval compiles typed expressions to closures over 24-byte Values.
package eval

import (
	"errors"
	"fmt"
	"strings"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Ctx is what an expression sees of the world while it runs. One task owns it; it is reused from row to row.
type Ctx struct {
	Row    []types.Value
	Params []types.Value // of the lambdas that are running
	// Err is the first error met since it was last cleared; the value that had it became NULL.
	Err error
	// Thrown says that an error makes the whole result NULL: it was met outside of the arguments of functions and the parts of
	// constructors, which are NULL by themselves.
	Thrown bool
	meter  *functions.Meter
}

// Enter begins with a row.
func (c *Ctx) Enter(row []types.Value) {
	c.Row = row
	c.meter.Begin()
}

// Held is how many bytes the values take that have been computed for the row.
func (c *Ctx) Held() int { return c.meter.Held() }

// Meter counts what the row takes.
func (c *Ctx) Meter() *functions.Meter { return c.meter }

// Keep asks for the memory of so many copies of the row's values.
func (c *Ctx) Keep(row []types.Value, copies int) error { return c.meter.Copies(row, copies) }

// made accounts for a value: of what was taken since held was, it is all that is left.
func (c *Ctx) made(held int, v types.Value) types.Value {
	if err := c.meter.Made(held, v); err != nil {
		return c.fail(err)
	}
	return v
}

func (c *Ctx) fail(err error) types.Value {
	c.Thrown = true
	if c.Err == nil {
		c.Err = brief(err)
	}
	return types.NullValue
}

// maxMessage is how long a message may be: it tells of values, which may be megabytes.
const maxMessage = 1 << 10

// brief is an error with a message that is not too long.
func brief(err error) error {
	text := err.Error()
	if len(text) <= maxMessage {
		return err
	}
	return errors.New(strings.ToValidUTF8(text[:maxMessage], "") + " ...")
}

// Fn computes an expression for the row in the Ctx.
type Fn func(c *Ctx) types.Value

// Compiler makes closures for one task. MaxParams is how many lambda parameters the Ctx must have room for.
type Compiler struct {
	Env       *functions.Env
	MaxParams int
	// Checked makes an error of what a type can't hold, instead of what Java makes of it: for rows that a statement writes down.
	Checked bool
	lambdas int // around what is being compiled
}

// stepBytes is the size that a call counts for beside its arguments: a step.
const stepBytes = 64

// NewCtx is a Ctx with room for what was compiled.
func (k *Compiler) NewCtx() *Ctx {
	return &Ctx{Params: make([]types.Value, k.MaxParams), meter: functions.NewMeter(k.Env)}
}

// All compiles a list.
func (k *Compiler) All(list []plan.Expr) []Fn {
	out := make([]Fn, len(list))
	for i, e := range list {
		out[i] = k.Compile(e)
	}
	return out
}

// Compile makes the closure of an expression.
func (k *Compiler) Compile(e plan.Expr) Fn {
	switch e := e.(type) {
	case *plan.Column:
		slot := e.Slot
		return func(c *Ctx) types.Value { return c.Row[slot] }
	case *plan.Literal:
		v := e.Value
		return func(*Ctx) types.Value { return v }
	case *plan.Param:
		i := e.Index
		return func(c *Ctx) types.Value { return c.Params[i] }
	case *plan.Arith:
		return k.arith(e)
	case *plan.Neg:
		return k.neg(e)
	case *plan.Concat:
		return k.concat(e)
	case *plan.Compare:
		return k.compare(e)
	case *plan.Logic:
		return k.logic(e)
	case *plan.Not:
		return k.not(e)
	case *plan.IsNull:
		in, want := k.Compile(e.E), !e.Not
		return func(c *Ctx) types.Value { return types.BoolValue(in(c).IsNull() == want) }
	case *plan.In:
		return k.in(e)
	case *plan.Like:
		return k.like(e)
	case *plan.Case:
		return k.caseOf(e)
	case *plan.Cast:
		return k.cast(e)
	case *plan.Call:
		return k.call(e)
	case *plan.Subscript:
		return k.subscript(e)
	case *plan.Deref:
		in, at := k.Compile(e.E), e.Index
		return func(c *Ctx) types.Value {
			v := in(c)
			if v.IsNull() || at >= v.Len() {
				return types.NullValue
			}
			return v.Items()[at]
		}
	case *plan.Array:
		return k.construct(e.Items, types.ArrayValue)
	case *plan.Struct:
		return k.construct(e.Fields, types.StructValue)
	case *plan.Map:
		n := len(e.Items)
		return k.counted(n*n/(4*pairsPerStep), k.construct(e.Items, uniqueMap))
	}
	panic(fmt.Sprintf("eval: no closure for %T", e))
}

// counted counts steps before an expression; it leaves out the count where there are none.
func (k *Compiler) counted(steps int, f Fn) Fn {
	if steps == 0 {
		return f
	}
	return func(c *Ctx) types.Value {
		if err := c.meter.Step(steps); err != nil {
			return c.fail(err)
		}
		return f(c)
	}
}

func (k *Compiler) not(e *plan.Not) Fn {
	in := k.Compile(e.E)
	return func(c *Ctx) types.Value {
		v := in(c)
		if v.IsNull() {
			return v
		}
		return types.BoolValue(!v.Bool())
	}
}

// logic short-cuts: the right side is not evaluated where the left decides.
func (k *Compiler) logic(e *plan.Logic) Fn {
	l, r, and := k.Compile(e.L), k.Compile(e.R), e.And
	return func(c *Ctx) types.Value {
		a := l(c)
		if !a.IsNull() && a.Bool() != and {
			return a
		}
		b := r(c)
		if a.IsNull() && !b.IsNull() && b.Bool() == and {
			return a
		}
		return b
	}
}

func (k *Compiler) caseOf(e *plan.Case) Fn {
	type arm struct{ cond, result Fn }
	arms := make([]arm, len(e.Whens))
	for i, w := range e.Whens {
		arms[i] = arm{k.Compile(w.Cond), k.Compile(w.Result)}
	}
	otherwise := func(*Ctx) types.Value { return types.NullValue }
	if e.Else != nil {
		otherwise = k.Compile(e.Else)
	}
	return func(c *Ctx) types.Value {
		for i := range arms {
			if arms[i].cond(c).Bool() {
				return arms[i].result(c)
			}
		}
		return otherwise(c)
	}
}

func (k *Compiler) cast(e *plan.Cast) Fn {
	in := k.Compile(e.E)
	from, to := e.E.Type(), e.T
	switch {
	case from.Kind == types.Integer && to.Kind == types.Bigint:
		return func(c *Ctx) types.Value {
			v := in(c)
			if v.IsNull() {
				return v
			}
			return types.BigintValue(v.Int())
		}
	case from.Kind.Numeric() && to.Kind == types.Double: // to the nearest, as is meant by a DOUBLE
		return func(c *Ctx) types.Value {
			v := in(c)
			if v.IsNull() {
				return v
			}
			return types.DoubleValue(v.AsDouble())
		}
	}
	maker := types.NewCaster
	switch {
	case k.Checked && e.Implicit:
		maker = types.NewExactCaster
	case k.Checked:
		maker = types.NewRangeCaster
	}
	conv, err := maker(from, to)
	if err != nil {
		return func(c *Ctx) types.Value { return c.fail(err) }
	}
	return func(c *Ctx) types.Value {
		held := c.meter.Held()
		v, err := conv(in(c))
		if err != nil {
			return c.fail(err)
		}
		return c.made(held, v)
	}
}

// Lambda makes the closure of a lambda, which sees of the world what is in the cell when it is called.
func (k *Compiler) Lambda(l *plan.Lambda, cell **Ctx) functions.Lambda {
	k.MaxParams = max(k.MaxParams, l.Base+l.Params)
	k.lambdas++
	body, base := k.Compile(l.Body), l.Base
	k.lambdas--
	return func(in []types.Value) (types.Value, error) {
		c := *cell
		if err := c.meter.Step(1); err != nil {
			return types.NullValue, err
		}
		copy(c.Params[base:], in)
		c.Thrown = false
		if v := body(c); !c.Thrown {
			return v, nil
		}
		return types.NullValue, c.Err
	}
}

func (k *Compiler) call(e *plan.Call) Fn {
	eval := e.Bound.New(k.Env)
	args := k.All(e.Args)
	call := &functions.Call{Args: make([]types.Value, len(args))}
	cell := new(*Ctx) // the Ctx of the row being evaluated, for the lambdas
	for _, l := range e.Lambdas {
		call.Lambdas = append(call.Lambdas, k.Lambda(l, cell))
	}
	name := e.Name
	return func(c *Ctx) types.Value {
		held, size := c.meter.Held(), stepBytes
		for i, a := range args {
			v := a(c)
			call.Args[i] = v
			if v.Kind() == types.String || v.Kind() == types.Bytes {
				size += v.Len()
			}
		}
		c.Thrown = false
		*cell, call.Meter = c, c.meter
		err := c.meter.Read(size)
		var v types.Value
		if err == nil {
			v, err = eval(call)
		}
		if err == nil {
			err = c.meter.Made(held, v)
		}
		if err != nil {
			c.meter.Release(held)
			return c.fail(fmt.Errorf("%s: %w", name, brief(err)))
		}
		return v
	}
}

// pairsPerStep is how many keys are compared in a step.
const pairsPerStep = 8

func (k *Compiler) subscript(e *plan.Subscript) Fn {
	in, index := k.Compile(e.E), k.Compile(e.Index)
	if e.E.Type().Kind == types.Map {
		return func(c *Ctx) types.Value {
			m, key := in(c), index(c)
			if m.IsNull() {
				return m
			}
			if err := c.meter.Step(m.Len() / pairsPerStep); err != nil {
				return c.fail(err)
			}
			v, _ := m.MapGet(key)
			return v
		}
	}
	return func(c *Ctx) types.Value {
		list, at := in(c), index(c)
		if list.IsNull() || at.IsNull() {
			return types.NullValue
		}
		i := at.Int()
		if i < 0 {
			i += int64(list.Len())
		} else {
			i--
		}
		if i < 0 || i >= int64(list.Len()) {
			return types.NullValue
		}
		return list.Items()[i]
	}
}

func (k *Compiler) construct(items []plan.Expr, wrap func([]types.Value) types.Value) Fn {
	fns := k.All(items)
	return func(c *Ctx) types.Value {
		held := c.meter.Held()
		out := make([]types.Value, len(fns))
		for i, f := range fns {
			out[i] = f(c)
		}
		c.Thrown = false
		return c.made(held, wrap(out))
	}
}

// uniqueMap keeps the last value of a key that is given twice.
func uniqueMap(pairs []types.Value) types.Value {
	out := pairs[:0]
next:
	for i := 0; i < len(pairs); i += 2 {
		for j := 0; j < len(out); j += 2 {
			if types.Equal(out[j], pairs[i]) {
				out[j+1] = pairs[i+1]
				continue next
			}
		}
		out = append(out, pairs[i], pairs[i+1])
	}
	return types.MapValue(out)
}
