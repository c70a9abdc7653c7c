package functions

import "weir/types"

var conditionalFunctions = []Scalar{
	{Doc: Doc{"COALESCE", ConditionalFn, "The first argument that is not NULL.", []Example{{"COALESCE(NULL, 2, 3)", "2"}, {"COALESCE(NULL, 'x')", "'x'"}}},
		Overloads: []Overload{{Sig: "(first T, more T...) T", NullIn: Pass, Eval: coalesce}}},
	{Doc: Doc{"IFNULL", ConditionalFn, "The first argument, or the second where the first is NULL.", []Example{{"IFNULL(NULL, 7)", "7"}, {"IFNULL(1, 7)", "1"}}},
		Overloads: []Overload{{Sig: "(x T, otherwise T) T", NullIn: Pass, Eval: coalesce}}},
	{Doc: Doc{"NULLIF", ConditionalFn, "The first argument, or NULL where it equals the second.", []Example{{"NULLIF(10, 10)", "NULL"}, {"NULLIF(1, 10)", "1"}, {"NULLIF('a', NULL)", "'a'"}}},
		Overloads: []Overload{{Sig: "(x T, y T) T", NullIn: Pass, Eval: func(c *Call) (types.Value, error) {
			if !c.Args[0].IsNull() && !c.Args[1].IsNull() && types.Equal(c.Args[0], c.Args[1]) {
				return types.NullValue, nil
			}
			return c.Args[0], nil
		}}}},
}

func coalesce(c *Call) (types.Value, error) {
	for _, v := range c.Args {
		if !v.IsNull() {
			return v, nil
		}
	}
	return types.NullValue, nil
}
