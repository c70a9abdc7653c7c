package eval

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"weir/planner/plan"
	"weir/types"
)

var errDivByZero = errors.New("/ by zero")

// errNullOperand makes the whole result of a function NULL whose lambda computes with NULL, as in ksqlDB; outside of lambdas
// NULL is passed on.
var errNullOperand = errors.New("a lambda computes with NULL")

func notNull(f Fn) Fn {
	return func(c *Ctx) types.Value {
		v := f(c)
		if v.IsNull() {
			return c.fail(errNullOperand)
		}
		return v
	}
}

func (k *Compiler) arith(e *plan.Arith) Fn {
	l, r := k.Compile(e.L), k.Compile(e.R)
	if k.lambdas > 0 {
		l, r = notNull(l), notNull(r)
	}
	switch e.T.Kind {
	case types.Integer, types.Bigint:
		if k.Checked {
			return checkedArith(e.Op, l, r, e.T)
		}
	default: // others don't wrap
	}
	switch e.T.Kind {
	case types.Integer:
		return integerArith(e.Op, l, r, func(n int64) types.Value { return types.IntValue(int32(n)) })
	case types.Bigint:
		return integerArith(e.Op, l, r, types.BigintValue)
	case types.Double:
		return doubleArith(e.Op, l, r)
	}
	return decimalArith(e.Op, l, r, e.T)
}

// checkedArith computes with whole numbers, and makes an error of a result that its type can't hold.
func checkedArith(op byte, l, r Fn, t *types.Type) Fn {
	wide := types.TDecimal(types.MaxPrecision, 0)
	fit, err := types.NewExactCaster(wide, t)
	if err != nil {
		return func(c *Ctx) types.Value { return c.fail(err) }
	}
	return func(c *Ctx) types.Value {
		a, b := l(c), r(c)
		if a.IsNull() || b.IsNull() {
			return types.NullValue
		}
		x, y := big.NewInt(a.Int()), big.NewInt(b.Int())
		switch {
		case op == '+':
			x.Add(x, y)
		case op == '-':
			x.Sub(x, y)
		case op == '*':
			x.Mul(x, y)
		case y.Sign() == 0:
			return c.fail(errDivByZero)
		case op == '/':
			x.Quo(x, y)
		default:
			x.Rem(x, y)
		}
		out, err := fit(types.BigDecimalValue(x, 0))
		if err != nil {
			return c.fail(err)
		}
		return out
	}
}

// integerArith wraps around on overflow, as Java's int and long do.
func integerArith(op byte, l, r Fn, wrap func(int64) types.Value) Fn {
	var f func(a, b int64) int64
	switch op {
	case '+':
		f = func(a, b int64) int64 { return a + b }
	case '-':
		f = func(a, b int64) int64 { return a - b }
	case '*':
		f = func(a, b int64) int64 { return a * b }
	default:
		return func(c *Ctx) types.Value {
			a, b := l(c), r(c)
			switch {
			case a.IsNull() || b.IsNull():
				return types.NullValue
			case b.Int() == 0:
				return c.fail(errDivByZero)
			case b.Int() == -1 && op == '/':
				return wrap(-a.Int())
			case b.Int() == -1:
				return wrap(0)
			case op == '/':
				return wrap(a.Int() / b.Int())
			}
			return wrap(a.Int() % b.Int())
		}
	}
	return func(c *Ctx) types.Value {
		a, b := l(c), r(c)
		if a.IsNull() || b.IsNull() {
			return types.NullValue
		}
		return wrap(f(a.Int(), b.Int()))
	}
}

func doubleArith(op byte, l, r Fn) Fn {
	var f func(a, b float64) float64
	switch op {
	case '+':
		f = func(a, b float64) float64 { return a + b }
	case '-':
		f = func(a, b float64) float64 { return a - b }
	case '*':
		f = func(a, b float64) float64 { return a * b }
	case '/':
		f = func(a, b float64) float64 { return a / b }
	default:
		f = math.Mod
	}
	return func(c *Ctx) types.Value {
		a, b := l(c), r(c)
		if a.IsNull() || b.IsNull() {
			return types.NullValue
		}
		return types.DoubleValue(f(a.AsDouble(), b.AsDouble()))
	}
}

func decimalArith(op byte, l, r Fn, t *types.Type) Fn {
	return func(c *Ctx) types.Value {
		a, b := l(c), r(c)
		if a.IsNull() || b.IsNull() {
			return types.NullValue
		}
		var out types.Value
		switch op {
		case '+':
			out = types.AddDecimal(a, b)
		case '-':
			out = types.SubDecimal(a, b)
		case '*':
			out = types.MulDecimal(a, b)
		case '/', '%':
			if types.IsZero(b) {
				return c.fail(errDivByZero)
			}
			if op == '/' {
				out = types.DivDecimal(a, b, t.Scale)
			} else {
				out = types.RemDecimal(a, b)
			}
		}
		out, err := types.FitDecimal(out, t)
		if err != nil {
			return c.fail(err)
		}
		return out
	}
}

func (k *Compiler) neg(e *plan.Neg) Fn {
	in := k.Compile(e.E)
	if t := e.E.Type(); k.Checked && (t.Kind == types.Integer || t.Kind == types.Bigint) {
		zero := types.NumberValue(t.Kind, 0)
		return checkedArith('-', func(*Ctx) types.Value { return zero }, in, t)
	}
	return func(c *Ctx) types.Value {
		v := in(c)
		switch v.Kind() {
		case types.Integer:
			return types.IntValue(int32(-v.Int()))
		case types.Bigint:
			return types.BigintValue(-v.Int())
		case types.Double:
			return types.DoubleValue(-v.Double())
		case types.Decimal:
			return types.BigDecimalValue(new(big.Int).Neg(v.BigUnscaled()), v.Scale())
		}
		return types.NullValue
	}
}

// concat treats NULL as NULL.
func (k *Compiler) concat(e *plan.Concat) Fn {
	l, r := k.Compile(e.L), k.Compile(e.R)
	bytes := e.L.Type().Kind == types.Bytes
	return func(c *Ctx) types.Value {
		held := c.meter.Held()
		a, b := l(c), r(c)
		if a.IsNull() || b.IsNull() {
			return types.NullValue
		}
		if err := c.meter.Take(a.Len() + b.Len()); err != nil {
			c.meter.Release(held)
			return c.fail(fmt.Errorf("||: %w", err))
		}
		out := make([]byte, 0, a.Len()+b.Len())
		out = append(append(out, a.Bytes()...), b.Bytes()...)
		c.meter.Release(held + len(out))
		if bytes {
			return types.BytesValue(out)
		}
		return types.StringOf(out)
	}
}
