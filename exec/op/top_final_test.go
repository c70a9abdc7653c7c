package op

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/planner/plan"
	"weir/types"
)

// listLog keeps rows as they are handed on.
type listLog struct{ rows []string }

func (l *listLog) Push(b *types.Batch) error {
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		l.rows = append(l.rows, fmt.Sprintf("[%d,%d) %s=%d place %d flags %d", m.WindowStart, m.WindowEnd, row[0].Str(), row[1].Int(), m.Place(), m.Flags))
	}
	return nil
}

func (l *listLog) Flush() error { return nil }

func finalTopNode(size, grace, limit int64) *plan.Top {
	num := types.TBigint
	return &plan.Top{In: &plan.Aggregate{Grouping: plan.Grouping{Slots: plan.Layout{{Name: "K", Type: types.TString}, {Name: "N", Type: num}}}}, Limit: limit,
		Key: []plan.Expr{&plan.Column{Slot: 0, T: types.TString}}, Order: []plan.TopOrder{{Expr: &plan.Column{Slot: 1, T: num}, Desc: true}},
		Window: &plan.TopWindow{Keep: grace, Final: true, Behind: size + grace}}
}

// TestTopFinalModel gives the rows of windows, in any order, before the bound says that no more of them come, and compares what is handed on with a sort: each list
// once, over commits and restarts.
func TestTopFinalModel(t *testing.T) {
	const size, grace, limit = 100, 50, 3
	r := rand.New(rand.NewPCG(7, 8))
	type given struct {
		key string
		n   int64
	}
	got, stored := &listLog{}, disk{}
	open := func() *TopFinal {
		top := NewTopFinal(testHost(), finalTopNode(size, grace, limit), got)
		stored.load(t, top)
		return top
	}
	top := open()
	var want []string
	windows := map[int64][]given{}
	for bound := int64(0); bound < 60*size; bound += r.Int64N(size) {
		for range r.IntN(12) {
			start := bound + 1 + r.Int64N(3*size) // some before the bound has come to it
			start = (start + size - 1) / size * size
			row := given{fmt.Sprintf("k%02d", len(windows[start])), r.Int64N(6)}
			windows[start] = append(windows[start], row)
			var b types.Batch
			b.Reset(2)
			out := b.Append(types.Meta{Timestamp: start + r.Int64N(size), StreamTime: types.NoTime, WindowStart: start, WindowEnd: start + size})
			out[0], out[1] = types.StringValue(row.key), types.BigintValue(row.n)
			must(t, top.Push(&b))
		}
		must(t, top.Advance(bound))
		for _, start := range starts(windows) {
			if start > bound {
				continue
			}
			slices.SortFunc(windows[start], func(a, b given) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.key, b.key)) })
			for _, row := range windows[start][:min(limit, len(windows[start]))] {
				want = append(want, fmt.Sprintf("[%d,%d) %s=%d place %d flags %d", start, start+size, row.key, row.n, start+size+grace, types.Final))
			}
			delete(windows, start)
		}
		if !slices.Equal(got.rows, want) {
			t.Fatalf("bound %d:\n got %v\nwant %v", bound, got.rows, want)
		}
		if r.IntN(3) > 0 {
			continue
		}
		must(t, top.Flush())
		if top.Changed() {
			stored.commit(top)
		}
		rows, _ := top.Size()
		if rows != len(stored)-1 && len(stored) > 0 {
			t.Fatalf("bound %d: %d rows in memory, %d entries stored", bound, rows, len(stored))
		}
		if most := limit * len(windows); rows > most {
			t.Fatalf("bound %d: %d rows of lists that have %d", bound, rows, most)
		}
		if r.IntN(4) == 0 {
			top = open()
		}
	}
	if len(want) < 100 {
		t.Fatalf("only %d rows in lists", len(want))
	}
}

func starts[V any](m map[int64]V) []int64 {
	var out []int64
	for start := range m {
		out = append(out, start)
	}
	slices.Sort(out)
	return out
}

// What comes for a list that has gone out is counted and told of.
func TestTopFinalLate(t *testing.T) {
	h, got := testHost(), &listLog{}
	var told []Problem
	h.Report = func(p Problem) { told = append(told, p) }
	top := NewTopFinal(h, finalTopNode(100, 50, 3), got)
	give := func(start int64) {
		t.Helper()
		var b types.Batch
		b.Reset(2)
		row := b.Append(types.Meta{Timestamp: start, StreamTime: types.NoTime, WindowStart: start, WindowEnd: start + 100})
		row[0], row[1] = types.StringValue("x"), types.BigintValue(1)
		must(t, top.Push(&b))
	}
	give(0)
	must(t, top.Advance(types.NoTime))
	must(t, top.Advance(0))
	give(0)
	if len(got.rows) != 1 || h.Counts.Late != 1 || len(told) != 1 || told[0].Reason != Late {
		t.Errorf("%d rows, %d late, told of %v", len(got.rows), h.Counts.Late, told)
	}
	give(100)
	must(t, top.CloseAll())
	if len(got.rows) != 2 || top.Bound() != 100 {
		t.Errorf("%d rows at the end, the bound is %d", len(got.rows), top.Bound())
	}
}
