package functions

import (
	"cmp"
	"errors"

	"weir/types"
)

var (
	errSameKey = errors.New("two entries get the same key")
	errNoValue = errors.New("an entry gets the value NULL")
)

var lambdaFunctions = []Scalar{
	{Doc: Doc{"FILTER", LambdaFn, "The items of an array, or the entries of a map, for which the lambda is true. A map has no NULL among the values that stay.",
		[]Example{{"FILTER(ARRAY[3, 6, NULL, 10], x => x > 5)", "ARRAY[6, 10]"}, {"FILTER(MAP('a' := 1, 'b' := 9), (k, v) => v > 5)", "MAP('b' := 9)"}}},
		Overloads: []Overload{
			{Sig: "(list ARRAY<T>, f (T) => BOOLEAN) ARRAY<T>", Eval: filterArray},
			{Sig: "(map MAP<K, V>, f (K, V) => BOOLEAN) MAP<K, V>", Eval: filterMap},
		}},
	{Doc: Doc{"REDUCE", LambdaFn, "Goes through an array or a map with a state, to which the lambda gives its next value. A NULL collection leaves the first state; a first state that is NULL stays NULL.",
		[]Example{{"REDUCE(ARRAY[3, 6], 2, (s, x) => s + x)", "11"}, {"REDUCE(MAP('a' := 1, 'b' := 2), 0, (s, k, v) => s + v)", "3"}}},
		Overloads: []Overload{
			{Sig: "(list ARRAY<T>, state S, f (S, T) => S) S", NullIn: Pass, Eval: reduceArray},
			{Sig: "(map MAP<K, V>, state S, f (S, K, V) => S) S", NullIn: Pass, Eval: reduceMap},
		}},
	{Doc: Doc{"TRANSFORM", LambdaFn, "What the lambda makes of every item of an array, or two lambdas of the keys and values of a map, which has no NULL among its new values.",
		[]Example{{"TRANSFORM(ARRAY[1, 2], x => x + 5)", "ARRAY[6, 7]"},
			{"TRANSFORM(MAP('a' := 1), (k, v) => UCASE(k), (k, v) => v + 1)", "MAP('A' := 2)"}}},
		Overloads: []Overload{
			{Sig: "(list ARRAY<T>, f (T) => R) ARRAY<R>", Eval: transformArray},
			{Sig: "(map MAP<K, V>, key (K, V) => R, val (K, V) => S) MAP<R, S>", Eval: transformMap},
		}},
}

func filterArray(c *Call) (types.Value, error) {
	var out []types.Value
	items := c.Args[0].Items()
	held := c.Meter.Held()
	for i := range items {
		keep, err := c.Lambdas[0](items[i : i+1])
		if err != nil {
			return types.NullValue, err
		}
		c.Meter.Release(held)
		if keep.Bool() {
			out = append(out, items[i])
		}
	}
	return types.ArrayValue(out), nil
}

func filterMap(c *Call) (types.Value, error) {
	var out []types.Value
	pairs := c.Args[0].Pairs()
	held := c.Meter.Held()
	for i := 0; i < len(pairs); i += 2 {
		keep, err := c.Lambdas[0](pairs[i : i+2])
		if err != nil {
			return types.NullValue, err
		}
		c.Meter.Release(held)
		if !keep.Bool() {
			continue
		}
		if pairs[i+1].IsNull() {
			return types.NullValue, errNoValue
		}
		out = append(out, pairs[i], pairs[i+1])
	}
	return types.MapValue(out), nil
}

func reduceArray(c *Call) (types.Value, error) {
	if c.Args[1].IsNull() {
		return types.NullValue, nil
	}
	args := [2]types.Value{c.Args[1]}
	held := c.Meter.Held()
	for _, v := range c.Args[0].Items() {
		args[1] = v
		next, err := c.Lambdas[0](args[:])
		if err == nil {
			err = c.Meter.Made(held, next)
		}
		if err != nil {
			return types.NullValue, err
		}
		args[0] = next
	}
	return args[0], nil
}

func reduceMap(c *Call) (types.Value, error) {
	if c.Args[1].IsNull() {
		return types.NullValue, nil
	}
	args := [3]types.Value{c.Args[1]}
	held := c.Meter.Held()
	pairs := c.Args[0].Pairs()
	for i := 0; i < len(pairs); i += 2 {
		args[1], args[2] = pairs[i], pairs[i+1]
		next, err := c.Lambdas[0](args[:])
		if err == nil {
			err = c.Meter.Made(held, next)
		}
		if err != nil {
			return types.NullValue, err
		}
		args[0] = next
	}
	return args[0], nil
}

func transformArray(c *Call) (types.Value, error) {
	items := c.Args[0].Items()
	if err := c.Meter.Items(len(items)); err != nil {
		return types.NullValue, err
	}
	out := make([]types.Value, len(items))
	for i := range items {
		var err error
		if out[i], err = c.Lambdas[0](items[i : i+1]); err != nil {
			return types.NullValue, err
		}
	}
	return types.ArrayValue(out), nil
}

func transformMap(c *Call) (types.Value, error) {
	pairs := c.Args[0].Pairs()
	if err := c.Meter.Items(len(pairs)); err != nil {
		return types.NullValue, err
	}
	out := newPairs(c.Meter, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, err := c.Lambdas[0](pairs[i : i+2])
		if err != nil {
			return types.NullValue, err
		}
		if at, err := out.find(key); err != nil || at >= 0 {
			return types.NullValue, cmp.Or(err, errSameKey)
		}
		val, err := c.Lambdas[1](pairs[i : i+2])
		if err != nil {
			return types.NullValue, err
		}
		if val.IsNull() {
			return types.NullValue, errNoValue
		}
		if err := out.set(key, val); err != nil {
			return types.NullValue, err
		}
	}
	return types.MapValue(out.list), nil
}
