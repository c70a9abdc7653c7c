package functions

import (
	"encoding/binary"
	"fmt"
	"slices"

	"weir/types"
)

var topAggregates = []Aggregate{
	{Doc{"TOPK", AggregateFn, "The k largest values, largest first. With more columns, an array of structs: `sort_col` holds the value, `col0`, `col1` ... the other columns of its row; backquotes keep the small letters. Rows where the value is NULL are left out.",
		[]Example{{"TOPK({1, 5, NULL, 3, 5}, 3)", "ARRAY[5, 5, 3]"}}},
		[]AggregateOverload{
			{Sig: "(x T; k INTEGER) ARRAY<T>", Bind: bindTop(false), Accepts: comparable1},
			{Sig: "(x T, more ANY...; k INTEGER) ARRAY<STRUCT>", Bind: bindTop(false), Accepts: comparable1},
		}},
	{Doc{"TOPKDISTINCT", AggregateFn, "The k largest different values, largest first. NULLs are left out.",
		[]Example{{"TOPKDISTINCT({1, 5, 3, 5}, 2)", "ARRAY[5, 3]"}}},
		[]AggregateOverload{{Sig: "(x T; k INTEGER) ARRAY<T>", Bind: bindTop(true), Accepts: comparable1}}},
}

func bindTop(distinct bool) func([]*types.Type, []types.Value) (*BoundAggregate, error) {
	return func(params []*types.Type, initial []types.Value) (*BoundAggregate, error) {
		k := int(initial[0].Int())
		if initial[0].IsNull() || k < 1 {
			return nil, fmt.Errorf("the number of values has to be at least 1, not %d", k)
		}
		b := &BoundAggregate{Exact: len(params) == 1, Object: func(s *Site) Object {
			return &top{growing: newGrowing(s.Env), k: k, distinct: distinct, width: len(params)}
		}}
		if len(params) > 1 {
			fields := []types.Field{{Name: "sort_col", Type: params[0]}}
			for i, t := range params[1:] {
				fields = append(fields, types.Field{Name: fmt.Sprintf("col%d", i), Type: t})
			}
			b.Returns = types.TArray(types.TStruct(fields...))
		}
		return b, nil
	}
}

// top keeps the k largest values, each a struct where there are more columns than one. Among equals the older goes first.
type top struct {
	growing
	k, width int
	distinct bool
	vals     []types.Value
}

func (t *top) sortValue(v types.Value) types.Value {
	if t.width > 1 {
		return v.Items()[0]
	}
	return v
}

// place is where a value goes, behind those that equal it; ok is false where it has no place.
func (t *top) place(v types.Value) (at int, ok bool) {
	at = len(t.vals)
	for at > 0 {
		c := order(v, t.sortValue(t.vals[at-1]))
		if c == 0 && t.distinct {
			return 0, false
		}
		if c <= 0 {
			break
		}
		at--
	}
	return at, at < t.k
}

func (t *top) insert(at int, v types.Value) error {
	if len(t.vals) == t.k {
		t.shrink(t.vals[t.k-1])
		t.vals = slices.Delete(t.vals, t.k-1, t.k)
	}
	if err := t.grow(v); err != nil {
		return err
	}
	t.vals = slices.Insert(t.vals, at, v)
	return nil
}

func (t *top) Add(args []types.Value, _ int64) error {
	if args[0].IsNull() {
		return nil
	}
	if at, ok := t.place(args[0]); ok {
		v := args[0].Clone()
		if t.width > 1 {
			v = types.StructValue(types.CloneRow(args[:t.width]))
		}
		return t.insert(at, v)
	}
	return nil
}

func (t *top) Undo([]types.Value) error { return errNoUndo }

func (t *top) Merge(other Object) error {
	for _, v := range other.(*top).vals {
		if at, ok := t.place(t.sortValue(v)); ok {
			if err := t.insert(at, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *top) Result() types.Value { return types.ArrayValue(t.vals) }

func (t *top) Append(dst []byte) []byte {
	return types.AppendRow(binary.AppendUvarint(dst, uint64(len(t.vals))), t.vals)
}

func (t *top) Decode(src []byte) (err error) {
	n, used := binary.Uvarint(src)
	if used <= 0 || n > uint64(len(src)) {
		return types.ErrCorrupt
	}
	t.vals, err = decodeValues(src[used:], int(n))
	t.count(t.vals)
	for _, v := range t.vals {
		if t.width > 1 && (v.Kind() != types.Struct || v.Len() != t.width) {
			return types.ErrCorrupt
		}
	}
	return err
}
