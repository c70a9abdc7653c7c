package functions

import (
	"math"

	"weir/types"
)

var numberAggregates = []Aggregate{
	{Doc{"COUNT", AggregateFn, "Counts the rows of a group: all of them with COUNT(*), those where the argument is not NULL otherwise.",
		[]Example{{"COUNT()", "0"}, {"COUNT({1, NULL, 3})", "2"}}},
		[]AggregateOverload{
			{Sig: "() BIGINT", Bind: bindWords(countAll)},
			{Sig: "(x T) BIGINT", Bind: bindWords(countNotNull)},
		}},
	{Doc{"SUM", AggregateFn, "Adds numbers up. NULLs are left out; without any number the sum is 0. The sum has the type of the column. One of whole numbers is NULL while it does not fit, and each row with which it does not, or what rows were combined to before a repartition, is in the processing log; a DECIMAL sum stops the query. CAST the column to a wider type. A DOUBLE sum is rounded at every row: over a table, what a much larger number has swallowed is not there again when that number leaves, where a DECIMAL has it.",
		[]Example{{"SUM({1, 2, NULL, 3})", "6"}, {"SUM({1.50, 2.25})", "3.75"}}},
		[]AggregateOverload{
			{Sig: "(x INTEGER) INTEGER", Bind: bindWords(sumIntegers)},
			{Sig: "(x BIGINT) BIGINT", Bind: bindWords(sumBigints)},
			{Sig: "(x DECIMAL) DECIMAL", Bind: bindDecimalSum},
			{Sig: "(x DOUBLE) DOUBLE", Bind: bindWords(sumDoubles)},
		}},
	{Doc{"SUM_LIST", AggregateFn, "Adds up all numbers of all arrays. NULLs, as arrays and in them, are left out. A sum that does not fit the type of the items is NULL, as with SUM.",
		[]Example{{"SUM_LIST({ARRAY[1, 2], ARRAY[NULL, 3]})", "6"}}},
		[]AggregateOverload{
			{Sig: "(list ARRAY<INTEGER>) INTEGER", Bind: bindWords(eachItem(sumIntegers))},
			{Sig: "(list ARRAY<BIGINT>) BIGINT", Bind: bindWords(eachItem(sumBigints))},
			{Sig: "(list ARRAY<DOUBLE>) DOUBLE", Bind: bindWords(eachItem(sumDoubles))},
		}},
	{Doc{"AVG", AggregateFn, "The mean of the numbers. NULLs are left out; without any number it is 0.",
		[]Example{{"AVG({1, 2, NULL, 2})", "1.6666666666666667E0"}, {"AVG({6000000000000000000, 6000000000000000000})", "6E18"}}},
		[]AggregateOverload{
			{Sig: "(x INTEGER) DOUBLE", Bind: bindWords(avgIntegers)},
			{Sig: "(x BIGINT) DOUBLE", Bind: bindWords(avgBigints)},
			{Sig: "(x DOUBLE) DOUBLE", Bind: bindWords(avgDoubles)},
		}},
}

// words is a WordAggregate with what is known of it.
type words struct {
	*WordAggregate
	exact bool
	// version is raised where the words are others than they were.
	version int
}

func bindWords(w words) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func([]*types.Type, []types.Value) (*BoundAggregate, error) {
		return &BoundAggregate{Words: w.WordAggregate, CanUndo: w.Undo != nil, Exact: w.exact, Version: w.version}, nil
	}
}

func addFloat(w *uint64, by float64) { *w = math.Float64bits(math.Float64frombits(*w) + by) }

func float(w uint64) float64 { return math.Float64frombits(w) }

var countAll = words{&WordAggregate{
	Size:   1,
	Add:    func(w []uint64, _ []types.Value, _ int64) error { w[0]++; return nil },
	Undo:   func(w []uint64, _ []types.Value) error { w[0]--; return nil },
	Merge:  func(w, other []uint64) { w[0] += other[0] },
	Result: func(w []uint64) types.Value { return types.BigintValue(int64(w[0])) },
}, true, 0}

var countNotNull = words{&WordAggregate{
	Size: 1,
	Add: func(w []uint64, args []types.Value, _ int64) error {
		if !args[0].IsNull() {
			w[0]++
		}
		return nil
	},
	Undo: func(w []uint64, args []types.Value) error {
		if !args[0].IsNull() {
			w[0]--
		}
		return nil
	},
	Merge:  countAll.Merge,
	Result: countAll.Result,
}, true, 0}

var sumDoubles = words{&WordAggregate{
	Size:   1,
	Add:    func(w []uint64, args []types.Value, _ int64) error { addFloat(&w[0], args[0].Double()); return nil },
	Undo:   func(w []uint64, args []types.Value) error { addFloat(&w[0], -args[0].Double()); return nil },
	Merge:  func(w, other []uint64) { addFloat(&w[0], float(other[0])) },
	Result: func(w []uint64) types.Value { return types.DoubleValue(float(w[0])) },
}, false, 0}

// eachItem turns an aggregate of values into one of arrays of values.
func eachItem(of words) words {
	return words{&WordAggregate{
		Size: of.Size,
		Add: func(w []uint64, args []types.Value, seq int64) error {
			items := args[0].Items()
			var failed error // a sum takes in what makes it too large, too
			for i := range items {
				failed = of.Add(w, items[i:i+1], seq)
			}
			return failed
		},
		Undo: func(w []uint64, args []types.Value) error {
			items := args[0].Items()
			for i := range items {
				if err := of.WordAggregate.Undo(w, items[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		},
		Merge:  of.Merge,
		Fits:   of.Fits,
		Result: of.Result,
	}, of.exact, of.version}
}

var avgIntegers = words{&WordAggregate{
	Size: 2, // sum, count
	Add: func(w []uint64, args []types.Value, _ int64) error {
		if !args[0].IsNull() {
			w[0] += uint64(args[0].Int())
			w[1]++
		}
		return nil
	},
	Undo: func(w []uint64, args []types.Value) error {
		if !args[0].IsNull() {
			w[0] -= uint64(args[0].Int())
			w[1]--
		}
		return nil
	},
	Merge: func(w, other []uint64) { w[0] += other[0]; w[1] += other[1] },
	Result: func(w []uint64) types.Value {
		if w[1] == 0 {
			return types.DoubleValue(0)
		}
		return types.DoubleValue(float64(int64(w[0])) / float64(int64(w[1])))
	},
}, true, 0}

var avgDoubles = words{&WordAggregate{
	Size: 2, // sum, count
	Add: func(w []uint64, args []types.Value, _ int64) error {
		if !args[0].IsNull() {
			addFloat(&w[0], args[0].Double())
			w[1]++
		}
		return nil
	},
	Undo: func(w []uint64, args []types.Value) error {
		if !args[0].IsNull() {
			addFloat(&w[0], -args[0].Double())
			w[1]--
		}
		return nil
	},
	Merge: func(w, other []uint64) { addFloat(&w[0], float(other[0])); w[1] += other[1] },
	Result: func(w []uint64) types.Value {
		if w[1] == 0 {
			return types.DoubleValue(0)
		}
		return types.DoubleValue(float(w[0]) / float64(int64(w[1])))
	},
}, false, 0}
