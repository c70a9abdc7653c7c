package functions

import (
	"math"
	"math/big"

	"weir/types"
)

var roundFunctions = []Scalar{
	{Doc: Doc{"CEIL", MathFn, "The smallest whole number that is not below the argument.", []Example{{"CEIL(1.1)", "2.0"}, {"CEIL(-1.5E0)", "-1E0"}, {"CEIL(3)", "3"}}},
		Overloads: wholes(math.Ceil, func(quo, rem *big.Int) {
			if rem.Sign() > 0 {
				quo.Add(quo, big.NewInt(1))
			}
		})},
	{Doc: Doc{"FLOOR", MathFn, "The largest whole number that is not above the argument.", []Example{{"FLOOR(1.7)", "1.0"}, {"FLOOR(-1.5E0)", "-2E0"}, {"FLOOR(3)", "3"}}},
		Overloads: wholes(math.Floor, func(quo, rem *big.Int) {
			if rem.Sign() < 0 {
				quo.Sub(quo, big.NewInt(1))
			}
		})},
	{Doc: Doc{"ROUND", MathFn, "The nearest number with so many digits after the point, or the nearest whole number. Halves go up, towards positive infinity. A negative number of digits rounds before the point.",
		[]Example{{"ROUND(1.5E0)", "2"}, {"ROUND(-1.5E0)", "-1"}, {"ROUND(1.256E0, 2)", "1.26E0"}, {"ROUND(12.56)", "13"}, {"ROUND(12.56, 1)", "12.60"}}},
		Overloads: cuts(roundHalfUp)},
	{Doc: Doc{"TRUNC", MathFn, "The number with the digits cut off beyond so many after the point, or all of them.",
		[]Example{{"TRUNC(1.7E0)", "1"}, {"TRUNC(-1.7E0)", "-1"}, {"TRUNC(1.256E0, 2)", "1.25E0"}, {"TRUNC(12.56, 1)", "12.50"}}},
		Overloads: cuts(truncate)},
}

func same(c *Call) (types.Value, error) { return c.Args[0], nil }

// wholes are the overloads of CEIL and FLOOR, which keep the argument's type.
func wholes(f func(float64) float64, adjust func(quo, rem *big.Int)) []Overload {
	return []Overload{
		{Sig: "(x INTEGER) INTEGER", Eval: same},
		{Sig: "(x BIGINT) BIGINT", Eval: same},
		{Sig: "(x DECIMAL) DECIMAL", Eval: func(c *Call) (types.Value, error) {
			v := c.Args[0]
			quo, rem := new(big.Int).QuoRem(v.BigUnscaled(), tenTo(v.Scale()), new(big.Int))
			adjust(quo, rem)
			return types.BigDecimalValue(quo.Mul(quo, tenTo(v.Scale())), v.Scale()), nil
		}},
		{Sig: "(x DOUBLE) DOUBLE", Eval: double(f)},
	}
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// cuts are the overloads of ROUND and TRUNC. cut gives the nearest multiple of by.
func cuts(cut func(x, by *big.Int) *big.Int) []Overload {
	toWhole := func(c *Call) (types.Value, error) {
		f := c.Args[0].Double()
		if math.IsNaN(f) || math.Abs(f) >= 1<<62 {
			return types.BigintValue(saturate(f)), nil
		}
		d, err := types.DecimalOfDouble(f)
		if err != nil {
			return types.NullValue, err
		}
		n, _ := cutDecimal(d, 0, cut).Unscaled()
		return types.BigintValue(n), nil
	}
	return []Overload{
		{Sig: "(x INTEGER) BIGINT", Eval: func(c *Call) (types.Value, error) { return types.BigintValue(c.Args[0].Int()), nil }},
		{Sig: "(x BIGINT) BIGINT", Eval: same},
		{Sig: "(x DOUBLE) BIGINT", Eval: toWhole},
		{Sig: "(x DOUBLE, digits INTEGER) DOUBLE", Eval: func(c *Call) (types.Value, error) {
			d, err := types.DecimalOfDouble(c.Args[0].Double())
			if err != nil {
				return types.NullValue, err
			}
			return types.DoubleValue(cutDecimal(d, int(c.Args[1].Int()), cut).AsDouble()), nil
		}},
		{Sig: "(x DECIMAL) DECIMAL", Eval: func(c *Call) (types.Value, error) { return cutDecimal(c.Args[0], 0, cut), nil },
			Returns: func(p []*types.Type) *types.Type { return types.TDecimal(max(p[0].Precision-p[0].Scale, 1), 0) }},
		{Sig: "(x DECIMAL, digits INTEGER) DECIMAL", Eval: func(c *Call) (types.Value, error) {
			return types.Rescale(cutDecimal(c.Args[0], int(c.Args[1].Int()), cut), c.Args[0].Scale()), nil
		}},
	}
}

func saturate(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// cutDecimal leaves so many digits after the point; negative numbers count digits before it.
func cutDecimal(v types.Value, digits int, cut func(x, by *big.Int) *big.Int) types.Value {
	if digits >= v.Scale() {
		return v
	}
	digits = max(digits, -400) // no number has more digits before its point
	q := cut(v.BigUnscaled(), tenTo(v.Scale()-digits))
	if digits < 0 {
		return types.BigDecimalValue(q.Mul(q, tenTo(-digits)), 0)
	}
	return types.BigDecimalValue(q, digits)
}

func truncate(x, by *big.Int) *big.Int { return new(big.Int).Quo(x, by) }

// roundHalfUp rounds to the nearest, halves towards positive infinity.
func roundHalfUp(x, by *big.Int) *big.Int {
	x = new(big.Int).Lsh(x, 1)
	x.Add(x, by)
	return x.Div(x, new(big.Int).Lsh(by, 1)) // Euclidean: rounds down, as by is positive
}
