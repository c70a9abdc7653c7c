package functions

import "weir/types"

// deviations compute over whole numbers exactly, up to where a BIGINT wraps, and over others as DOUBLEs.
func deviations(of func(variance float64) float64) []AggregateOverload {
	result := func(w []uint64) types.Value {
		if w[0] < 2 {
			return types.DoubleValue(0)
		}
		return types.DoubleValue(of(float(w[2]) / float64(w[0]-1)))
	}
	return []AggregateOverload{
		{Sig: "(x INTEGER) DOUBLE", Bind: bindWords(wholeDeviation(result))},
		{Sig: "(x BIGINT) DOUBLE", Bind: bindWords(wholeDeviation(result))},
		{Sig: "(x DOUBLE) DOUBLE", Bind: bindWords(doubleDeviation(result))},
	}
}

// doubleDeviation keeps count, sum, and the sum of squared distances to the mean.
func doubleDeviation(result func(w []uint64) types.Value) words {
	return words{&WordAggregate{
		Size: 3,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			if args[0].IsNull() {
				return nil
			}
			x := args[0].Double()
			w[0]++
			addFloat(&w[1], x)
			addDistance(w, float64(w[0])*x-float(w[1]), 1, w[0])
			return nil
		},
		Undo: func(w []uint64, args []types.Value) error {
			if args[0].IsNull() {
				return nil
			}
			x, n := args[0].Double(), w[0]
			distance := float64(n)*x - float(w[1])
			w[0]--
			addFloat(&w[1], -x)
			addDistance(w, distance, -1, n)
			return nil
		},
		Merge: func(w, other []uint64) {
			mergeDistances(w, other, float(w[1]), float(other[1]))
			addFloat(&w[1], float(other[1]))
			w[0] += other[0]
		},
		Result: result,
	}, false, 0}
}

// wholeDeviation keeps the same with a whole sum.
func wholeDeviation(result func(w []uint64) types.Value) words {
	return words{&WordAggregate{
		Size: 3,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			if args[0].IsNull() {
				return nil
			}
			x := uint64(args[0].Int())
			w[0]++
			w[1] += x
			addDistance(w, float64(int64(w[0]*x-w[1])), 1, w[0])
			return nil
		},
		Undo: func(w []uint64, args []types.Value) error {
			if args[0].IsNull() {
				return nil
			}
			x, n := uint64(args[0].Int()), w[0]
			distance := float64(int64(n*x - w[1]))
			w[0]--
			w[1] -= x
			addDistance(w, distance, -1, n)
			return nil
		},
		Merge: func(w, other []uint64) {
			mergeDistances(w, other, float64(int64(w[1])), float64(int64(other[1])))
			w[1] += other[1]
			w[0] += other[0]
		},
		Result: result,
	}, false, 0}
}

// addDistance adds what the n-th value adds to the squared distances, as Youngs and Cramer do, or takes it away for sign -1.
// The distance is n times the value less the sum, which has it already.
func addDistance(w []uint64, distance, sign float64, n uint64) {
	if n > 1 {
		addFloat(&w[2], sign*(distance*distance/float64(n*(n-1))))
	}
	if w[0] <= 1 {
		w[2] = 0
	}
}

func mergeDistances(w, other []uint64, sum, otherSum float64) {
	if a, b := float64(w[0]), float64(other[0]); a > 0 && b > 0 {
		apart := otherSum/b - sum/a
		addFloat(&w[2], apart*apart*a*b/(a+b))
	}
	addFloat(&w[2], float(other[2]))
}
