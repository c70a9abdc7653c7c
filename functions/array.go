package functions

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"weir/types"
)

var arrayFunctions = []Scalar{
	{Doc: Doc{"ARRAY_CONCAT", ArrayFn, "All items of both arrays; a NULL array counts as none.", []Example{{"ARRAY_CONCAT(ARRAY[1, 2], ARRAY[2])", "ARRAY[1, 2, 2]"}, {"ARRAY_CONCAT(ARRAY[1], NULL)", "ARRAY[1]"}}},
		Overloads: []Overload{{Sig: "(left ARRAY<T>, right ARRAY<T>) ARRAY<T>", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			if c.Args[0].IsNull() && c.Args[1].IsNull() {
				return types.NullValue, nil
			}
			if err := c.Meter.Items(c.Args[0].Len() + c.Args[1].Len()); err != nil {
				return types.NullValue, err
			}
			return types.ArrayValue(slices.Concat(c.Args[0].Items(), c.Args[1].Items())), nil
		}}}},
	{Doc: Doc{"ARRAY_CONTAINS", ArrayFn, "Whether the array holds the value; NULL can be looked for too.", []Example{{"ARRAY_CONTAINS(ARRAY[1, 2], 2)", "TRUE"}, {"ARRAY_CONTAINS(ARRAY['a'], 'b')", "FALSE"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>, x T) BOOLEAN", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			return types.BoolValue(!c.Args[0].IsNull() && contains(c.Args[0].Items(), c.Args[1])), nil
		}}}},
	{Doc: Doc{"ARRAY_JOIN", ArrayFn, "The items as text, with a delimiter between them: a comma unless another is given.",
		[]Example{{"ARRAY_JOIN(ARRAY[1, NULL, 3])", "'1,null,3'"}, {"ARRAY_JOIN(ARRAY['a', 'b'], '; ')", "'a; b'"}}},
		Overloads: []Overload{
			{Sig: "(list ARRAY<T>) STRING", NullIn: Pass, Make: arrayJoin},
			{Sig: "(list ARRAY<T>, delimiter STRING) STRING", NullIn: Pass, Make: arrayJoin},
		}},
	{Doc: Doc{"ARRAY_LENGTH", ArrayFn, "The number of items.", []Example{{"ARRAY_LENGTH(ARRAY[1, NULL])", "2"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) INTEGER", Eval: func(c *Call) (types.Value, error) { return types.IntValue(int32(c.Args[0].Len())), nil }}}},
	{Doc: Doc{"ARRAY_MAX", ArrayFn, "The largest item; NULLs are left out.", []Example{{"ARRAY_MAX(ARRAY[1, NULL, 3])", "3"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) T", Eval: extremeItem(1), Accepts: comparableItems}}},
	{Doc: Doc{"ARRAY_MIN", ArrayFn, "The smallest item; NULLs are left out.", []Example{{"ARRAY_MIN(ARRAY[2, NULL, 3])", "2"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) T", Eval: extremeItem(-1), Accepts: comparableItems}}},
	{Doc: Doc{"ARRAY_REMOVE", ArrayFn, "The array without the items that equal the value.", []Example{{"ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "ARRAY[2]"}, {"ARRAY_REMOVE(ARRAY[1, NULL], NULL)", "ARRAY[1]"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>, x T) ARRAY<T>", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			if c.Args[0].IsNull() {
				return types.NullValue, nil
			}
			var out []types.Value
			for _, v := range c.Args[0].Items() {
				if !types.Equal(v, c.Args[1]) {
					out = append(out, v)
				}
			}
			return types.ArrayValue(out), nil
		}}}},
	{Doc: Doc{"ARRAY_SORT", ArrayFn, "The items in order, NULLs last; ASC or DESC.", []Example{{"ARRAY_SORT(ARRAY[3, NULL, 1])", "ARRAY[1, 3, NULL]"}, {"ARRAY_SORT(ARRAY[3, 1, 2], 'DESC')", "ARRAY[3, 2, 1]"}}},
		Overloads: []Overload{
			{Sig: "(list ARRAY<T>) ARRAY<T>", Eval: arraySort, Accepts: comparableItems},
			{Sig: "(list ARRAY<T>, direction STRING) ARRAY<T>", Eval: arraySort, Accepts: comparableItems},
		}},
	{Doc: Doc{"GENERATE_SERIES", ArrayFn, "The numbers from start to end, both included, in steps.", []Example{{"GENERATE_SERIES(1, 3)", "ARRAY[1, 2, 3]"}, {"GENERATE_SERIES(5, 1, -2)", "ARRAY[5, 3, 1]"}}},
		Overloads: []Overload{
			{Sig: "(start INTEGER, end INTEGER) ARRAY<INTEGER>", Eval: series(types.Integer)},
			{Sig: "(start INTEGER, end INTEGER, step INTEGER) ARRAY<INTEGER>", Eval: series(types.Integer)},
			{Sig: "(start BIGINT, end BIGINT) ARRAY<BIGINT>", Eval: series(types.Bigint)},
			{Sig: "(start BIGINT, end BIGINT, step INTEGER) ARRAY<BIGINT>", Eval: series(types.Bigint)},
		}},
	{Doc: Doc{"SLICE", ArrayFn, "The items from one position to another, from 1, both included; NULL where the array does not reach so far.", []Example{{"SLICE(ARRAY['a', 'b', 'c'], 2, 3)", "ARRAY['b', 'c']"}, {"SLICE(ARRAY[1, 2], 2, 9)", "NULL"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>, from INTEGER, to INTEGER) ARRAY<T>", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			if c.Args[0].IsNull() {
				return types.NullValue, nil
			}
			from, to := int64(0), int64(c.Args[0].Len())
			if !c.Args[1].IsNull() {
				from = c.Args[1].Int() - 1
			}
			if !c.Args[2].IsNull() {
				to = c.Args[2].Int()
			}
			if from < 0 || from > to || to > int64(c.Args[0].Len()) {
				return types.NullValue, nil
			}
			return types.ArrayValue(c.Args[0].Items()[from:to]), nil
		}}}},
}

func comparableItems(p []*types.Type) bool {
	k := p[0].Elem.Kind
	return k == types.Boolean || slices.Contains(comparableKinds, k)
}

func contains(items []types.Value, v types.Value) bool {
	return slices.ContainsFunc(items, func(w types.Value) bool { return types.Equal(v, w) })
}

// plainBytes is about what a number takes as text, and smallBytes what needs no leave.
const plainBytes, smallBytes = 8, 1 << 16

func arrayJoin(b *Binding) Eval {
	elem := b.Params[0].Elem
	return func(c *Call) (types.Value, error) {
		if c.Args[0].IsNull() {
			return types.NullValue, nil
		}
		delimiter := ","
		if len(c.Args) > 1 {
			delimiter = c.Args[1].Str() // a NULL delimiter is none
		}
		items := c.Args[0].Items()
		size := len(items) * (len(delimiter) + plainBytes)
		for _, v := range items {
			if k := v.Kind(); k == types.String || k == types.Bytes {
				size += v.Len()
			}
		}
		if size > smallBytes {
			if err := c.Meter.Take(size); err != nil {
				return types.NullValue, err
			}
		}
		var out []byte
		for i, v := range items {
			if v.Kind().Nested() {
				return types.NullValue, fmt.Errorf("ARRAY_JOIN joins plain items, not such of type %s", elem)
			}
			if i > 0 {
				out = append(out, delimiter...)
			}
			out = types.AppendText(out, v, elem)
		}
		return types.StringOf(out), nil
	}
}

func extremeItem(sign int) Eval {
	best := extremeOf(sign)
	return func(c *Call) (types.Value, error) {
		items := Call{Args: c.Args[0].Items()}
		return best(&items)
	}
}

func arraySort(c *Call) (types.Value, error) {
	sign := 1
	if len(c.Args) > 1 {
		switch strings.ToUpper(strings.TrimSpace(c.Args[1].Str())) {
		case "ASC", "ASCENDING":
		case "DESC", "DESCENDING":
			sign = -1
		default:
			return types.NullValue, fmt.Errorf("the direction is ASC or DESC, got %q", c.Args[1].Str())
		}
	}
	if err := c.Meter.Items(c.Args[0].Len()); err != nil {
		return types.NullValue, err
	}
	out := slices.Clone(c.Args[0].Items())
	slices.SortStableFunc(out, func(a, b types.Value) int {
		if a.IsNull() || b.IsNull() {
			return -types.Compare(a, b)
		}
		return order(a, b) * sign
	})
	return types.ArrayValue(out), nil
}

func series(k types.Kind) Eval {
	return func(c *Call) (types.Value, error) {
		start, end, step := c.Args[0].Int(), c.Args[1].Int(), int64(1)
		if len(c.Args) > 2 {
			step = c.Args[2].Int()
		} else if end < start {
			step = -1
		}
		switch {
		case step == 0:
			return types.NullValue, fmt.Errorf("GENERATE_SERIES step cannot be zero")
		case (step > 0) != (end >= start) && end != start:
			return types.NullValue, fmt.Errorf("GENERATE_SERIES step has wrong sign")
		}
		span := uint64(end) - uint64(start)
		width := uint64(step)
		if step < 0 {
			span, width = uint64(start)-uint64(end), uint64(-step)
		}
		if err := c.Meter.Items(int(min(span/width, math.MaxInt/2)) + 1); err != nil {
			return types.NullValue, err
		}
		out := make([]types.Value, span/width+1)
		for i := range out {
			out[i] = types.NumberValue(k, start+int64(i)*step)
		}
		return types.ArrayValue(out), nil
	}
}
