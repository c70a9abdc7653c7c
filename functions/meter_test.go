package functions

import (
	"errors"
	"strings"
	"testing"
	"time"

	"weir/settings"
	"weir/types"
)

// limited are small limits.
func limited(t *testing.T, name settings.Setting, value string) *Env {
	t.Helper()
	config := map[string]string{}
	if err := settings.Put(config, name.About().Name, value, settings.Start); err != nil {
		t.Fatal(err)
	}
	return &Env{Now: time.Now, Config: config}
}

// evaluate computes a call for plain arguments, and the largest number of bytes it asked for.
func evaluate(t *testing.T, env *Env, name string, args ...types.Value) (types.Value, error) {
	t.Helper()
	list := make([]Arg, len(args))
	for i, v := range args {
		list[i].Type = typeOf(v)
	}
	s := Standard().Scalar(name)
	if s == nil {
		s = Standard().Table(name)
	}
	b, err := s.Resolve(list)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMeter(env)
	v, err := b.New(env)(&Call{Args: args, Meter: m})
	if err == nil {
		err = m.Made(0, v)
	}
	return v, err
}

func typeOf(v types.Value) *types.Type {
	switch v.Kind() {
	case types.Array:
		return types.TArray(typeOf(v.Items()[0]))
	case types.Map:
		return types.TMap(typeOf(v.Pairs()[0]), typeOf(v.Pairs()[1]))
	}
	return map[types.Kind]*types.Type{types.String: types.TString, types.Integer: types.TInteger, types.Bytes: types.TBytes}[v.Kind()]
}

// Every function that makes values larger than its arguments asks before it takes the memory: what these ask for would be gigabytes.
func TestGrowingFunctions(t *testing.T) {
	env := limited(t, settings.MaxValueBytes, "65536")
	text := func(s string) types.Value { return types.StringValue(s) }
	number := func(n int32) types.Value { return types.IntValue(n) }
	long := strings.Repeat("x", 40_000)
	many := make([]types.Value, 2000)
	for i := range many {
		many[i] = number(int32(i))
	}
	entries := make([]types.Value, 0, 2*len(many))
	for i := range many {
		entries = append(entries, text(strings.Repeat("k", i%7)+types.Text(many[i], types.TInteger)), many[i])
	}
	for _, c := range []struct {
		name string
		args []types.Value
	}{
		{"LPAD", []types.Value{text("a"), number(2e9), text("x")}},
		{"RPAD", []types.Value{text("a"), number(2e9), text("xyz")}},
		{"RPAD", []types.Value{types.BytesValue([]byte("a")), number(2e9), types.BytesValue([]byte("xyz"))}},
		{"REPLACE", []types.Value{text(long), text("x"), text(long)}},
		{"REGEXP_REPLACE", []types.Value{text(long), text("x"), text(long)}},
		{"REGEXP_REPLACE", []types.Value{text(long), text("(x+)"), text("$1$1$1$1")}},
		{"REGEXP_EXTRACT_ALL", []types.Value{text("x"), text(long)}},
		{"REGEXP_SPLIT_TO_ARRAY", []types.Value{text(long), text("x")}},
		{"SPLIT", []types.Value{text(long), text("")}},
		{"SPLIT", []types.Value{types.BytesValue([]byte(long)), types.BytesValue([]byte("x"))}},
		{"CONCAT", []types.Value{text(long), text(long)}},
		{"CONCAT_WS", []types.Value{text(long), text("a"), text("b"), text("c")}},
		{"GENERATE_SERIES", []types.Value{number(1), number(2e9)}},
		{"ARRAY_JOIN", []types.Value{types.ArrayValue(many), text(strings.Repeat("-", 1000))}},
		{"ARRAY_CONCAT", []types.Value{types.ArrayValue(many), types.ArrayValue(many)}},
		{"MAP_UNION", []types.Value{types.MapValue(entries), types.MapValue(entries)}},
		{"JSON_ITEMS", []types.Value{text("[" + strings.Repeat("1,", 20_000) + "1]")}},
		{"TO_JSON_STRING", []types.Value{text(strings.Repeat("\x01", 40_000))}},
		{"FROM_BYTES", []types.Value{types.BytesValue([]byte(long)), text("hex")}},
		{"URL_ENCODE_PARAM", []types.Value{text(strings.Repeat("%", 40_000))}},
		{"CUBE_EXPLODE", []types.Value{types.ArrayValue(many[:20])}},
	} {
		_, err := evaluate(t, env, c.name, c.args...)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Setting != "weir.max.value.bytes" {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// What aggregates keep is bounded like a value, also where states are merged.
func TestGrowingAggregates(t *testing.T) {
	env := limited(t, settings.MaxValueBytes, "65536")
	for _, c := range []struct {
		name    string
		initial []types.Value
	}{{"COLLECT_LIST", nil}, {"COLLECT_SET", nil}, {"HISTOGRAM", nil}, {"SHARES", nil}, {"TOPK", []types.Value{types.IntValue(1e9)}}, {"LATEST_BY_OFFSET", []types.Value{types.IntValue(1e9)}}} {
		args := []Arg{{Type: types.TString}}
		for i := range c.initial {
			args = append(args, Arg{Type: types.TInteger, Const: &c.initial[i]})
		}
		b, err := Standard().Aggregate(c.name).Resolve(args, Adding)
		if err != nil {
			t.Fatal(err)
		}
		fill := func() Object {
			o, full := b.Object(&Site{Env: env}), false
			for i := range 1000 {
				err := o.Add([]types.Value{types.StringValue(strings.Repeat("x", 1000) + types.Text(types.IntValue(int32(i)), types.TInteger))}, int64(i))
				var limit *LimitError
				full = full || errors.As(err, &limit) && limit.Setting == "weir.max.value.bytes"
			}
			if !full || o.Bytes() > 65536 || o.Bytes() < 40_000 {
				t.Errorf("%s: holds %d bytes, refused %t", c.name, o.Bytes(), full)
			}
			return o
		}
		o, other := fill(), fill()
		if err := o.Merge(other); err != nil && !errors.As(err, new(*LimitError)) {
			t.Errorf("%s: %v", c.name, err)
		}
		again := b.Object(&Site{Env: env})
		if err := again.Decode(o.Append(nil)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if again.Bytes() != o.Bytes() || o.Bytes() > 65536 {
			t.Errorf("%s: %d bytes, and %d read back", c.name, o.Bytes(), again.Bytes())
		}
	}
}

// Patterns are compiled, and searched for, within the limits too.
func TestPatterns(t *testing.T) {
	long := types.StringValue(strings.Repeat("ab", 200_000))
	for _, c := range []struct {
		env     *Env
		pattern string
		want    string
	}{
		{limited(t, settings.MaxRowBytes, "100000"), strings.Repeat("a{1000}", 10), "weir.max.row.bytes"},
		{limited(t, settings.MaxRowBytes, "100000"), "a", "weir.max.row.bytes"},
		{limited(t, settings.MaxRowSteps, "100000"), `\b(a*b)?`, "weir.max.row.steps"},
	} {
		_, err := evaluate(t, c.env, "REGEXP_REPLACE", long, types.StringValue(c.pattern), types.StringValue("c"))
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Setting != c.want {
			t.Errorf("%s: got %v", c.pattern, err)
		}
	}
}
