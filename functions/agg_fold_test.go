package functions

import (
	"errors"
	"strings"
	"testing"

	"weir/settings"
	"weir/types"
)

// appending is a FOLD that puts texts one behind the other, and a meter for it.
func appending(t *testing.T, env *Env) func() Object {
	t.Helper()
	text := func([]*types.Type) (*types.Type, error) { return types.TString, nil }
	args := []Arg{{Type: types.TString}, {Type: types.TString}, {Lambda: text, Arity: 2}, {Lambda: text, Arity: 2}}
	b, err := Standard().Aggregate("FOLD").Resolve(args, Merging)
	if err != nil {
		t.Fatal(err)
	}
	concat := func(in []types.Value) (types.Value, error) {
		switch in[1].Str() {
		case "drop":
			return types.NullValue, nil
		case "fail":
			return types.NullValue, errors.New("failed")
		}
		return types.StringValue(in[0].Str() + in[1].Str()), nil
	}
	start := func([]types.Value) (types.Value, error) { return types.StringValue(">"), nil }
	site := &Site{Env: env, Lambdas: []Lambda{start, concat, concat}, Meter: NewMeter(env)}
	return func() Object {
		site.Meter.Begin()
		return b.Object(site)
	}
}

func TestFold(t *testing.T) {
	fresh := appending(t, testEnv)
	for _, c := range []struct {
		rows, later []string
		want        string
		fails       bool
	}{
		{rows: []string{"a", "b"}, want: ">ab"},
		{rows: []string{"a", "drop"}, want: ""},
		{rows: []string{"a", "drop", "b"}, want: ">b"},
		{rows: []string{"a", "fail"}, want: ">a", fails: true},
		{rows: []string{"a"}, later: []string{"b"}, want: ">a>b"},
		{rows: []string{"a", "drop"}, later: []string{"b"}, want: ">b"},
		{rows: []string{"a"}, later: []string{"b", "drop"}, want: ">a"},
		{later: []string{"b"}, want: ">b"},
	} {
		one, other, failed := fresh(), fresh(), false
		for o, rows := range map[Object][]string{one: c.rows, other: c.later} {
			for _, r := range append(rows, "") {
				x := types.StringValue(r)
				if r == "" {
					x = types.NullValue
				}
				err := o.Add([]types.Value{x}, 0)
				failed = failed || errors.As(err, new(*LambdaError))
			}
		}
		if err := one.Merge(other); err != nil {
			t.Error(err)
		}
		if got := one.Result(); got.Str() != c.want || got.IsNull() != (c.want == "") || failed != c.fails {
			t.Errorf("%v, %v: got %q, failed %t", c.rows, c.later, got.Str(), failed)
		}
	}
}

// A state is bounded like a value, also where two are merged, and stays as it was.
func TestFoldGrows(t *testing.T) {
	env := limited(t, settings.MaxValueBytes, "65536")
	fresh := appending(t, env)
	for _, merging := range []bool{false, true} {
		o, full := fresh(), false
		for range 100 {
			x, err := types.StringValue(strings.Repeat("x", 1000)), error(nil)
			if merging {
				other := fresh()
				_ = other.Add([]types.Value{x}, 0)
				err = o.Merge(other)
			} else {
				err = o.Add([]types.Value{x}, 0)
			}
			var limit *LimitError
			full = full || errors.As(err, &limit) && limit.Setting == "weir.max.value.bytes"
		}
		if n := o.Result().Len(); !full || n > 65536 || n < 60_000 || o.Bytes() > 66_000 {
			t.Errorf("merging %t: holds %d bytes, counts %d, refused %t", merging, n, o.Bytes(), full)
		}
	}
}
