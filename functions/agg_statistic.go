package functions

import (
	"math"

	"weir/types"
)

var statisticAggregates = []Aggregate{
	{Doc{"STDDEV_SAMP", AggregateFn, "The sample variance of the numbers: the name is ksqlDB's, and so is the missing square root. See STDDEV_SAMPLE.",
		[]Example{{"STDDEV_SAMP({0, 10})", "5E1"}, {"STDDEV_SAMP({9007199254740993, 9007199254740995})", "2E0"}, {"STDDEV_SAMP({7})", "0E0"},
			{"STDDEV_SAMP({9223372036854775807, -9223372036854775807, 9223372036854775807})", "1.1342745564031281E38"}}},
		deviations(func(variance float64) float64 { return variance })},
	{Doc{"STDDEV_SAMPLE", AggregateFn, "The standard deviation of the numbers, taken as a sample. NULLs are left out; with fewer than two numbers it is 0.",
		[]Example{{"STDDEV_SAMPLE({10, 12, NULL, 14})", "2E0"}}},
		deviations(math.Sqrt)},
	{Doc{"CORRELATION", AggregateFn, "Pearson's correlation of two columns, from -1 to 1. Rows with a NULL are left out; it is NaN as long as it is not determined.",
		[]Example{{"CORRELATION({1, 2, 3}, {2, 4, 6})", "1E0"}}},
		[]AggregateOverload{{Sig: "(x DOUBLE, y DOUBLE) DOUBLE", Bind: bindWords(correlation)}}},
}

// correlation keeps the count and the sums of x, y, x*x, y*y and x*y.
var correlation = words{&WordAggregate{
	Size: 6,
	Add: func(w []uint64, args []types.Value, _ int64) error {
		correlate(w, args, 1)
		return nil
	},
	Undo: func(w []uint64, args []types.Value) error {
		correlate(w, args, -1)
		return nil
	},
	Merge: func(w, other []uint64) {
		w[0] += other[0]
		for i := 1; i < 6; i++ {
			addFloat(&w[i], float(other[i]))
		}
	},
	Result: func(w []uint64) types.Value {
		n, x, y, xx, yy, xy := float64(int64(w[0])), float(w[1]), float(w[2]), float(w[3]), float(w[4]), float(w[5])
		return types.DoubleValue((n*xy - x*y) / math.Sqrt((n*xx-x*x)*(n*yy-y*y)))
	},
}, false, 0}

func correlate(w []uint64, args []types.Value, sign float64) {
	if args[0].IsNull() || args[1].IsNull() {
		return
	}
	x, y := args[0].Double(), args[1].Double()
	w[0] += uint64(int64(sign))
	for i, v := range [...]float64{x, y, x * x, y * y, x * y} {
		addFloat(&w[i+1], sign*v)
	}
}
