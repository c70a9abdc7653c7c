package functions

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"

	"weir/types"
)

var mathFunctions = []Scalar{
	{Doc: Doc{"ABS", MathFn, "The size of a number without its sign.", []Example{{"ABS(-3)", "3"}, {"ABS(-1.50)", "1.50"}, {"ABS(-2E0)", "2E0"}}},
		Overloads: []Overload{
			{Sig: "(x INTEGER) INTEGER", Eval: func(c *Call) (types.Value, error) {
				return types.IntValue(int32(max(c.Args[0].Int(), -c.Args[0].Int()))), nil
			}},
			{Sig: "(x BIGINT) BIGINT", Eval: func(c *Call) (types.Value, error) {
				return types.BigintValue(max(c.Args[0].Int(), -c.Args[0].Int())), nil
			}},
			{Sig: "(x DECIMAL) DECIMAL", Eval: func(c *Call) (types.Value, error) {
				return types.BigDecimalValue(new(big.Int).Abs(c.Args[0].BigUnscaled()), c.Args[0].Scale()), nil
			}},
			{Sig: "(x DOUBLE) DOUBLE", Eval: double(math.Abs)},
		}},
	doubleFunction("ACOS", "The inverse cosine, in radians; NaN outside -1 to 1.", math.Acos, Example{"ACOS(1)", "0E0"}),
	doubleFunction("ASIN", "The inverse sine, in radians; NaN outside -1 to 1.", math.Asin, Example{"ASIN(0)", "0E0"}),
	doubleFunction("ATAN", "The inverse tangent, in radians.", math.Atan, Example{"ATAN(0)", "0E0"}),
	{Doc: Doc{"ATAN2", MathFn, "The angle of the point (x, y), in radians; y comes first.", []Example{{"ATAN2(0, 1)", "0E0"}}},
		Overloads: []Overload{{Sig: "(y DOUBLE, x DOUBLE) DOUBLE", Eval: doubles(math.Atan2)}}},
	doubleFunction("CBRT", "The cube root.", math.Cbrt, Example{"CBRT(-8)", "-2E0"}),
	doubleFunction("COS", "The cosine of an angle in radians.", math.Cos, Example{"COS(0)", "1E0"}),
	doubleFunction("COSH", "The hyperbolic cosine.", math.Cosh, Example{"COSH(0)", "1E0"}),
	doubleFunction("COT", "The cotangent of an angle in radians.", cot, Example{"COT(0)", "CAST('Infinity' AS DOUBLE)"}),
	doubleFunction("DEGREES", "Radians as degrees.", func(x float64) float64 { return x * (180 / math.Pi) }, Example{"DEGREES(PI())", "180E0"}),
	doubleFunction("EXP", "e to the power of the argument.", math.Exp, Example{"EXP(0)", "1E0"}, Example{"EXP(1)", "2.718281828459045E0"}),
	doubleFunction("LN", "The natural logarithm; NaN for negative numbers.", ln, Example{"LN(1)", "0E0"}),
	{Doc: Doc{"LOG", MathFn, "The natural logarithm, or with two arguments the logarithm of the second to the base of the first.",
		[]Example{{"LOG(1)", "0E0"}, {"LOG(2, 8)", "3E0"}}},
		Overloads: []Overload{
			{Sig: "(x DOUBLE) DOUBLE", Eval: double(ln)},
			{Sig: "(base DOUBLE, x DOUBLE) DOUBLE", Eval: doubles(logBase)},
		}},
	{Doc: Doc{"PI", MathFn, "The number pi.", []Example{{"PI()", "3.141592653589793E0"}}},
		Overloads: []Overload{{Sig: "() DOUBLE", Eval: func(*Call) (types.Value, error) { return types.DoubleValue(math.Pi), nil }}}},
	{Doc: Doc{"POWER", MathFn, "The first number to the power of the second.", []Example{{"POWER(2, 10)", "1024E0"}}},
		Overloads: []Overload{{Sig: "(base DOUBLE, exponent DOUBLE) DOUBLE", Eval: doubles(power)}}},
	doubleFunction("RADIANS", "Degrees as radians.", func(x float64) float64 { return x * (math.Pi / 180) }, Example{"RADIANS(180)", "3.141592653589793E0"}),
	{Doc: Doc{"RANDOM", MathFn, "A random number from 0 to below 1, another one for each row.", []Example{{"RANDOM() < 1", "TRUE"}}},
		Overloads: []Overload{{Sig: "() DOUBLE", Eval: func(*Call) (types.Value, error) { return types.DoubleValue(rand.Float64()), nil }}}},
	{Doc: Doc{"SIGN", MathFn, "-1, 0 or 1: the sign of a number.", []Example{{"SIGN(-7)", "-1"}, {"SIGN(0.0)", "0"}}},
		Overloads: []Overload{
			{Sig: "(x INTEGER) INTEGER", Eval: sign},
			{Sig: "(x BIGINT) INTEGER", Eval: sign},
			{Sig: "(x DOUBLE) INTEGER", Eval: sign},
		}},
	doubleFunction("SIN", "The sine of an angle in radians.", math.Sin, Example{"SIN(0)", "0E0"}),
	doubleFunction("SINH", "The hyperbolic sine.", math.Sinh, Example{"SINH(0)", "0E0"}),
	doubleFunction("SQRT", "The square root; NaN for negative numbers.", math.Sqrt, Example{"SQRT(9)", "3E0"}),
	doubleFunction("TAN", "The tangent of an angle in radians.", math.Tan, Example{"TAN(0)", "0E0"}),
	doubleFunction("TANH", "The hyperbolic tangent.", math.Tanh, Example{"TANH(0)", "0E0"}),
	{Doc: Doc{"GREATEST", MathFn, "The largest of the arguments; NULLs are left out.", []Example{{"GREATEST(1, NULL, 3)", "3"}, {"GREATEST('a', 'b')", "'b'"}}},
		Strict: true, Overloads: extremeOverloads(extremeOf(1))},
	{Doc: Doc{"LEAST", MathFn, "The smallest of the arguments; NULLs are left out.", []Example{{"LEAST(1.5, NULL, 2.5)", "1.5"}, {"LEAST('a', 'b')", "'a'"}}},
		Strict: true, Overloads: extremeOverloads(extremeOf(-1))},
}

// extremeOverloads are one for each type that has an order. DECIMALs keep their own scales.
func extremeOverloads(eval Eval) []Overload {
	var out []Overload
	for _, k := range []types.Kind{types.Integer, types.Bigint, types.Double, types.Decimal, types.String, types.Bytes, types.Date, types.Time, types.Timestamp} {
		o := Overload{Sig: fmt.Sprintf("(val1 %[1]s, vals %[1]s...) %[1]s", k), NullIn: Pass, Eval: eval}
		if k == types.Decimal {
			o.Returns = widestOf
		}
		out = append(out, o)
	}
	return out
}

func widestOf(params []*types.Type) *types.Type {
	out := types.TNull
	for _, t := range params {
		out = types.Widest(out, t)
	}
	return out
}

func doubleFunction(name, description string, f func(float64) float64, examples ...Example) Scalar {
	return Scalar{Doc: Doc{name, MathFn, description, examples}, Overloads: []Overload{{Sig: "(x DOUBLE) DOUBLE", Eval: double(f)}}}
}

func double(f func(float64) float64) Eval {
	return func(c *Call) (types.Value, error) { return types.DoubleValue(f(c.Args[0].Double())), nil }
}

func doubles(f func(a, b float64) float64) Eval {
	return func(c *Call) (types.Value, error) {
		return types.DoubleValue(f(c.Args[0].Double(), c.Args[1].Double())), nil
	}
}

func cot(x float64) float64 { return 1 / math.Tan(x) }

// power is Java's, which knows no power of 1 or -1 to what is not a number.
func power(base, exponent float64) float64 {
	if math.IsNaN(exponent) || math.Abs(base) == 1 && math.IsInf(exponent, 0) {
		return math.NaN()
	}
	return math.Pow(base, exponent)
}

func sign(c *Call) (types.Value, error) {
	f := c.Args[0].AsDouble()
	switch {
	case f > 0:
		return types.IntValue(1), nil
	case f < 0:
		return types.IntValue(-1), nil
	}
	return types.IntValue(0), nil
}

func extremeOf(sign int) Eval {
	return func(c *Call) (types.Value, error) {
		best := types.NullValue
		for _, v := range c.Args {
			if !v.IsNull() && (best.IsNull() || order(v, best)*sign > 0) {
				best = v
			}
		}
		return best, nil
	}
}

// order is types.Compare with what is not a number above all numbers, as Java sorts.
func order(a, b types.Value) int {
	if a.Kind() == types.Double && b.Kind() == types.Double {
		if x, y := math.IsNaN(a.Double()), math.IsNaN(b.Double()); x != y {
			if x {
				return 1
			}
			return -1
		}
	}
	return types.Compare(a, b)
}
