package functions

import (
	"math"
	"slices"

	"weir/types"
)

var extremeAggregates = []Aggregate{
	{Doc{"MIN", AggregateFn, "The smallest value. NULLs are left out; without any value it is NULL.",
		[]Example{{"MIN({3, NULL, 1})", "1"}, {"MIN({'b', 'a'})", "'a'"}}},
		[]AggregateOverload{{Sig: "(x T) T", Bind: bindExtreme(-1), Accepts: comparable1}}},
	{Doc{"MAX", AggregateFn, "The largest value. NULLs are left out; without any value it is NULL.",
		[]Example{{"MAX({3, NULL, 1})", "3"}, {"MAX({1.5, 1.25})", "1.5"}}},
		[]AggregateOverload{{Sig: "(x T) T", Bind: bindExtreme(1), Accepts: comparable1}}},
	{Doc{"MIN_BY", AggregateFn, "The value of x in the row where the second argument is smallest, the first such row among several. Rows where the second argument is NULL are left out.",
		[]Example{{"MIN_BY({'a', 'b', 'c'}, {3, 1, 1})", "'b'"}}},
		[]AggregateOverload{{Sig: "(x T, by B) T", Bind: bindExtremeBy(-1), Accepts: comparable2}}},
	{Doc{"MAX_BY", AggregateFn, "The value of x in the row where the second argument is largest, the first such row among several. Rows where the second argument is NULL are left out.",
		[]Example{{"MAX_BY({'a', 'b', 'c'}, {3, NULL, 2})", "'a'"}}},
		[]AggregateOverload{{Sig: "(x T, by B) T", Bind: bindExtremeBy(1), Accepts: comparable2}}},
}

var comparableKinds = []types.Kind{types.Null, types.Integer, types.Bigint, types.Decimal, types.Double, types.String, types.Bytes,
	types.Time, types.Date, types.Timestamp}

func comparable1(params []*types.Type) bool { return slices.Contains(comparableKinds, params[0].Kind) }

func comparable2(params []*types.Type) bool { return slices.Contains(comparableKinds, params[1].Kind) }

// bindExtreme makes MAX for sign 1 and MIN for sign -1.
func bindExtreme(sign int) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func(params []*types.Type, _ []types.Value) (*BoundAggregate, error) {
		switch k := params[0].Kind; k {
		case types.String, types.Bytes, types.Decimal:
			return &BoundAggregate{Exact: true, Object: func(*Site) Object { return &extreme{sign: sign} }}, nil
		default:
			return &BoundAggregate{Exact: true, Words: extremeWords(k, sign)}, nil
		}
	}
}

// extremeWords keeps whether there is a value, and its number.
func extremeWords(k types.Kind, sign int) *WordAggregate {
	value := func(num uint64) types.Value {
		if k == types.Double {
			return types.DoubleValue(math.Float64frombits(num))
		}
		return types.NumberValue(k, int64(num))
	}
	better := func(w []uint64, v types.Value) bool { return w[0] == 0 || order(v, value(w[1]))*sign > 0 }
	number := func(v types.Value) uint64 {
		if k == types.Double {
			return math.Float64bits(v.Double())
		}
		return uint64(v.Int())
	}
	return &WordAggregate{
		Size: 2,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			if v := args[0]; !v.IsNull() && better(w, v) {
				w[0], w[1] = 1, number(v)
			}
			return nil
		},
		Merge: func(w, other []uint64) {
			if other[0] != 0 && better(w, value(other[1])) {
				copy(w, other)
			}
		},
		Result: func(w []uint64) types.Value {
			if w[0] == 0 {
				return types.NullValue
			}
			return value(w[1])
		},
	}
}

// extreme keeps the largest or smallest value of a type that words can't hold.
type extreme struct {
	sign int
	val  types.Value
}

func (e *extreme) better(v types.Value) bool {
	return !v.IsNull() && (e.val.IsNull() || types.Compare(v, e.val)*e.sign > 0)
}

func (e *extreme) Add(args []types.Value, _ int64) error {
	if e.better(args[0]) {
		e.val = args[0].Clone()
	}
	return nil
}

func (e *extreme) Undo([]types.Value) error { return errNoUndo }

func (e *extreme) Merge(other Object) error {
	if o := other.(*extreme); e.better(o.val) {
		e.val = o.val
	}
	return nil
}

// Bytes is what the value takes.
func (e *extreme) Bytes() int { return valueBytes + e.val.Size(math.MaxInt) }

func (e *extreme) Result() types.Value { return e.val }

func (e *extreme) Append(dst []byte) []byte { return types.AppendValue(dst, e.val) }

func (e *extreme) Decode(src []byte) (err error) {
	e.val, err = decodeOne(src)
	return err
}
