package functions

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"weir/types"
)

// state drives both kinds of aggregate alike.
type state struct {
	b     *BoundAggregate
	words []uint64
	obj   Object
}

func newState(b *BoundAggregate) *state {
	if b.Words != nil {
		return &state{b: b, words: make([]uint64, b.Words.Size)}
	}
	return &state{b: b, obj: b.Object(&Site{Env: testEnv})}
}

func (s *state) add(row []types.Value, seq int64) error {
	if s.words != nil {
		return s.b.Words.Add(s.words, row, seq)
	}
	return s.obj.Add(row, seq)
}

func (s *state) undo(row []types.Value) error {
	if s.words != nil {
		return s.b.Words.Undo(s.words, row)
	}
	return s.obj.Undo(row)
}

func (s *state) merge(o *state) error {
	if s.words != nil {
		s.b.Words.Merge(s.words, o.words)
		return nil
	}
	return s.obj.Merge(o.obj)
}

func (s *state) result() types.Value {
	if s.words != nil {
		return s.b.Words.Result(s.words)
	}
	return s.obj.Result()
}

var properties = []string{"COUNT()", "COUNT({1})", "SUM({1})", "SUM({3000000000})", "SUM({1.25})", "SUM({1E0})", "AVG({1})", "AVG({1E0})",
	"SUM_LIST({ARRAY[1, 2]})", "STDDEV_SAMPLE({1E0})", "STDDEV_SAMP({1})", "CORRELATION({1E0}, {2E0})", "MIN({1})", "MAX({1E0})", "MIN({'a'})", "MAX({1.25})",
	"MIN_BY({'a'}, {1})", "MAX_BY({'a'}, {1.5})", "COLLECT_LIST({'a'})", "COLLECT_SET({1})", "HISTOGRAM({'a'})", "SHARES({'a'})", "ATTR({'a'})", "EARLIEST_BY_OFFSET({1})",
	"EARLIEST_BY_OFFSET({1}, 3, FALSE)", "LATEST_BY_OFFSET({'a'})", "LATEST_BY_OFFSET({1}, 3)", "TOPK({1}, 3)", "TOPK({1}, {'a'}, 3)", "TOPKDISTINCT({'a'}, 2)",
	"COUNT_DISTINCT({1})", "COUNT_DISTINCT({'a'})", "PERCENTILE({1E0}, 0.9)", "MEDIAN({1E0})", "FIRST({1})", "LAST({'a'})", "FOLD({1}, 0, (s, x) => s + x, (a, b) => a + b)"}

func randomValue(t *types.Type) types.Value {
	if rand.IntN(8) == 0 {
		return types.NullValue
	}
	n := rand.IntN(10)
	switch t.Kind {
	case types.String:
		return types.StringValue(strings.Repeat("x", n%4))
	case types.Double:
		return types.DoubleValue(float64(n))
	case types.Decimal:
		return types.DecimalValue(int64(n), t.Scale)
	case types.Array:
		return types.ArrayValue([]types.Value{randomValue(t.Elem), randomValue(t.Elem)})
	}
	return types.NumberValue(t.Kind, int64(n))
}

func close(a, b types.Value) bool {
	if a.Kind() == types.Double && b.Kind() == types.Double {
		d := a.Double() - b.Double()
		return a.Double() != a.Double() || b.Double() != b.Double() || d < 1e-6 && d > -1e-6
	}
	return types.Equal(a, b)
}

// For every aggregate: taking back what was added, merging parts, and storing in between change nothing.
func TestAggregateProperties(t *testing.T) {
	for _, text := range properties {
		b, _ := bindExample(t, text, readExpr(t, text))
		if text == "COUNT()" {
			b.Params = nil
		}
		for range 30 {
			rows := make([][]types.Value, 1+rand.IntN(12))
			for i := range rows {
				for _, p := range b.Params {
					rows[i] = append(rows[i], randomValue(p))
				}
			}
			whole, left, right, stored := newState(b), newState(b), newState(b), newState(b)
			cut := rand.IntN(len(rows) + 1)
			for i, row := range rows {
				part := left
				if i >= cut {
					part = right
				}
				for _, s := range []*state{whole, part, stored} {
					if err := s.add(row, int64(i)); err != nil {
						t.Fatal(text, err)
					}
				}
				if stored.obj != nil {
					again := b.Object(&Site{Env: testEnv})
					if err := again.Decode(stored.obj.Append(nil)); err != nil {
						t.Fatalf("%s: reading back: %v", text, err)
					}
					stored.obj = again
				}
			}
			want := whole.result().Clone()
			if got := stored.result(); !close(got, want) {
				t.Errorf("%s: stored after each row gives %s, want %s", text, types.Text(got, b.Returns), types.Text(want, b.Returns))
			}
			if b.Exact && rand.IntN(2) == 0 {
				left, right = right, left
			}
			if err := left.merge(right); err != nil {
				t.Fatal(text, err)
			}
			if got := left.result(); !close(got, want) {
				t.Errorf("%s: merged at %d of %d gives %s, want %s", text, cut, len(rows), types.Text(got, b.Returns), types.Text(want, b.Returns))
			}
			if !b.CanUndo {
				continue
			}
			before := newState(b)
			for i, row := range rows[:cut] {
				if err := before.add(row, int64(i)); err != nil {
					t.Fatal(text, err)
				}
			}
			for i := len(rows) - 1; i >= cut; i-- {
				if err := whole.undo(rows[i]); err != nil {
					t.Fatal(text, err)
				}
			}
			got, want := whole.result(), before.result()
			if got.Kind() == types.Array { // a list takes the first equal value out, wherever it is
				if got.Len() != want.Len() {
					t.Errorf("%s: undo leaves %d values, want %d", text, got.Len(), want.Len())
				}
			} else if !close(got, want) {
				t.Errorf("%s: undo gives %s, want %s", text, types.Text(got, b.Returns), types.Text(want, b.Returns))
			}
		}
	}
}

func TestCountDistinctIsClose(t *testing.T) {
	d := &distinct{}
	for i := range 100_000 {
		if err := d.Add([]types.Value{types.BigintValue(int64(i % 50_000))}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.Result().Int(); n < 48_500 || n > 51_500 {
		t.Errorf("50000 values are counted as %d", n)
	}
}

// The spreads that ksqlDB gives for these numbers, to the last digit.
func TestDeviationDigits(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want []float64
	}{
		{[]float64{0, 10, 7, 6}, []float64{0, 50, 26.333333333333332, 17.583333333333332}},
		{[]float64{10, 12, 13, 14, 16}, []float64{0, 2, 2.333333333333333, 2.9166666666666665, 5}},
		{[]float64{-1.8, 2.3, 100.2}, []float64{0, 8.405, 3334.2033333333347}},
	} {
		b, _ := bindExample(t, "", readExpr(t, "STDDEV_SAMP({1E0})"))
		s := newState(b)
		for i, x := range c.in {
			if err := s.add([]types.Value{types.DoubleValue(x)}, 0); err != nil {
				t.Fatal(err)
			}
			if got := s.result().Double(); got != c.want[i] {
				t.Errorf("%v: got %v, want %v", c.in[:i+1], got, c.want[i])
			}
		}
	}
}

func FuzzObjectDecode(f *testing.F) {
	f.Add(0, []byte{1, 0, 1, 2})
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		text := properties[uint(which)%uint(len(properties))]
		b, _ := bindExample(t, text, readExpr(t, text))
		if b.Object == nil {
			return
		}
		o := b.Object(&Site{Env: testEnv})
		if err := o.Decode(data); err != nil {
			return
		}
		o.Result()
		again := b.Object(&Site{Env: testEnv})
		if err := again.Decode(o.Append(nil)); err != nil {
			t.Fatalf("%s: what was read can't be read again: %v", text, err)
		}
	})
}

func TestDecimalSumStops(t *testing.T) {
	b, err := standard.Aggregate("SUM").Resolve(args(types.TDecimal(3, 1)), Adding)
	if err != nil {
		t.Fatal(err)
	}
	s := newState(b)
	for _, c := range []struct {
		add  int64
		stop bool
	}{{505, false}, {494, false}, {1, true}, {-1, false}, {1, false}} {
		err := s.add([]types.Value{types.DecimalValue(c.add, 1)}, 0)
		var stop *StopError
		if errors.As(err, &stop) != c.stop || err != nil && !strings.Contains(err.Error(), "Numeric field overflow") {
			t.Errorf("%d: %v", c.add, err)
		}
	}
	if got := types.Text(s.result(), types.TDecimal(3, 1)); got != "99.9" {
		t.Error(got)
	}
}
