package functions

import (
	"slices"

	"weir/types"
)

var mapFunctions = []Scalar{
	{Doc: Doc{"AS_MAP", MapFn, "A map of the keys in one array and the values in another; keys beyond the values get NULL.", []Example{{"AS_MAP(ARRAY['a', 'b'], ARRAY[1, 2])", "MAP('a' := 1, 'b' := 2)"}}},
		Overloads: []Overload{{Sig: "(keys ARRAY<STRING>, vals ARRAY<T>) MAP<STRING, T>", Eval: func(c *Call) (types.Value, error) {
			keys, vals := c.Args[0].Items(), c.Args[1].Items()
			if err := c.Meter.Items(2 * len(keys)); err != nil {
				return types.NullValue, err
			}
			out := newPairs(c.Meter, len(keys))
			for i, k := range keys {
				val := types.NullValue
				if i < len(vals) {
					val = vals[i]
				}
				if err := out.set(k, val); err != nil {
					return types.NullValue, err
				}
			}
			return types.MapValue(out.list), nil
		}}}},
	{Doc: Doc{"ENTRIES", MapFn, "The entries of a map as structs of K and V, sorted by key where the second argument is TRUE.",
		[]Example{{"ENTRIES(MAP('b' := 2, 'a' := 1), TRUE)", "ARRAY[STRUCT(K := 'a', V := 1), STRUCT(K := 'b', V := 2)]"}}},
		Overloads: []Overload{{Sig: "(map MAP<STRING, T>, sorted BOOLEAN) ARRAY<STRUCT>", Eval: func(c *Call) (types.Value, error) {
			pairs := c.Args[0].Pairs()
			if err := c.Meter.Items(3 * c.Args[0].Len()); err != nil {
				return types.NullValue, err
			}
			out := make([]types.Value, 0, c.Args[0].Len())
			for i := 0; i < len(pairs); i += 2 {
				out = append(out, types.StructValue(slices.Clone(pairs[i:i+2])))
			}
			if c.Args[1].Bool() {
				slices.SortFunc(out, func(a, b types.Value) int { return types.Compare(a.Items()[0], b.Items()[0]) })
			}
			return types.ArrayValue(out), nil
		}, Returns: func(p []*types.Type) *types.Type {
			return types.TArray(types.TStruct(types.Field{Name: "K", Type: types.TString}, types.Field{Name: "V", Type: p[0].Elem}))
		}}}},
	{Doc: Doc{"MAP_KEYS", MapFn, "The keys of a map.", []Example{{"MAP_KEYS(MAP('a' := 1, 'b' := 2))", "ARRAY['a', 'b']"}}},
		Overloads: []Overload{{Sig: "(map MAP<STRING, T>) ARRAY<STRING>", Eval: everySecond(0)}}},
	{Doc: Doc{"MAP_UNION", MapFn, "The entries of both maps; of equal keys the second map's value counts. A NULL map counts as empty.",
		[]Example{{"MAP_UNION(MAP('a' := 1, 'b' := 2), MAP('b' := 3))", "MAP('a' := 1, 'b' := 3)"}}},
		Overloads: []Overload{{Sig: "(left MAP<STRING, T>, right MAP<STRING, T>) MAP<STRING, T>", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			if c.Args[0].IsNull() && c.Args[1].IsNull() {
				return types.NullValue, nil
			}
			left, right := c.Args[0].Pairs(), c.Args[1].Pairs()
			if err := c.Meter.Items(len(left) + len(right)); err != nil {
				return types.NullValue, err
			}
			out := newPairs(c.Meter, (len(left)+len(right))/2)
			out.list = append(out.list, left...)
			for i := 0; i < len(right); i += 2 {
				if err := out.set(right[i], right[i+1]); err != nil {
					return types.NullValue, err
				}
			}
			return types.MapValue(out.list), nil
		}}}},
	{Doc: Doc{"MAP_VALUES", MapFn, "The values of a map.", []Example{{"MAP_VALUES(MAP('a' := 1, 'b' := 2))", "ARRAY[1, 2]"}}},
		Overloads: []Overload{{Sig: "(map MAP<STRING, T>) ARRAY<T>", Eval: everySecond(1)}}},
}

func everySecond(from int) Eval {
	return func(c *Call) (types.Value, error) {
		pairs := c.Args[0].Pairs()
		out := make([]types.Value, 0, c.Args[0].Len())
		for i := from; i < len(pairs); i += 2 {
			out = append(out, pairs[i])
		}
		return types.ArrayValue(out), nil
	}
}
