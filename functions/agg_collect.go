package functions

import (
	"encoding/binary"
	"math"
	"slices"

	"weir/settings"
	"weir/types"
)

var collectAggregates = []Aggregate{
	{Doc{"COLLECT_LIST", AggregateFn, "All values in an array, NULLs included. The property ksql.functions.collect_list.limit bounds its length.",
		[]Example{{"COLLECT_LIST({1, NULL, 1})", "ARRAY[1, NULL, 1]"}}},
		[]AggregateOverload{{Sig: "(x T) ARRAY<T>", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{CanUndo: true, Object: func(s *Site) Object {
				return &list{growing: newGrowing(s.Env), limit: int(settings.ListLimit.Or(s.Env.config(), math.MaxInt))}
			}}, nil
		}}}},
	{Doc{"COLLECT_SET", AggregateFn, "All different values in an array, NULL included, in the order in which they first came. The property ksql.functions.collect_set.limit bounds its length.",
		[]Example{{"COLLECT_SET({1, 2, 1, NULL})", "ARRAY[1, 2, NULL]"}}},
		[]AggregateOverload{{Sig: "(x T) ARRAY<T>", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{Object: func(s *Site) Object {
				return &bag{growing: newGrowing(s.Env), limit: int(settings.SetLimit.Or(s.Env.config(), math.MaxInt)), result: bagKeys}
			}}, nil
		}}}},
	{Doc{"HISTOGRAM", AggregateFn, "How often each value came, as a map, of at most 1000 values. NULLs are left out.",
		[]Example{{"HISTOGRAM({'a', 'b', 'a'})", "MAP('a' := 2, 'b' := 1)"}}},
		[]AggregateOverload{{Sig: "(x STRING) MAP<STRING, BIGINT>", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{CanUndo: true, Object: func(s *Site) Object {
				return &bag{growing: newGrowing(s.Env), limit: maxHistogram, skipNull: true, result: bagCounts}
			}}, nil
		}}}},
	{Doc{"ATTR", AggregateFn, "The value that all rows of the group agree on, or NULL where they don't.",
		[]Example{{"ATTR({1, 1})", "1"}, {"ATTR({1, 2})", "NULL"}}},
		[]AggregateOverload{{Sig: "(x T) T", Bind: func([]*types.Type, []types.Value) (*BoundAggregate, error) {
			return &BoundAggregate{CanUndo: true, Exact: true, Object: func(s *Site) Object {
				return &bag{growing: newGrowing(s.Env), limit: math.MaxInt, result: bagOnly}
			}}, nil
		}}}},
}

const maxHistogram = 1000

// list keeps all values in order.
type list struct {
	growing
	limit int
	vals  []types.Value
}

func (l *list) Add(args []types.Value, _ int64) error {
	if len(l.vals) < l.limit {
		if err := l.grow(args[0]); err != nil {
			return err
		}
		l.vals = append(l.vals, args[0].Clone())
	}
	return nil
}

// Undo takes out the last value that equals the row's.
func (l *list) Undo(args []types.Value) error {
	for i := len(l.vals) - 1; i >= 0; i-- {
		if types.Equal(l.vals[i], args[0]) {
			l.shrink(l.vals[i])
			l.vals = slices.Delete(l.vals, i, i+1)
			break
		}
	}
	return nil
}

func (l *list) Merge(other Object) error {
	o := other.(*list).vals
	for _, v := range o[:min(len(o), l.limit-len(l.vals))] {
		if err := l.grow(v); err != nil {
			return err
		}
		l.vals = append(l.vals, v)
	}
	return nil
}

func (l *list) Result() types.Value { return types.ArrayValue(l.vals) }

func (l *list) Append(dst []byte) []byte {
	return types.AppendRow(binary.AppendUvarint(dst, uint64(len(l.vals))), l.vals)
}

func (l *list) Decode(src []byte) (err error) {
	n, used := binary.Uvarint(src)
	if used <= 0 || n > uint64(len(src)) {
		return types.ErrCorrupt
	}
	l.vals, err = decodeValues(src[used:], int(n))
	l.count(l.vals)
	return err
}
