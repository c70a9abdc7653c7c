package functions

import "weir/types"

var arraySetFunctions = []Scalar{
	{Doc: Doc{"ARRAY_DISTINCT", ArrayFn, "The different items, in the order in which they first come.", []Example{{"ARRAY_DISTINCT(ARRAY[1, 2, 1, NULL])", "ARRAY[1, 2, NULL]"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Meter, c.Args[0].Items(), nil)
		}}}},
	{Doc: Doc{"ARRAY_EXCEPT", ArrayFn, "The different items of the first array that the second has not.", []Example{{"ARRAY_EXCEPT(ARRAY[1, 2, 3, 1], ARRAY[2])", "ARRAY[1, 3]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Meter, c.Args[0].Items(), &membership{c.Args[1].Items(), false})
		}}}},
	{Doc: Doc{"ARRAY_INTERSECT", ArrayFn, "The different items that both arrays have.", []Example{{"ARRAY_INTERSECT(ARRAY[1, 2, 3, 2], ARRAY[2, 3, 4])", "ARRAY[2, 3]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			return distinctItems(c.Meter, c.Args[0].Items(), &membership{c.Args[1].Items(), true})
		}}}},
	{Doc: Doc{"ARRAY_UNION", ArrayFn, "The different items of both arrays.", []Example{{"ARRAY_UNION(ARRAY[1, 2], ARRAY[2, NULL])", "ARRAY[1, 2, NULL]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", Eval: func(c *Call) (types.Value, error) {
			if err := c.Meter.Items(c.Args[0].Len() + c.Args[1].Len()); err != nil {
				return types.NullValue, err
			}
			both := append(append([]types.Value(nil), c.Args[0].Items()...), c.Args[1].Items()...)
			return distinctItems(c.Meter, both, nil)
		}}}},
}

// itemSet tells items apart by their encoding.
type itemSet struct {
	meter *Meter
	seen  map[string]bool
	key   []byte
}

func newItemSet(m *Meter) *itemSet { return &itemSet{meter: m, seen: map[string]bool{}} }

func (s *itemSet) has(v types.Value) bool {
	s.key = types.AppendKey(s.key[:0], []types.Value{canonical(v)})
	return s.seen[string(s.key)]
}

// add says whether the item is new.
func (s *itemSet) add(v types.Value) (bool, error) {
	if s.has(v) {
		return false, s.meter.Step(1)
	}
	if err := s.meter.Hold(entryBytes + len(s.key)); err != nil {
		return false, err
	}
	s.seen[string(s.key)] = true
	return true, nil
}

// membership keeps the items that are among those of an array, or the others.
type membership struct {
	items []types.Value
	in    bool
}

// distinctItems are the different items to keep; a nil keep keeps all.
func distinctItems(m *Meter, items []types.Value, keep *membership) (types.Value, error) {
	seen, others := newItemSet(m), newItemSet(m)
	if keep != nil {
		for _, v := range keep.items {
			if _, err := others.add(v); err != nil {
				return types.NullValue, err
			}
		}
	}
	var out []types.Value
	for _, v := range items {
		if keep != nil && others.has(v) != keep.in {
			continue
		}
		fresh, err := seen.add(v)
		if err != nil {
			return types.NullValue, err
		}
		if fresh {
			out = append(out, v)
		}
	}
	return types.ArrayValue(out), nil
}
