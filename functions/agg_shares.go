package functions

import (
	"encoding/binary"
	"math"
	"slices"

	"weir/types"
)

var shareAggregates = []Aggregate{
	{Doc{"SHARES", AggregateFn, "The different values, in their order, each as a STRUCT of the VALUE, N, the number of rows that have it, and SHARE, which part of all rows that is. NULL is a value like others, and the first; the shares come to 1.",
		[]Example{{"SHARES({2, 1, 2, 2})", "ARRAY[STRUCT(VALUE := 1, N := 1, SHARE := 2.5E-1), STRUCT(VALUE := 2, N := 3, SHARE := 7.5E-1)]"}}},
		[]AggregateOverload{{Sig: "(x T) ARRAY<STRUCT>", Bind: func(params []*types.Type, _ []types.Value) (*BoundAggregate, error) {
			item := types.TStruct(types.Field{Name: "VALUE", Type: params[0]}, types.Field{Name: "N", Type: types.TBigint}, types.Field{Name: "SHARE", Type: types.TDouble})
			return &BoundAggregate{CanUndo: true, Exact: true, Returns: types.TArray(item), Object: func(s *Site) Object { return &shares{growing: newGrowing(s.Env)} }}, nil
		}}}},
}

// shares counts different values, in their order, so that which came first does not matter.
type shares struct {
	growing
	vals   []types.Value
	counts []int64
	rows   int64
}

func (s *shares) Add(args []types.Value, _ int64) error { return s.add(args[0], 1, false) }

// add counts a value n times; v is kept where own is set, cloned otherwise.
func (s *shares) add(v types.Value, n int64, own bool) error {
	at, found := slices.BinarySearchFunc(s.vals, canonical(v), types.Compare)
	if !found {
		if err := s.grow(v); err != nil {
			return err
		}
		if !own {
			v = v.Clone()
		}
		s.vals, s.counts = slices.Insert(s.vals, at, v), slices.Insert(s.counts, at, 0)
	}
	s.counts[at] += n
	s.rows += n
	return nil
}

func (s *shares) Undo(args []types.Value) error {
	at, found := slices.BinarySearchFunc(s.vals, canonical(args[0]), types.Compare)
	if !found {
		return nil
	}
	s.rows--
	if s.counts[at]--; s.counts[at] == 0 {
		s.shrink(s.vals[at])
		s.vals, s.counts = slices.Delete(s.vals, at, at+1), slices.Delete(s.counts, at, at+1)
	}
	return nil
}

func (s *shares) Merge(other Object) error {
	o := other.(*shares)
	for i := range o.vals {
		if err := s.add(o.vals[i], o.counts[i], true); err != nil {
			return err
		}
	}
	return nil
}

func (s *shares) Result() types.Value {
	out, fields := make([]types.Value, len(s.vals)), make([]types.Value, 0, 3*len(s.vals))
	for i, v := range s.vals {
		fields = append(fields, v, types.BigintValue(s.counts[i]), types.DoubleValue(float64(s.counts[i])/float64(s.rows)))
		out[i] = types.StructValue(fields[3*i : 3*i+3 : 3*i+3])
	}
	return types.ArrayValue(out)
}

func (s *shares) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.vals)))
	for _, n := range s.counts {
		dst = binary.AppendVarint(dst, n)
	}
	return types.AppendRow(dst, s.vals)
}

func (s *shares) Decode(src []byte) error {
	vals, counts, err := decodeCounts(src)
	if err != nil {
		return err
	}
	s.most = max(s.most, valueBytes*len(vals)+types.SizeOf(vals, math.MaxInt)) // it was taken once
	for i := range vals {
		if err := s.add(vals[i], counts[i], true); err != nil {
			return err
		}
	}
	return nil
}
