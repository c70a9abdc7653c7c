package functions

import (
	"math/bits"

	"weir/types"
)

// deviations keep the count, the sum of squared distances to the mean, and the sum: of whole numbers exactly, of others as DOUBLEs.
func deviations(of func(variance float64) float64) []AggregateOverload {
	result := func(w []uint64) types.Value {
		if w[0] < 2 {
			return types.DoubleValue(0)
		}
		return types.DoubleValue(of(float(w[1]) / float64(w[0]-1)))
	}
	return []AggregateOverload{
		{Sig: "(x INTEGER) DOUBLE", Bind: bindWords(wholeDeviation(result))},
		{Sig: "(x BIGINT) DOUBLE", Bind: bindWords(wholeDeviation(result))},
		{Sig: "(x DOUBLE) DOUBLE", Bind: bindWords(doubleDeviation(result))},
	}
}

func doubleDeviation(result func(w []uint64) types.Value) words {
	return words{&WordAggregate{
		Size: 3,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			if args[0].IsNull() {
				return nil
			}
			x := args[0].Double()
			w[0]++
			addFloat(&w[2], x)
			addDistance(w, float64(w[0])*x-float(w[2]), 1, w[0])
			return nil
		},
		Undo: func(w []uint64, args []types.Value) error {
			if args[0].IsNull() {
				return nil
			}
			x, n := args[0].Double(), w[0]
			distance := float64(n)*x - float(w[2])
			w[0]--
			addFloat(&w[2], -x)
			addDistance(w, distance, -1, n)
			return nil
		},
		Merge: func(w, other []uint64) {
			mergeDistances(w, other, float(w[2]), float(other[2]))
			addFloat(&w[2], float(other[2]))
			w[0] += other[0]
		},
		Result: result,
	}, false, 1}
}

// wholeDeviation has a sum of 128 bits.
func wholeDeviation(result func(w []uint64) types.Value) words {
	return words{&WordAggregate{
		Size: 4,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			if args[0].IsNull() {
				return nil
			}
			x := args[0].Int()
			w[0]++
			addWide(w[2:], uint64(x), signOf(x))
			addDistance(w, wholeDistance(w[0], x, w[2:]), 1, w[0])
			return nil
		},
		Undo: func(w []uint64, args []types.Value) error {
			if args[0].IsNull() {
				return nil
			}
			x, n := args[0].Int(), w[0]
			distance := wholeDistance(n, x, w[2:])
			w[0]--
			subtractWide(w[2:], x)
			addDistance(w, distance, -1, n)
			return nil
		},
		Merge: func(w, other []uint64) {
			mergeDistances(w, other, wideFloat(w[2:]), wideFloat(other[2:]))
			addWide(w[2:], other[2], other[3])
			w[0] += other[0]
		},
		Result: result,
	}, false, 1}
}

// wholeDistance is n times x less the sum, without rounding before the end.
func wholeDistance(n uint64, x int64, sum []uint64) float64 {
	var d [2]uint64
	d[1], d[0] = bits.Mul64(n, uint64(x))
	if x < 0 {
		d[1] -= n // as a number without a sign, x is 2^64 more
	}
	var borrow uint64
	d[0], borrow = bits.Sub64(d[0], sum[0], 0)
	d[1], _ = bits.Sub64(d[1], sum[1], borrow)
	return wideFloat(d[:])
}

// wideFloat is the DOUBLE next to a number of 128 bits, or next but one.
func wideFloat(w []uint64) float64 {
	if narrow(w) {
		return float64(int64(w[0]))
	}
	low, high, sign := w[0], w[1], 1.0
	if int64(high) < 0 {
		sign = -1
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	return sign * (float64(high)*(1<<64) + float64(low))
}

// addDistance adds what the n-th value adds to the squared distances, as Youngs and Cramer do, or takes it away for sign -1.
// The distance is n times the value less the sum, which has it already.
func addDistance(w []uint64, distance, sign float64, n uint64) {
	if n > 1 {
		addFloat(&w[1], sign*(distance*distance/(float64(n)*float64(n-1))))
	}
	if w[0] <= 1 {
		w[1] = 0
	}
}

func mergeDistances(w, other []uint64, sum, otherSum float64) {
	if a, b := float64(w[0]), float64(other[0]); a > 0 && b > 0 {
		apart := otherSum/b - sum/a
		addFloat(&w[1], apart*apart*a*b/(a+b))
	}
	addFloat(&w[1], float(other[1]))
}
