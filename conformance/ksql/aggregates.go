package main

import (
	"math"
	"weir/functions"
	"weir/types"
)

func testAggregates() []functions.Aggregate {
	return []functions.Aggregate{
		{Doc: named("TEST_UDAF"), Overloads: []functions.AggregateOverload{
			{Sig: "(n BIGINT) BIGINT", Bind: bindWeigh},
			{Sig: "(n INTEGER) BIGINT", Bind: bindWeigh},
			{Sig: "(s STRUCT) STRUCT", Bind: bindStructSum},
		}},
		{Doc: named("VAR_ARG"), Overloads: []functions.AggregateOverload{{Sig: "(n BIGINT, s STRING...) BIGINT", Bind: bindWeigh}}},
		{Doc: named("MID_VAR_ARG"), Overloads: []functions.AggregateOverload{{Sig: "(n BIGINT, s STRING...; a INTEGER, b INTEGER) BIGINT", Bind: bindWeigh}}},
		{Doc: named("MULTI_ARG"), Overloads: []functions.AggregateOverload{{Sig: "(n BIGINT, s STRING; a INTEGER, b STRING...) BIGINT", Bind: bindWeigh}}},
		{Doc: named("FOUR_ARG"), Overloads: []functions.AggregateOverload{
			{Sig: "(n BIGINT, s STRING, t STRING, u STRING; a INTEGER, b STRING...) BIGINT", Bind: bindWeigh}}},
		{Doc: named("FIVE_ARG"), Overloads: []functions.AggregateOverload{
			{Sig: "(n BIGINT, s STRING, t STRING, u STRING, m INTEGER; a INTEGER, b STRING...) BIGINT", Bind: bindWeigh}}},
		{Doc: named("GENERIC_VAR_ARG"), Overloads: []functions.AggregateOverload{{Sig: "(a A, b B, c C...) ARRAY<A>", Bind: bindCollect}}},
		{Doc: named("OBJ_COL_ARG"), Overloads: []functions.AggregateOverload{{Sig: "(a INTEGER, more ANY...) ARRAY<INTEGER>", Bind: bindCollect}}},
	}
}

// weight of a number is the number, of a text its length, of NULL nothing.
func weight(list []types.Value) int64 {
	sum := int64(0)
	for _, v := range list {
		switch v.Kind() {
		case types.Integer, types.Bigint:
			sum += v.Int()
		case types.String:
			sum += int64(v.Len())
		}
	}
	return sum
}

// bindWeigh sums up the weights of all arguments, and of the initial ones once.
func bindWeigh(_ []*types.Type, initial []types.Value) (*functions.BoundAggregate, error) {
	start := weight(initial)
	return &functions.BoundAggregate{CanUndo: true, Words: &functions.WordAggregate{
		Size: 1,
		Add: func(w []uint64, args []types.Value, _ int64) error {
			w[0] += uint64(weight(args))
			return nil
		},
		Undo: func(w []uint64, args []types.Value) error {
			w[0] -= uint64(weight(args))
			return nil
		},
		Merge:  func(w, other []uint64) { w[0] += other[0] },
		Result: func(w []uint64) types.Value { return types.BigintValue(start + int64(w[0])) },
	}}, nil
}

// bindStructSum sums a struct of numbers field by field.
func bindStructSum(params []*types.Type, _ []types.Value) (*functions.BoundAggregate, error) {
	fields := params[0].Fields
	return &functions.BoundAggregate{Returns: params[0], Words: &functions.WordAggregate{
		Size: len(fields),
		Add: func(w []uint64, args []types.Value, _ int64) error {
			for i, v := range args[0].Items() {
				w[i] += uint64(v.Int())
			}
			return nil
		},
		Merge: func(w, other []uint64) {
			for i := range w {
				w[i] += other[i]
			}
		},
		Result: func(w []uint64) types.Value {
			out := make([]types.Value, len(fields))
			for i, f := range fields {
				out[i] = types.NumberValue(f.Type.Kind, int64(w[i]))
			}
			return types.StructValue(out)
		},
	}}, nil
}

// bindCollect lists the first argument of the rows where none is NULL.
func bindCollect([]*types.Type, []types.Value) (*functions.BoundAggregate, error) {
	return &functions.BoundAggregate{Object: func(*functions.Site) functions.Object { return &collected{} }}, nil
}

type collected struct{ list []types.Value }

func (c *collected) Add(args []types.Value, _ int64) error {
	for _, v := range args {
		if v.IsNull() {
			return nil
		}
	}
	c.list = append(c.list, args[0].Clone())
	return nil
}

func (c *collected) Undo([]types.Value) error { return errThrown }

func (c *collected) Merge(other functions.Object) error {
	c.list = append(c.list, other.(*collected).list...)
	return nil
}

// Bytes is what the values take.
func (c *collected) Bytes() int { return types.SizeOf(c.list, math.MaxInt) }

func (c *collected) Result() types.Value { return types.ArrayValue(c.list) }

func (c *collected) Append(dst []byte) []byte {
	return types.AppendValue(dst, types.ArrayValue(c.list))
}

func (c *collected) Decode(src []byte) error {
	var row [1]types.Value
	rest, err := types.DecodeRow(src, row[:])
	if err != nil || len(rest) > 0 {
		return types.ErrCorrupt
	}
	c.list = row[0].Clone().Items()
	return nil
}
