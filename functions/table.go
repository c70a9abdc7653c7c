package functions

import (
	"errors"

	"weir/types"
)

var tableFunctions = []Scalar{
	{Doc: Doc{"CUBE_EXPLODE", TableFn, "A row for each way to replace some of the items by NULL: the groups of a cube.",
		[]Example{{"CUBE_EXPLODE(ARRAY[1, 2])", "ARRAY[ARRAY[NULL, NULL], ARRAY[NULL, 2], ARRAY[1, NULL], ARRAY[1, 2]]"}}},
		Overloads: []Overload{{Sig: "(list ARRAY<T>) ARRAY<T>", Eval: cube}}},
	{Doc: Doc{"EXPLODE", TableFn, "A row for each item of an array; none where it is NULL.", []Example{{"EXPLODE(ARRAY[1, 2])", "ARRAY[1, 2]"}}},
		Overloads: []Overload{{Sig: "(input ARRAY<DECIMAL>) DECIMAL", Eval: same,
			Returns: func(params []*types.Type) *types.Type { return params[0].Elem }}, {Sig: "(list ARRAY<T>) T", Eval: same}}},
}

var errCube = errors.New("CUBE_EXPLODE takes at most 20 items that are not NULL")

// maxCube bounds the number of items, which doubles the rows each.
const maxCube = 20

// cube counts through the combinations as a binary number, whose highest bit is the first item. An item that is NULL
// already gives no combinations of its own.
func cube(c *Call) (types.Value, error) {
	items := c.Args[0].Items()
	var vary []int
	for i, v := range items {
		if !v.IsNull() {
			vary = append(vary, i)
		}
	}
	if len(vary) > maxCube {
		return types.NullValue, errCube
	}
	if err := c.Meter.Items((len(items) + 1) << len(vary)); err != nil {
		return types.NullValue, err
	}
	out := make([]types.Value, 0, 1<<len(vary))
	for n := range 1 << len(vary) {
		row := make([]types.Value, len(items))
		for bit, i := range vary {
			if n>>(len(vary)-1-bit)&1 == 1 {
				row[i] = items[i]
			}
		}
		out = append(out, types.ArrayValue(row))
	}
	return types.ArrayValue(out), nil
}
