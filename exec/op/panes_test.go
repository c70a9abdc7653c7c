package op

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// rowLog keeps rows, and as text with what goes beside them.
type rowLog struct {
	rows []string
	vals [][]types.Value
}

func (l *rowLog) Push(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		var s strings.Builder
		fmt.Fprintf(&s, "[%d,%d) @%d %d", m.WindowStart, m.WindowEnd, m.Timestamp, m.Flags)
		for _, v := range b.Row(i) {
			fmt.Fprintf(&s, " %s", types.AppendValue(nil, v))
		}
		l.rows = append(l.rows, s.String())
		l.vals = append(l.vals, types.CloneRow(b.Row(i)))
	}
	return nil
}
func (l *rowLog) Flush() error { return nil }

// windowed is what Aggregate and Panes have in common.
type windowed interface {
	Op
	Stateful
	Advance(bound int64) error
	CloseAll() error
}

func (m mapBacking) commit(s Stateful) {
	s.Dirty(func(k, v []byte) {
		if v == nil {
			delete(m, string(k))
			return
		}
		m[string(k)] = slices.Clone(v)
	})
	s.Expired(func(from, to []byte) {
		maps.DeleteFunc(m, func(k string, _ []byte) bool { return k >= string(from) && k < string(to) })
	})
	s.Committed()
}

func (m mapBacking) load(t *testing.T, s Stateful) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := s.Load([]byte(k), m[k]); err != nil {
			t.Fatal(err)
		}
	}
}

func (m mapBacking) closed(before string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if k[0] == entryKey && k < before {
			out[k] = string(v)
		}
	}
	return out
}

func hoppingNode(t testing.TB, size, advance, grace int64) *plan.Grouping {
	n := &plan.Grouping{Group: []plan.Expr{&plan.Column{Slot: 0, T: types.TString}}, Final: true,
		Window: &plan.Window{Kind: ast.HoppingWindow, Size: size, Advance: advance, Grace: grace, Retention: size + grace + 50}}
	n.Slots = append(n.Slots, plan.Slot{Name: "K", Type: types.TString})
	for _, a := range []struct {
		name string
		args []plan.Expr
	}{
		{"COUNT", nil},
		{"SUM", []plan.Expr{&plan.Column{Slot: 1, T: types.TBigint}}},
		{"MIN", []plan.Expr{&plan.Column{Slot: 1, T: types.TBigint}}},
		{"MAX", []plan.Expr{&plan.Column{Slot: 0, T: types.TString}}},
		{"COUNT_DISTINCT", []plan.Expr{&plan.Column{Slot: 1, T: types.TBigint}}},
	} {
		var args []functions.Arg
		for _, x := range a.args {
			args = append(args, functions.Arg{Type: x.Type()})
		}
		bound, err := functions.Standard().Aggregate(a.name).Resolve(args, functions.Adding)
		if err != nil {
			t.Fatal(err)
		}
		if !bound.Exact {
			t.Fatalf("%s does not merge exactly", a.name)
		}
		n.Aggs = append(n.Aggs, plan.Agg{Name: a.name, Bound: bound, Args: a.args})
		n.Slots = append(n.Slots, plan.Slot{Name: a.name, Type: bound.Returns})
	}
	n.Slots = append(n.Slots, plan.Slot{Name: types.WindowStart, Type: types.TBigint}, plan.Slot{Name: types.WindowEnd, Type: types.TBigint})
	return n
}

// side is one of the two ways, with its own state.
type side struct {
	op       windowed
	fresh    func() windowed
	stored   mapBacking
	out      *rowLog
	counts   *Counts
	problems []string
}

func newSide(make func(h *Host, next Op) windowed) *side {
	s := &side{stored: mapBacking{}, out: &rowLog{}, counts: &Counts{}}
	s.fresh = func() windowed {
		w := make(&Host{Env: &functions.Env{}, Coalesce: true, Counts: s.counts, Report: func(p Problem) { s.problems = append(s.problems, p.Message) }}, s.out)
		if e, ok := w.(Evicter); ok {
			e.Back(s.stored)
		}
		return w
	}
	s.op = s.fresh()
	return s
}

// Panes put out what an Aggregate puts out, row by row: over rows in any disorder, rows that carry a stream time of their
// own, announcements, commits, restarts and evictions.
func TestPanesAreAsDirect(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		size := int64(1 + rng.IntN(40))
		advance := 1 + rng.Int64N(size)
		if advance == size {
			advance, size = 1, size+1
		}
		grace := rng.Int64N(3) * rng.Int64N(30)
		straight := rng.IntN(2) == 0
		node := hoppingNode(t, size, advance, grace)
		direct := newSide(func(h *Host, next Op) windowed {
			return NewAggregate(h, &plan.Aggregate{Grouping: *node}, false, straight, next)
		})
		panes := newSide(func(h *Host, next Op) windowed {
			return NewPanes(h, &plan.PaneAggregate{Grouping: *node}, straight, next)
		})
		both := []*side{direct, panes}
		name := fmt.Sprintf("seed %d: size %d advance %d grace %d straight %t", seed, size, advance, grace, straight)
		check := func(when string) {
			t.Helper()
			if d, p := direct.out.rows, panes.out.rows; !slices.Equal(d, p) {
				for i := range max(len(d), len(p)) {
					if i >= len(d) || i >= len(p) || d[i] != p[i] {
						t.Fatalf("%s, %s: from row %d on\ndirect %q\npanes  %q", name, when, i, d[i:min(i+3, len(d))], p[i:min(i+3, len(p))])
					}
				}
			}
			if !slices.Equal(direct.problems, panes.problems) || *direct.counts != *panes.counts {
				t.Fatalf("%s, %s: reports differ: %+v and %+v", name, when, *direct.counts, *panes.counts)
			}
			direct.out.rows, panes.out.rows, direct.problems, panes.problems = nil, nil, nil, nil
		}
		now := rng.Int64N(60) - 30
		for step := range 60 {
			rows := rng.IntN(8)
			for _, s := range both {
				r := rand.New(rand.NewPCG(seed, uint64(step)))
				var b types.Batch
				b.Reset(2)
				at := now
				for range rows {
					at += r.Int64N(1 + size/4)
					if r.IntN(20) == 0 {
						at += r.Int64N(4 * size)
					}
					m := types.Meta{Timestamp: at - r.Int64N(3)*r.Int64N(1+size+grace), StreamTime: types.NoTime}
					if !straight && r.IntN(2) == 0 {
						m.StreamTime = m.Timestamp + r.Int64N(size+2*grace+1)
					}
					row := b.Append(m)
					row[0] = types.StringValue(fmt.Sprint("key", r.IntN(6)))
					if row[1] = types.BigintValue(r.Int64N(9)); r.IntN(9) == 0 {
						row[1] = types.NullValue
					}
				}
				if err := s.op.Push(&b); err != nil {
					t.Fatal(err)
				}
				if !straight && r.IntN(2) == 0 {
					if err := s.op.Advance(at - r.Int64N(size+1)); err != nil {
						t.Fatal(err)
					}
				}
				if s == panes {
					now = at
				}
			}
			check(fmt.Sprint("step ", step))
			if rng.IntN(4) > 0 {
				continue
			}
			for _, s := range both {
				s.stored.commit(s.op)
			}
			checkPull(t, name, node, direct, panes)
			switch rng.IntN(4) {
			case 0:
				for _, s := range both {
					s.op = s.fresh()
					s.stored.load(t, s.op)
				}
			case 1:
				for _, s := range both {
					s.op.(Evicter).Evict()
				}
			case 2:
				for _, s := range both {
					s.op = s.fresh()
					for i, k := range slices.Sorted(maps.Keys(s.stored)) {
						if i > 0 && rng.IntN(5) == 0 {
							break
						}
						if err := s.op.Load([]byte(k), s.stored[k]); err != nil {
							t.Fatal(err)
						}
					}
					s.op.(Evicter).Full()
				}
			}
		}
		for _, s := range both {
			if err := s.op.CloseAll(); err != nil {
				t.Fatal(err)
			}
		}
		check("at the end")
		for _, s := range both {
			s.stored.commit(s.op)
		}
		if d, p := direct.stored.closed("\xff"), panes.stored.closed("\xff"); !maps.Equal(d, p) {
			t.Fatalf("%s: %d entries of closed windows, and %d of panes'", name, len(d), len(p))
		}
		for k := range panes.stored {
			if k[0] > entryKey {
				t.Fatalf("%s: all windows are closed, and a pane is left: %q", name, k)
			}
		}
	}
}

// checkPull compares what a pull query sees of the windows that are open.
func checkPull(t *testing.T, name string, node *plan.Grouping, direct, panes *side) {
	t.Helper()
	blob, ok := panes.stored[string([]byte{metaKey})]
	if !ok {
		return
	}
	var got, want rowLog
	host := &Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}
	p := NewPanes(host, &plan.PaneAggregate{Grouping: *node}, true, &got)
	if err := p.Load([]byte{metaKey}, blob); err != nil {
		t.Fatal(err)
	}
	lo, hi := OpenEntries()
	for k, v := range panes.stored {
		if k >= string(lo) && k < string(hi) {
			if err := p.Load([]byte(k), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	open := p.open
	if err := p.Windows(open+1, 1<<40); err != nil {
		t.Fatal(err)
	}
	r := NewReader(host, node)
	from, to := r.Bounds(open+1, 1<<40)
	for _, k := range slices.Sorted(maps.Keys(direct.stored)) {
		if k < string(from) || k >= string(to) {
			continue
		}
		row, m, err := r.Row([]byte(k), direct.stored[k])
		if err != nil {
			t.Fatal(err)
		}
		var b types.Batch
		b.Reset(len(row))
		m.Flags = types.Final
		copy(b.Append(m), row)
		if err := want.Push(&b); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got.rows, want.rows) {
		t.Fatalf("%s: a pull query from %d on sees\n%q, want\n%q", name, open+1, got.rows, want.rows)
	}
}
