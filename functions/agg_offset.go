package functions

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"weir/types"
)

var offsetAggregates = []Aggregate{
	{Doc{"EARLIEST_BY_OFFSET", AggregateFn, "The value of the first row, or of the first n rows as an array. NULLs are left out unless the last argument is FALSE.",
		[]Example{{"EARLIEST_BY_OFFSET({NULL, 1, 2})", "1"}, {"EARLIEST_BY_OFFSET({NULL, 1, 2}, FALSE)", "NULL"},
			{"EARLIEST_BY_OFFSET({1, 2, 3}, 2)", "ARRAY[1, 2]"}, {"EARLIEST_BY_OFFSET({1, NULL, 3}, 2, FALSE)", "ARRAY[1, NULL]"}}},
		offsetOverloads(true)},
	{Doc{"LATEST_BY_OFFSET", AggregateFn, "The value of the last row, or of the last n rows as an array, oldest first. NULLs are left out unless the last argument is FALSE.",
		[]Example{{"LATEST_BY_OFFSET({1, 2, NULL})", "2"}, {"LATEST_BY_OFFSET({1, 2, NULL}, FALSE)", "NULL"},
			{"LATEST_BY_OFFSET({1, 2, 3}, 2)", "ARRAY[2, 3]"}, {"LATEST_BY_OFFSET({1, 2, NULL}, 2, FALSE)", "ARRAY[2, NULL]"}}},
		offsetOverloads(false)},
}

func offsetOverloads(earliest bool) []AggregateOverload {
	bind := func(params []*types.Type, initial []types.Value) (*BoundAggregate, error) {
		shape := offsetShape{earliest: earliest, n: 1, skipNull: true}
		for _, v := range initial {
			switch v.Kind() {
			case types.Boolean:
				shape.skipNull = v.Bool()
			case types.Integer:
				shape.n, shape.list = int(v.Int()), true
			}
		}
		if shape.n < 1 {
			name := "latestN"
			if earliest {
				name = "earliestN"
			}
			return nil, fmt.Errorf("%s must be 1 or greater, not %d", name, shape.n)
		}
		return &BoundAggregate{Object: func(s *Site) Object { return &byOffset{growing: newGrowing(s.Env), shape: &shape} }}, nil
	}
	return []AggregateOverload{
		{Sig: "(x T) T", Bind: bind},
		{Sig: "(x T; skip_nulls BOOLEAN) T", Bind: bind},
		{Sig: "(x T; n INTEGER) ARRAY<T>", Bind: bind},
		{Sig: "(x T; n INTEGER, skip_nulls BOOLEAN) ARRAY<T>", Bind: bind},
	}
}

type offsetShape struct {
	earliest, skipNull, list bool
	n                        int
}

// byOffset keeps the first or last n values with the places of their rows, in order.
type byOffset struct {
	growing
	shape *offsetShape
	seqs  []int64
	vals  []types.Value
}

func (o *byOffset) Add(args []types.Value, seq int64) error {
	v := args[0]
	if v.IsNull() && o.shape.skipNull {
		return nil
	}
	at, _ := slices.BinarySearch(o.seqs, seq)
	if len(o.seqs) == o.shape.n && (o.shape.earliest && at == len(o.seqs) || !o.shape.earliest && at == 0) {
		return nil
	}
	if o.shape.list {
		if err := o.grow(v); err != nil {
			return err
		}
	}
	o.seqs, o.vals = slices.Insert(o.seqs, at, seq), slices.Insert(o.vals, at, v.Clone())
	o.cut()
	return nil
}

// cut keeps n values.
func (o *byOffset) cut() {
	extra := len(o.seqs) - o.shape.n
	if extra <= 0 {
		return
	}
	from, to := 0, extra
	if o.shape.earliest {
		from, to = o.shape.n, len(o.seqs)
	}
	o.drop(from, to)
}

func (o *byOffset) drop(from, to int) {
	if o.shape.list {
		for i := from; i < to; i++ {
			o.shrink(o.vals[i])
		}
	}
	o.seqs, o.vals = slices.Delete(o.seqs, from, to), slices.Delete(o.vals, from, to)
}

func (o *byOffset) Undo([]types.Value) error { return errNoUndo }

func (o *byOffset) Merge(other Object) error {
	p := other.(*byOffset)
	seqs, vals := make([]int64, 0, len(o.seqs)+len(p.seqs)), make([]types.Value, 0, len(o.vals)+len(p.vals))
	for i, j := 0, 0; i < len(o.seqs) || j < len(p.seqs); {
		if j == len(p.seqs) || i < len(o.seqs) && cmp.Compare(o.seqs[i], p.seqs[j]) <= 0 {
			seqs, vals = append(seqs, o.seqs[i]), append(vals, o.vals[i])
			i++
		} else {
			seqs, vals = append(seqs, p.seqs[j]), append(vals, p.vals[j])
			j++
		}
	}
	o.seqs, o.vals = seqs, vals
	o.count(o.vals)
	o.cut()
	var err error
	for n := len(o.vals); o.shape.list && o.bytes > o.most; n = len(o.vals) {
		err = o.full()
		if o.shape.earliest {
			o.drop(n-1, n)
		} else {
			o.drop(0, 1)
		}
	}
	return err
}

func (o *byOffset) Result() types.Value {
	switch {
	case o.shape.list:
		return types.ArrayValue(o.vals)
	case len(o.vals) == 0:
		return types.NullValue
	}
	return o.vals[0]
}

func (o *byOffset) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(o.seqs)))
	for _, seq := range o.seqs {
		dst = binary.AppendVarint(dst, seq)
	}
	return types.AppendRow(dst, o.vals)
}

func (o *byOffset) Decode(src []byte) error {
	count, n := binary.Uvarint(src)
	if n <= 0 || count > uint64(len(src)) {
		return types.ErrCorrupt
	}
	src = src[n:]
	o.seqs = make([]int64, count)
	for i := range o.seqs {
		seq, n := binary.Varint(src)
		if n <= 0 {
			return types.ErrCorrupt
		}
		o.seqs[i], src = seq, src[n:]
	}
	var err error
	o.vals, err = decodeValues(src, int(count))
	o.count(o.vals)
	return err
}

// decodeValues reads the n values that src holds, sharing nothing with it.
func decodeValues(src []byte, n int) ([]types.Value, error) {
	row := make([]types.Value, n)
	rest, err := types.DecodeRow(src, row)
	if err != nil || len(rest) > 0 {
		return nil, types.ErrCorrupt
	}
	for i := range row {
		row[i] = row[i].Clone()
	}
	return row, nil
}
