package main

import (
	"errors"
	"fmt"

	"weir/functions"
	"weir/types"
)

// testRegistry is the standard functions and those that the cases bring along as Java classes.
func testRegistry() *functions.Registry {
	return functions.Standard().With(functions.Extra{Scalars: testScalars(), Aggregates: testAggregates(), Tables: testTables()})
}

func named(name string) functions.Doc {
	return functions.Doc{Name: name, Category: functions.OtherFn, Description: "A function of the cases."}
}

var errThrown = errors.New("boom")

// says is an overload that answers with a text.
func says(sig, answer string) functions.Overload {
	return functions.Overload{Sig: sig, NullIn: functions.Pass, Eval: func(*functions.Call) (types.Value, error) {
		return types.StringValue(answer), nil
	}}
}

// evaluated gives back its first argument, and fails where the second says that it should not have been called.
func evaluated(c *functions.Call) (types.Value, error) {
	if !c.Args[1].Bool() {
		return types.NullValue, errThrown
	}
	return c.Args[0], nil
}

func testScalars() []functions.Scalar {
	return []functions.Scalar{
		{Doc: named("TEST_UDF"), Overloads: []functions.Overload{
			says("(a INTEGER, b STRING) STRING", "doStuffIntString"),
			says("(a BIGINT, b STRING) STRING", "doStuffLongString"),
			says("(a BIGINT, b BIGINT, c STRING) STRING", "doStuffLongLongString"),
			says("(a BIGINT...) STRING", "doStuffLongVarargs"),
			{Sig: "(s STRUCT) STRING", Eval: func(c *functions.Call) (types.Value, error) { return c.Args[0].Items()[0], nil }},
		}},
		{Doc: named("BAD_UDF"), Overloads: []functions.Overload{
			{Sig: "(n INTEGER) INTEGER", Eval: func(*functions.Call) (types.Value, error) { return types.NullValue, errThrown }},
			{Sig: "(b BOOLEAN) INTEGER", Eval: func(c *functions.Call) (types.Value, error) {
				if c.Args[0].Bool() {
					return types.NullValue, errThrown
				}
				return types.IntValue(0), nil
			}},
			{Sig: "(s STRING) STRING", Make: everyOther},
		}},
		{Doc: named("WHENCONDITION"), Overloads: []functions.Overload{{Sig: "(ret BOOLEAN, wanted BOOLEAN) BOOLEAN", Eval: evaluated}}},
		{Doc: named("WHENRESULT"), Overloads: []functions.Overload{{Sig: "(ret INTEGER, wanted BOOLEAN) INTEGER", Eval: evaluated}}},
		{Doc: named("TOSTRUCT"), Overloads: []functions.Overload{{Sig: "(s STRING) STRUCT",
			Returns: func([]*types.Type) *types.Type { return types.TStruct(types.Field{Name: "A", Type: types.TString}) },
			Eval: func(c *functions.Call) (types.Value, error) {
				return types.StructValue([]types.Value{c.Args[0]}), nil
			}}}},
	}
}

// everyOther gives NULL at each odd call.
func everyOther(*functions.Binding) functions.Eval {
	calls := 0
	return func(c *functions.Call) (types.Value, error) {
		if calls++; calls%2 == 1 {
			return types.NullValue, nil
		}
		return c.Args[0], nil
	}
}

func testTables() []functions.Scalar {
	return []functions.Scalar{
		{Doc: named("TEST_UDTF"), Overloads: []functions.Overload{
			{Sig: "(a INTEGER, b BIGINT, c DOUBLE, d BOOLEAN, e STRING, f DECIMAL, g STRUCT) STRING", Make: texts(func(v types.Value, t *types.Type) (types.Value, *types.Type) { return v, t })},
			{Sig: "(a ARRAY<INTEGER>, b ARRAY<BIGINT>, c ARRAY<DOUBLE>, d ARRAY<BOOLEAN>, e ARRAY<STRING>, f ARRAY<DECIMAL>, g ARRAY<STRUCT>) STRING",
				Make: texts(func(v types.Value, t *types.Type) (types.Value, *types.Type) { return v.Items()[0], t.Elem })},
			{Sig: "(a MAP<STRING, INTEGER>, b MAP<STRING, BIGINT>, c MAP<STRING, DOUBLE>, d MAP<STRING, BOOLEAN>, e MAP<STRING, STRING>, f MAP<STRING, DECIMAL>, g MAP<STRING, STRUCT>) STRING",
				Make: texts(func(v types.Value, t *types.Type) (types.Value, *types.Type) { return v.Pairs()[1], t.Elem })},
			{Sig: "(n INTEGER) INTEGER", NullIn: functions.Pass, Eval: func(c *functions.Call) (types.Value, error) {
				return types.ArrayValue([]types.Value{c.Args[0]}), nil
			}},
		}},
		{Doc: named("THROWING_UDTF"), Overloads: []functions.Overload{{Sig: "(b BOOLEAN) BOOLEAN", Eval: func(c *functions.Call) (types.Value, error) {
			if c.Args[0].Bool() {
				return types.NullValue, errThrown
			}
			return types.ArrayValue([]types.Value{c.Args[0]}), nil
		}}}},
	}
}

// texts makes a list of the arguments as text, after taking something out of each.
func texts(take func(types.Value, *types.Type) (types.Value, *types.Type)) func(*functions.Binding) functions.Eval {
	return func(b *functions.Binding) functions.Eval {
		return func(c *functions.Call) (types.Value, error) {
			out := make([]types.Value, len(c.Args))
			for i, v := range c.Args {
				if v.Kind().Nested() && v.Len() == 0 {
					return types.NullValue, fmt.Errorf("argument %d is empty", i+1)
				}
				item, t := take(v, b.Params[i])
				out[i] = types.StringValue(types.Text(item, t))
			}
			return types.ArrayValue(out), nil
		}
	}
}
