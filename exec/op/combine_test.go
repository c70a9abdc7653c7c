package op

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// wire is a repartition that hands on, to one Aggregate, rows and states as they come.
type wire struct {
	to          *Aggregate
	host        *Host // of the side before it
	bound       int64 // of the path
	first, last int64
	rows        int
	states      int
}

func (w *wire) Push(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		if b.Row(i)[0].IsNull() {
			w.host.Counts.NullKey++
			continue
		}
		w.bound = max(w.bound, m.Timestamp)
		m.StreamTime = w.bound
		w.rows++
		if err := w.hand(b.Row(i), m); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) Combined(c *Combined) error {
	w.states++
	row := make([]types.Value, 2)
	row[0] = types.BytesValue(slices.Clone(c.State))
	return w.hand(row, types.Meta{Timestamp: c.Time, StreamTime: c.Path, Order: c.Place, Flags: types.Combined})
}

func (w *wire) hand(row []types.Value, m types.Meta) error {
	var b types.Batch
	b.Reset(2)
	copy(b.Append(m), row)
	w.to.host.Counts.Read++
	return w.to.Push(&b)
}

func (w *wire) Takes() (first, last int64) { return w.first, w.last }
func (w *wire) Flush() error               { return nil }

func wordNode(t testing.TB, win *plan.Window) *plan.Grouping {
	n := &plan.Grouping{Group: []plan.Expr{&plan.Column{Slot: 0, T: types.TString}}, Window: win, Slots: plan.Layout{{Name: "K", Type: types.TString}}}
	for _, name := range []string{"COUNT", "SUM", "MIN", "AVG"} {
		args := []plan.Expr{&plan.Column{Slot: 1, T: types.TBigint}}
		bound, err := functions.Standard().Aggregate(name).Resolve([]functions.Arg{{Type: types.TBigint}}, functions.Adding)
		if err != nil || bound.Words == nil {
			t.Fatal(name, err)
		}
		n.Aggs = append(n.Aggs, plan.Agg{Name: name, Bound: bound, Args: args})
		n.Slots = append(n.Slots, plan.Slot{Name: name, Type: bound.Returns})
	}
	if win != nil {
		n.Slots = append(n.Slots, plan.Slot{Name: types.WindowStart, Type: types.TBigint}, plan.Slot{Name: types.WindowEnd, Type: types.TBigint})
	}
	return n
}

// last keeps the last row of each group and window.
type last map[string]string

func (l last) Push(b *types.Batch) error {
	for i := range b.N {
		row := b.Row(i)
		l[fmt.Sprintf("%s %d", text(row[:1]), b.Meta[i].WindowStart)] = fmt.Sprintf("@%d %s", b.Meta[i].Timestamp, text(row[1:]))
	}
	return nil
}

func (l last) Flush() error { return nil }

// Rows of several paths, out of order and some of them late, some without a group, come to the same behind a repartition whether they are put together
// before it or not: results, their times, and what is counted.
func TestCombined(t *testing.T) {
	for name, win := range map[string]*plan.Window{
		"no windows": nil,
		"windows":    {Kind: ast.TumblingWindow, Size: 100, Advance: 100, Grace: 150, Retention: 1000},
	} {
		for _, groups := range []int{7, 100_000} {
			t.Run(fmt.Sprintf("%s, %d groups", name, groups), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(groups)))
				const paths = 3
				type way struct {
					far   *Aggregate
					wires [paths]*wire
					near  [paths]Op
					hosts [paths]*Host
					rows  last
				}
				make := func(combine bool) *way {
					w := &way{rows: last{}}
					h := testHost()
					h.Coalesce = true
					w.far = NewAggregate(h, &plan.Aggregate{Grouping: *wordNode(t, win)}, false, false, w.rows)
					for p := range paths {
						w.hosts[p] = testHost()
						w.wires[p] = &wire{to: w.far, host: w.hosts[p], bound: types.NoTime, first: math.MinInt64, last: math.MaxInt64}
						w.near[p] = w.wires[p]
						if combine {
							w.near[p] = NewCombine(w.hosts[p], wordNode(t, win), &w.wires[p].bound, w.wires[p])
						}
					}
					return w
				}
				with, without := make(true), make(false)
				now := [paths]int64{}
				for range 60 {
					for range 5 {
						p := rng.IntN(paths)
						var b types.Batch
						b.Reset(2)
						for range 200 {
							now[p] += rng.Int64N(4)
							row := b.Append(types.At(now[p] - rng.Int64N(1+rng.Int64N(400))))
							if rng.IntN(50) > 0 {
								row[0] = types.StringValue(fmt.Sprint("k", rng.IntN(groups)))
							}
							if rng.IntN(10) > 0 {
								row[1] = types.BigintValue(rng.Int64N(1000) - 500)
							}
						}
						for _, w := range []*way{with, without} {
							must(t, w.near[p].Push(&b))
						}
					}
					for _, w := range []*way{with, without} {
						least := int64(math.MaxInt64)
						for p := range paths {
							must(t, w.near[p].Flush())
							least = min(least, w.wires[p].bound)
						}
						must(t, w.far.Advance(least))
						must(t, w.far.Flush())
						w.far.Committed()
					}
				}
				if !maps.Equal(with.rows, without.rows) {
					t.Errorf("%d rows, and %d without", len(with.rows), len(without.rows))
					for k, row := range without.rows {
						if with.rows[k] != row {
							t.Fatalf("%s is %q, and %q without", k, with.rows[k], row)
						}
					}
				}
				count := func(w *way) (out Counts) {
					for p := range paths {
						out.Add(*w.hosts[p].Counts)
					}
					out.Add(*w.far.host.Counts)
					out.Read = 0
					return out
				}
				if got, want := count(with), count(without); got != want {
					t.Errorf("counts %+v, want %+v", got, want)
				} else if want.NullKey == 0 || win != nil && want.Late == 0 {
					t.Errorf("nothing was left out: %+v", want)
				}
				sent, states := 0, 0
				for p := range paths {
					sent, states = sent+with.wires[p].rows+with.wires[p].states, states+with.wires[p].states
				}
				if groups == 7 && sent > 60_000/5 || groups > 7 && states > 60_000/8 {
					t.Errorf("%d rows and states were sent, %d of them states", sent, states)
				}
			})
		}
	}
}

// A row whose time the topic may refuse goes as it is, behind those before it.
func TestCombineTimes(t *testing.T) {
	rows := last{}
	h := testHost()
	h.Coalesce = true
	far := NewAggregate(h, &plan.Aggregate{Grouping: *wordNode(t, nil)}, false, false, rows)
	w := &wire{to: far, bound: types.NoTime, first: 10, last: 20}
	c := NewCombine(testHost(), wordNode(t, nil), &w.bound, w)
	var b types.Batch
	b.Reset(2)
	for _, ms := range []int64{10, 15, 21, 20, 9, 12} {
		row := b.Append(types.At(ms))
		row[0], row[1] = types.StringValue("x"), types.BigintValue(ms)
	}
	must(t, c.Push(&b))
	must(t, c.Flush())
	must(t, far.Flush())
	if w.rows != 2 || w.states != 3 {
		t.Errorf("%d rows and %d states were sent, want 2 and 3", w.rows, w.states)
	}
	if got := rows["x 0"]; !strings.HasPrefix(got, "@21 6 87 9 ") {
		t.Errorf("the group is %q", got)
	}
}

// Sums that leave their type on the way, and come back, are those of the whole.
func TestCombinedOverflow(t *testing.T) {
	rows := last{}
	h := testHost()
	h.Coalesce = true
	var told []string
	h.Report = func(p Problem) { told = append(told, p.Message) }
	far := NewAggregate(h, &plan.Aggregate{Grouping: *wordNode(t, nil)}, false, false, rows)
	w := &wire{to: far, bound: types.NoTime, first: math.MinInt64, last: math.MaxInt64}
	near := testHost()
	near.Report = func(p Problem) { t.Errorf("before the repartition: %s", p.Message) }
	c := NewCombine(near, wordNode(t, nil), &w.bound, w)
	for _, v := range []int64{-5, math.MaxInt64, 3, 10, -100} {
		var b types.Batch
		b.Reset(2)
		for range 2 {
			row := b.Append(types.At(1))
			row[0], row[1] = types.StringValue("x"), types.BigintValue(v)
		}
		must(t, c.Push(&b))
		if v != 3 {
			must(t, c.Flush())
		}
	}
	must(t, far.Flush())
	if len(told) != 3 || h.Counts.Errors != 3 {
		t.Errorf("told of: %q, %d errors", told, h.Counts.Errors)
	}
	if got := rows["x 0"]; !strings.HasPrefix(got, "@1 10 - -100 ") {
		t.Errorf("the group is %q", got)
	}
}

// What is no state is counted and told of, and hurts nobody.
func FuzzCombined(f *testing.F) {
	key := types.AppendKey(nil, []types.Value{types.StringValue("x")})
	f.Add(appendCombined(nil, key, 3, 100, []uint64{3, 1, 0, 1, 5, 3, 0, 3}))
	f.Add(appendCombined(nil, key, 3, 100, nil))
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	win := &plan.Window{Kind: ast.TumblingWindow, Size: 100, Advance: 100, Grace: 150, Retention: 1000}
	f.Fuzz(func(t *testing.T, state []byte) {
		h := testHost()
		h.Coalesce = true
		rows := last{}
		far := NewAggregate(h, &plan.Aggregate{Grouping: *wordNode(t, win)}, false, false, rows)
		w := &wire{to: far}
		must(t, w.Combined(&Combined{State: state, Time: 120, Path: 120, Place: 120}))
		must(t, far.Flush())
		if h.Counts.Bad == 1 != (len(rows) == 0) {
			t.Errorf("%d rows, %+v", len(rows), h.Counts)
		}
	})
}
