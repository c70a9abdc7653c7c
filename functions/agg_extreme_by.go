package functions

import (
	"encoding/binary"
	"errors"
	"math"

	"weir/types"
)

var errNoUndo = errors.New("this aggregate cannot take a row back")

// bindExtremeBy makes MAX_BY for sign 1 and MIN_BY for sign -1.
func bindExtremeBy(sign int) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func([]*types.Type, []types.Value) (*BoundAggregate, error) {
		return &BoundAggregate{Object: func(*Site) Object { return &extremeBy{sign: sign} }}, nil
	}
}

var timeAggregates = []Aggregate{
	{Doc{"FIRST", AggregateFn, "The value of the row with the earliest event time (ROWTIME), whenever it came; NULLs are left out. See EARLIEST_BY_OFFSET for the row that came first.",
		[]Example{{"FIRST({NULL, 'a', 'b'})", "'a'"}}},
		[]AggregateOverload{{Sig: "(x T) T", Bind: bindByTime(-1)}}},
	{Doc{"LAST", AggregateFn, "The value of the row with the latest event time (ROWTIME), whenever it came, the last one of several; NULLs are left out. See LATEST_BY_OFFSET for the row that came last.",
		[]Example{{"LAST({'a', 'b', NULL})", "'b'"}}},
		[]AggregateOverload{{Sig: "(x T) T", Bind: bindByTime(1)}}},
}

func bindByTime(sign int) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func([]*types.Type, []types.Value) (*BoundAggregate, error) {
		return &BoundAggregate{ByTime: true, Object: func(*Site) Object { return &byTime{extremeBy{sign: sign, later: sign > 0}} }}, nil
	}
}

// byTime keeps the value with the earliest or latest event time: the argument behind the value, or the row's place.
type byTime struct{ extremeBy }

func (b *byTime) Add(args []types.Value, seq int64) error {
	at := types.BigintValue(seq)
	if len(args) > 1 {
		at = args[1]
	}
	if args[0].IsNull() {
		return nil
	}
	return b.extremeBy.Add([]types.Value{args[0], at}, seq)
}

func (b *byTime) Merge(other Object) error { return b.extremeBy.Merge(&other.(*byTime).extremeBy) }

// extremeBy keeps a value together with what it is chosen by and the place of its row.
type extremeBy struct {
	sign  int
	later bool // the later one of two rows that are alike
	val   types.Value
	by    types.Value // NULL as long as there is none
	seq   int64
}

func (e *extremeBy) better(by types.Value, seq int64) bool {
	if by.IsNull() || e.by.IsNull() {
		return !by.IsNull()
	}
	c := types.Compare(by, e.by) * e.sign
	return c > 0 || c == 0 && (seq < e.seq) != e.later
}

func (e *extremeBy) Add(args []types.Value, seq int64) error {
	if e.better(args[1], seq) {
		e.val, e.by, e.seq = args[0].Clone(), args[1].Clone(), seq
	}
	return nil
}

func (e *extremeBy) Undo([]types.Value) error { return errNoUndo }

func (e *extremeBy) Merge(other Object) error {
	if o := other.(*extremeBy); e.better(o.by, o.seq) {
		e.val, e.by, e.seq = o.val, o.by, o.seq
	}
	return nil
}

// Bytes is what the value takes.
func (e *extremeBy) Bytes() int {
	return 2*valueBytes + e.val.Size(math.MaxInt) + e.by.Size(math.MaxInt)
}

func (e *extremeBy) Result() types.Value { return e.val }

func (e *extremeBy) Append(dst []byte) []byte {
	dst = binary.AppendVarint(dst, e.seq)
	return types.AppendValue(types.AppendValue(dst, e.val), e.by)
}

func (e *extremeBy) Decode(src []byte) error {
	seq, n := binary.Varint(src)
	if n <= 0 {
		return types.ErrCorrupt
	}
	var row [2]types.Value
	rest, err := types.DecodeRow(src[n:], row[:])
	if err != nil || len(rest) > 0 {
		return types.ErrCorrupt
	}
	e.seq, e.val, e.by = seq, row[0].Clone(), row[1].Clone()
	return nil
}
