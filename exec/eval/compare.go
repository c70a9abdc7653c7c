package eval

import (
	"weir/planner/plan"
	"weir/types"
)

// compare picks a closure for the kinds at hand: strings and integers are what a WHERE mostly compares.
func (k *Compiler) compare(e *plan.Compare) Fn {
	l, r := k.Compile(e.L), k.Compile(e.R)
	switch e.Op {
	case plan.Distinct:
		return func(c *Ctx) types.Value { return types.BoolValue(!types.Equal(l(c), r(c))) }
	case plan.NotDistinct:
		return func(c *Ctx) types.Value { return types.BoolValue(types.Equal(l(c), r(c))) }
	}
	a, b := e.L.Type().Kind, e.R.Type().Kind
	switch {
	case a == types.String && b == types.String && (e.Op == plan.Eq || e.Op == plan.Ne):
		want := e.Op == plan.Eq
		return func(c *Ctx) types.Value {
			x, y := l(c), r(c)
			if x.IsNull() || y.IsNull() {
				return types.BoolValue(false)
			}
			if x.Len() > longText && x.Len() == y.Len() {
				if err := c.meter.Read(x.Len()); err != nil {
					return c.fail(err)
				}
			}
			return types.BoolValue((x.Str() == y.Str()) == want)
		}
	case integral(a) && integral(b):
		return compareIntegers(e.Op, l, r)
	}
	holds := holdsFor(e.Op)
	if e.Op == plan.Eq || e.Op == plan.Ne {
		want := e.Op == plan.Eq
		return func(c *Ctx) types.Value {
			x, y := l(c), r(c)
			if x.IsNull() || y.IsNull() {
				return types.BoolValue(false)
			}
			return types.BoolValue(types.Equal(x, y) == want)
		}
	}
	return func(c *Ctx) types.Value {
		x, y := l(c), r(c)
		if x.IsNull() || y.IsNull() {
			return types.BoolValue(false)
		}
		return types.BoolValue(holds(types.Compare(x, y)))
	}
}

func integral(k types.Kind) bool {
	return k == types.Integer || k == types.Bigint || k.Temporal() || k == types.Boolean
}

func compareIntegers(op plan.CompareOp, l, r Fn) Fn {
	holds := holdsFor(op)
	return func(c *Ctx) types.Value {
		x, y := l(c), r(c)
		if x.IsNull() || y.IsNull() {
			return types.BoolValue(false)
		}
		switch a, b := x.Int(), y.Int(); {
		case a < b:
			return types.BoolValue(holds(-1))
		case a > b:
			return types.BoolValue(holds(1))
		}
		return types.BoolValue(holds(0))
	}
}

func holdsFor(op plan.CompareOp) func(int) bool {
	switch op {
	case plan.Eq:
		return func(c int) bool { return c == 0 }
	case plan.Ne:
		return func(c int) bool { return c != 0 }
	case plan.Lt:
		return func(c int) bool { return c < 0 }
	case plan.Le:
		return func(c int) bool { return c <= 0 }
	case plan.Gt:
		return func(c int) bool { return c > 0 }
	}
	return func(c int) bool { return c >= 0 }
}

// in is false for a NULL on the left, and takes no notice of NULLs in the list.
func (k *Compiler) in(e *plan.In) Fn {
	in, list, not := k.Compile(e.E), k.All(e.List), e.Not
	return func(c *Ctx) types.Value {
		v := in(c)
		if v.IsNull() {
			return types.BoolValue(not)
		}
		for _, f := range list {
			if types.Equal(v, f(c)) {
				return types.BoolValue(!not)
			}
		}
		return types.BoolValue(not)
	}
}
