package functions

import (
	"math"

	"weir/types"
)

var foldAggregates = []Aggregate{
	{Doc{"FOLD", AggregateFn, "A state of one's own: the lambda gives it its next value from what it is and the row's value, in the order of the rows. It begins as the second argument " +
		"says, which names no columns. Several columns go in as a STRUCT, and so does more than one state. Rows whose value is NULL are left out. A lambda that gives NULL drops the " +
		"state: the result is NULL, and the next row begins anew. Over a table, a fourth argument takes a row back; in session windows, it makes one state of two, the earlier one first.",
		[]Example{{"FOLD({3, 4, NULL}, 0, (s, x) => s + x)", "7"}, {"FOLD({'a', 'b'}, '', (s, x) => CONCAT(s, x))", "'ab'"},
			{"FOLD({1, 2}, STRUCT(n := 0, last := 0), (s, x) => STRUCT(n := s->n + 1, last := x))", "STRUCT(n := 2, last := 2)"},
			{"FOLD({1, 2}, 0, (s, x) => s + x, (s, x) => s - x)", "3"}}},
		[]AggregateOverload{
			{Sig: "(x T, start S, next (S, T) => S) S", Begins: []int{1}, Constant: []int{1}, Bind: bindFold(false, false)},
			{Sig: "(x T, start S, next (S, T) => S, undo (S, T) => S) S", Begins: []int{1}, Constant: []int{1},
				Uses: []Use{Adding, TakingBack}, Bind: bindFold(true, false)},
			{Sig: "(x T, start S, next (S, T) => S, merge (S, S) => S) S", Begins: []int{1}, Constant: []int{1, 3},
				Uses: []Use{Merging}, Bind: bindFold(false, true)},
		}},
}

const foldHint = "A fourth argument says how: FOLD(x, 0, (s, x) => s + x, (s, x) => s - x) takes a row of a table back, and in session windows " +
	"FOLD(x, 0, (s, x) => s + x, (a, b) => a + b) makes one state of two."

func bindFold(undoes, merges bool) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func([]*types.Type, []types.Value) (*BoundAggregate, error) {
		return &BoundAggregate{CanUndo: undoes, NoMerge: !merges, Hint: foldHint, Object: func(s *Site) Object { return &fold{site: s} }}, nil
	}
}

// The lambdas of a FOLD; the last is there where it takes rows back, or merges.
const (
	foldStart = iota
	foldNext
	foldOther
)

// LambdaError is an error in a lambda of an aggregate, whose state stays as it was.
type LambdaError struct{ Err error }

func (e *LambdaError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e *LambdaError) Unwrap() error { return e.Err }

// fold keeps what its lambda has made last; NULL where there is no state.
type fold struct {
	site  *Site
	state types.Value
}

func (f *fold) Add(args []types.Value, _ int64) error { return f.take(foldNext, args[0]) }

func (f *fold) Undo(args []types.Value) error { return f.take(foldOther, args[0]) }

func (f *fold) take(lambda int, x types.Value) error {
	if x.IsNull() {
		return nil
	}
	state := f.state
	if state.IsNull() {
		var err error
		if state, err = f.site.Lambdas[foldStart](nil); err != nil {
			return &LambdaError{err}
		}
	}
	return f.become(lambda, state, x)
}

func (f *fold) become(lambda int, a, b types.Value) error {
	s := f.site
	held := s.Meter.Held()
	s.pair = [2]types.Value{a, b}
	next, err := s.Lambdas[lambda](s.pair[:])
	if err == nil {
		err = s.Meter.Made(held, next)
	}
	if err != nil {
		return &LambdaError{err}
	}
	f.state = next.Clone()
	return nil
}

// Merge takes in a later state.
func (f *fold) Merge(other Object) error {
	later := other.(*fold).state
	switch {
	case later.IsNull():
		return nil
	case f.state.IsNull():
		f.state = later
		return nil
	}
	return f.become(foldOther, f.state, later)
}

func (f *fold) Bytes() int { return valueBytes + f.state.Size(math.MaxInt) }

func (f *fold) Result() types.Value { return f.state }

func (f *fold) Append(dst []byte) []byte { return types.AppendValue(dst, f.state) }

func (f *fold) Decode(src []byte) error {
	vals, err := decodeValues(src, 1)
	if err == nil {
		f.state = vals[0]
	}
	return err
}
