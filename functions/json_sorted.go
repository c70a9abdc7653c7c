package functions

import (
	"slices"
	"strings"

	"weir/types"
)

// byName gives a type with the fields of its STRUCTs in the order of their names, and what brings a value of the old type into
// that order, the entries of its MAPs too.
func byName(t *types.Type) (func(types.Value) types.Value, *types.Type) {
	switch t.Kind {
	case types.Array:
		item, elem := byName(t.Elem)
		return func(v types.Value) types.Value {
			if v.IsNull() {
				return v
			}
			out := make([]types.Value, v.Len())
			for i, w := range v.Items() {
				out[i] = item(w)
			}
			return types.ArrayValue(out)
		}, types.TArray(elem)
	case types.Map:
		item, elem := byName(t.Elem)
		return func(v types.Value) types.Value {
			if v.IsNull() {
				return v
			}
			out := sortedPairs(v)
			for i := 1; i < len(out); i += 2 {
				out[i] = item(out[i])
			}
			return types.MapValue(out)
		}, types.TMap(t.Key, elem)
	case types.Struct:
		return byFieldName(t)
	}
	return func(v types.Value) types.Value { return v }, t
}

func byFieldName(t *types.Type) (func(types.Value) types.Value, *types.Type) {
	order := make([]int, len(t.Fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(t.Fields[i].Name, t.Fields[j].Name) })
	fields := make([]types.Field, len(order))
	sorted := make([]func(types.Value) types.Value, len(order))
	for to, from := range order {
		fields[to].Name = t.Fields[from].Name
		sorted[to], fields[to].Type = byName(t.Fields[from].Type)
	}
	return func(v types.Value) types.Value {
		if v.IsNull() {
			return v
		}
		out, items := make([]types.Value, len(order)), v.Items()
		for to, from := range order {
			out[to] = sorted[to](items[from])
		}
		return types.StructValue(out)
	}, types.TStruct(fields...)
}
