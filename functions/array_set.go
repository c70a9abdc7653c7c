package functions

import "weir/types"

var arraySetFunctions = []Scalar{
	{Doc: Doc{"ARRAY_DISTINCT", ArrayFn, "The different items, in the order in which they first come.", []Example{{"ARRAY_DISTINCT(ARRAY[1, 2, 1, NULL])", "ARRAY[1, 2, NULL]"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Args[0].Items(), nil), nil
		}}}},
	{Doc: Doc{"ARRAY_EXCEPT", ArrayFn, "The different items of the first array that the second has not.", []Example{{"ARRAY_EXCEPT(ARRAY[1, 2, 3, 1], ARRAY[2])", "ARRAY[1, 3]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Args[0].Items(), membership(c.Args[1].Items(), false)), nil
		}}}},
	{Doc: Doc{"ARRAY_INTERSECT", ArrayFn, "The different items that both arrays have.", []Example{{"ARRAY_INTERSECT(ARRAY[1, 2, 3, 2], ARRAY[2, 3, 4])", "ARRAY[2, 3]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Args[0].Items(), membership(c.Args[1].Items(), true)), nil
		}}}},
	{Doc: Doc{"ARRAY_UNION", ArrayFn, "The different items of both arrays.", []Example{{"ARRAY_UNION(ARRAY[1, 2], ARRAY[2, NULL])", "ARRAY[1, 2, NULL]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			both := append(append([]types.Value(nil), c.Args[0].Items()...), c.Args[1].Items()...)
			return distinctItems(both, nil), nil
		}}}},
}

// itemSet tells items apart by their encoding.
type itemSet struct {
	seen map[string]bool
	key  []byte
}

func newItemSet(n int) *itemSet { return &itemSet{seen: make(map[string]bool, n)} }

func (s *itemSet) has(v types.Value) bool {
	s.key = types.AppendKey(s.key[:0], []types.Value{canonical(v)})
	return s.seen[string(s.key)]
}

// add says whether the item is new.
func (s *itemSet) add(v types.Value) bool {
	if s.has(v) {
		return false
	}
	s.seen[string(s.key)] = true
	return true
}

// membership says whether an item is among those of an array, or the contrary.
func membership(items []types.Value, in bool) func(types.Value) bool {
	set := newItemSet(len(items))
	for _, v := range items {
		set.add(v)
	}
	return func(v types.Value) bool { return set.has(v) == in }
}

// distinctItems are the different items to keep; a nil keep keeps all.
func distinctItems(items []types.Value, keep func(types.Value) bool) types.Value {
	seen := newItemSet(len(items))
	var out []types.Value
	for _, v := range items {
		if (keep == nil || keep(v)) && seen.add(v) {
			out = append(out, v)
		}
	}
	return types.ArrayValue(out)
}
