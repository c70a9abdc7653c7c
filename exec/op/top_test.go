package op

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// lists takes what a Top hands on, by window.
type lists map[int64]map[string]int64

func (l lists) Push(b *types.Batch) error {
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		if l[m.WindowStart] == nil {
			l[m.WindowStart] = map[string]int64{}
		}
		was, had := l[m.WindowStart][row[0].Str()]
		if had != (m.Flags&types.HasOld != 0) || had && was != b.OldRow(i)[1].Int() {
			return fmt.Errorf("%s in window %d: was %d, %t, but the change says %v", row[0].Str(), m.WindowStart, was, had, b.OldRow(i))
		}
		if m.Flags&types.NullRow != 0 {
			delete(l[m.WindowStart], row[0].Str())
			continue
		}
		l[m.WindowStart][row[0].Str()] = row[1].Int()
	}
	return nil
}

func (l lists) Flush() error { return nil }

// TestTopModel compares a Top with a sort after every commit, over windows that open, change and close, with restarts.
func TestTopModel(t *testing.T) {
	for _, coalesce := range []bool{false, true} {
		t.Run(fmt.Sprintf("coalesce %t", coalesce), func(t *testing.T) { topModel(t, coalesce) })
	}
}

func topModel(t *testing.T, coalesce bool) {
	const size, keep, limit = 100, 50, 3
	str, num := &types.Type{Kind: types.String}, types.TBigint
	node := &plan.Top{In: &plan.Aggregate{Grouping: plan.Grouping{Slots: plan.Layout{{Name: "K", Type: str}, {Name: "N", Type: num}}}}, Limit: limit,
		Key: []plan.Expr{&plan.Column{Slot: 0, T: str}}, Order: []plan.TopOrder{{Expr: &plan.Column{Slot: 1, T: num}, Desc: true}},
		Window: &plan.TopWindow{Keep: keep}}
	r := rand.New(rand.NewPCG(7, 7))
	got, model, stored := lists{}, lists{}, map[string][]byte{}
	open := func() *Top {
		top := NewTop(&Host{Env: &functions.Env{}, Coalesce: coalesce, Counts: &Counts{}}, node, true, got)
		for k, v := range stored {
			must(t, top.Load([]byte(k), v))
		}
		return top
	}
	top := open()
	for step := range 3000 {
		var b types.Batch
		b.Reset(2)
		for range 1 + r.IntN(5) {
			ts := int64(step*3) - r.Int64N(size+keep-1) // no later than its window takes changes
			start := max(ts, 0) / size * size
			if start+size+keep <= int64(step*3) {
				continue
			}
			key := fmt.Sprintf("k%d", r.IntN(12))
			m := types.Meta{Timestamp: max(ts, 0), StreamTime: types.NoTime, WindowStart: start, WindowEnd: start + size}
			if model[start] == nil {
				model[start] = map[string]int64{}
			}
			if r.IntN(5) == 0 {
				m.Flags = types.NullRow
				delete(model[start], key)
			} else {
				model[start][key] = r.Int64N(6)
			}
			row := b.Append(m)
			row[0], row[1] = types.StringValue(key), types.BigintValue(model[start][key])
		}
		must(t, top.Push(&b))
		if r.IntN(3) > 0 {
			continue
		}
		must(t, top.Flush())
		for start, rows := range model {
			if g, w := ranked(got[start], limit), ranked(rows, limit); !slices.Equal(g, w) {
				t.Fatalf("step %d, window %d: %v, want %v", step, start, g, w)
			}
		}
		top.Dirty(func(k, v []byte) {
			if stored[string(k)] = slices.Clone(v); v == nil {
				delete(stored, string(k))
			}
		})
		top.Committed()
		if n, _ := top.Size(); n != len(stored)-1 && len(stored) > 0 {
			t.Fatalf("step %d: %d rows in memory, %d entries stored", step, n, len(stored))
		}
		if len(top.windows) > 4 {
			t.Fatalf("step %d: %d windows are open", step, len(top.windows))
		}
		if r.IntN(20) == 0 {
			top = open()
		}
	}
}

func ranked(rows map[string]int64, n int) []string {
	out := []string{}
	for k, v := range rows {
		out = append(out, fmt.Sprintf("%d %s", 9-v, k))
	}
	slices.SortFunc(out, strings.Compare)
	return out[:min(n, len(out))]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
