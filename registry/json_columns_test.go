package registry_test

import (
	"slices"
	"testing"

	"weir/formats"
	"weir/registry"
	"weir/types"
)

// TestColumnsComeAndGo registers the schemas of streams in JSON_SR as their columns change.
func TestColumnsComeAndGo(t *testing.T) {
	in := types.TStruct(types.Field{Name: "X", Type: types.TInteger})
	cols := types.Schema{{Name: "ID", Type: types.TBigint}, {Name: "L", Type: types.TArray(in)}, {Name: "M", Type: types.TMap(types.TString, types.TDouble)}}
	with := func(more ...types.Column) types.Schema { return slices.Concat(cols, types.Schema(more)) }
	wider := slices.Clone(cols)
	wider[1].Type = types.TArray(types.TStruct(types.Field{Name: "X", Type: types.TInteger}, types.Field{Name: "Y", Type: types.TString}))
	for _, c := range []struct {
		name  string
		level registry.Level
		next  types.Schema
		ok    bool
	}{
		{"ADD COLUMN", registry.Backward, with(types.Column{Name: "N", Type: types.TDecimal(9, 2)}), true},
		{"ADD COLUMN", registry.FullTransitive, with(types.Column{Name: "N", Type: types.TTimestamp}), true},
		{"a column gone", registry.FullTransitive, cols[:2], true},
		{"a field more", registry.FullTransitive, wider, true},
		{"the first column gone", registry.Backward, cols[1:], true},
		{"INTEGER to DOUBLE", registry.Backward, types.Schema{{Name: "ID", Type: types.TDouble}}, true},
		{"INTEGER to DOUBLE", registry.Forward, types.Schema{{Name: "ID", Type: types.TDouble}}, false},
		{"BIGINT to STRING", registry.Backward, types.Schema{{Name: "ID", Type: types.TString}}, false},
	} {
		l := registry.NewLocal(registry.NewStore())
		if err := l.SetCompatibility(t.Context(), "t-value", c.level); err != nil {
			t.Fatal(err)
		}
		spec := formats.Spec{Format: formats.JSONSR, Registry: l, Topic: "t"}
		if _, err := formats.Register(t.Context(), spec, cols); err != nil {
			t.Fatal(err)
		}
		if _, err := formats.Register(t.Context(), spec, c.next); (err == nil) != c.ok {
			t.Errorf("%s at %s: %v", c.name, c.level, err)
		}
	}
}
