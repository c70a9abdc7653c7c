package op

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

func sessionNode(t *testing.T, gap, grace int64, final bool) *plan.Grouping {
	n := hoppingNode(t, 2, 1, 0)
	n.Final = final
	n.Window = &plan.Window{Kind: ast.SessionWindow, Size: gap, Grace: grace, Retention: gap + grace + 20}
	return n
}

// With EMIT FINAL every row is in exactly one session or late, sessions of a group don't overlap, and they come in the order
// of their ends; over restarts too.
func TestFinalSessions(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		gap, grace := 1+rng.Int64N(10), rng.Int64N(20)
		node := sessionNode(t, gap, grace, true)
		s := newSide(func(h *Host, next Op) windowed {
			return NewSession(h, &plan.SessionAggregate{Grouping: *node}, true, next)
		})
		rows, late, now := int64(0), int64(0), int64(0)
		for range 40 {
			var b types.Batch
			b.Reset(2)
			for range rng.IntN(6) {
				now += rng.Int64N(4)
				row := b.Append(types.Meta{Timestamp: now - rng.Int64N(2)*rng.Int64N(grace+10), StreamTime: types.NoTime})
				row[0], row[1] = types.StringValue(fmt.Sprint("k", rng.IntN(4))), types.BigintValue(1)
				rows++
			}
			if err := s.op.Push(&b); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) > 0 {
				continue
			}
			s.stored.commit(s.op)
			if rng.IntN(2) == 0 {
				s.op = s.fresh()
				s.stored.load(t, s.op)
			}
		}
		if err := s.op.CloseAll(); err != nil {
			t.Fatal(err)
		}
		late = s.counts.Late
		ends, lastEnd := map[string]int64{}, types.NoTime
		for _, r := range s.sessions(t) {
			if rows -= r.count; r.end < lastEnd {
				t.Fatalf("seed %d: a session that ends at %d came after one that ends at %d", seed, r.end, lastEnd)
			}
			if before, ok := ends[r.key]; ok && r.start <= before {
				t.Fatalf("seed %d: %s has a session that ends at %d and one that starts at %d", seed, r.key, before, r.start)
			}
			ends[r.key], lastEnd = r.end, r.end
		}
		if rows != late {
			t.Fatalf("seed %d: %d rows are in no session, and %d were late", seed, rows, late)
		}
	}
}

type sessionRow struct {
	key               string
	start, end, count int64
}

func (s *side) sessions(t *testing.T) []sessionRow {
	t.Helper()
	var out []sessionRow
	for _, text := range s.out.rows {
		var r sessionRow
		var at int64
		var flags int
		if _, err := fmt.Sscanf(text, "[%d,%d) @%d %d", &r.start, &r.end, &at, &flags); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	for i, vals := range s.out.vals {
		out[i].key, out[i].count = vals[0].Str(), vals[1].Int()
	}
	return out
}

// Groups whose sessions are all beyond their retention leave memory and store, and may come again.
func TestSessionsExpire(t *testing.T) {
	for _, final := range []bool{false, true} {
		node := sessionNode(t, 5, 5, final)
		out := &rowLog{}
		s := NewSession(&Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}, &plan.SessionAggregate{Grouping: *node}, true, out)
		stored := mapBacking{}
		for round := range int64(50) {
			var b types.Batch
			b.Reset(2)
			for i := range int64(100) {
				row := b.Append(types.Meta{Timestamp: round*100 + i/2, StreamTime: types.NoTime})
				row[0], row[1] = types.StringValue(fmt.Sprint("k", (round*100+i)%1000)), types.BigintValue(1)
			}
			if err := s.Push(&b); err != nil {
				t.Fatal(err)
			}
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			stored.commit(s)
			if n, _ := s.Size(); n > 200 || len(stored) > 201 {
				t.Fatalf("final %v, round %d: %d groups in memory, %d entries", final, round, n, len(stored))
			}
		}
		again := NewSession(&Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}, &plan.SessionAggregate{Grouping: *node}, true, out)
		for _, k := range slices.Sorted(maps.Keys(stored)) {
			if err := again.Load([]byte(k), stored[k]); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := again.Size(); n != len(stored)-1 {
			t.Errorf("%d groups after loading %d entries", n, len(stored)-1)
		}
	}
}

// tableOf keeps the rows of a table of sessions as they are told.
type tableOf struct {
	t    *testing.T
	rows map[string]string
}

func (k *tableOf) Push(b *types.Batch) error {
	for i := range b.N {
		m, row := b.Meta[i], b.Row(i)
		id := fmt.Sprintf("%s[%d,%d]", row[0].Str(), m.WindowStart, m.WindowEnd)
		text := fmt.Sprint(row[1].Int(), row[2].Int(), row[4].Str(), row[5].Int())
		if m.Flags&types.NullRow == 0 {
			k.rows[id] = text
			continue
		}
		if was, ok := k.rows[id]; !ok || was != text {
			k.t.Errorf("%s goes as %s, and was %q", id, text, was)
		}
		delete(k.rows, id)
	}
	return nil
}

func (k *tableOf) Flush() error { return nil }

// Whatever the order of rows, and wherever commits and restarts are, the table and the store have the sessions that the rows make, also where the
// store was written with all sessions of a group in one entry.
func TestSessionsAreThoseOfTheirRows(t *testing.T) {
	const gap = 5
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 5))
		node := sessionNode(t, gap, 1000, false)
		node.Window.Retention = 10_000
		table := &tableOf{t, map[string]string{}}
		fresh := func() *Session {
			return NewSession(&Host{Env: &functions.Env{}, Coalesce: seed%2 == 0, Counts: &Counts{}}, &plan.SessionAggregate{Grouping: *node}, true, table)
		}
		s, stored, rows := fresh(), mapBacking{}, map[string][]int64{}
		for range 30 {
			var b types.Batch
			b.Reset(2)
			for range 1 + rng.IntN(8) {
				k, at := fmt.Sprint("k", rng.IntN(3)), rng.Int64N(300)
				rows[k] = append(rows[k], at)
				row := b.Append(types.Meta{Timestamp: at, StreamTime: types.NoTime})
				row[0], row[1] = types.StringValue(k), types.BigintValue(at)
			}
			if err := s.Push(&b); err != nil {
				t.Fatal(err)
			}
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for k, all := range rows {
				slices.Sort(all)
				for i := 0; i < len(all); {
					n, sum := i+1, all[i]
					for ; n < len(all) && all[n] <= all[n-1]+gap; n++ {
						sum += all[n]
					}
					want[fmt.Sprintf("%s[%d,%d]", k, all[i], all[n-1])] = fmt.Sprint(n-i, sum, k, len(slices.Compact(slices.Clone(all[i:n]))))
					i = n
				}
			}
			if !maps.Equal(table.rows, want) {
				t.Fatalf("seed %d: the table has %v, want %v", seed, table.rows, want)
			}
			stored.commit(s)
			if _, size := s.Size(); size <= 0 {
				t.Fatal("no size")
			}
			if rng.IntN(4) > 0 {
				continue
			}
			if seed%3 > 0 && rng.IntN(2) == 0 {
				stored = together(stored)
			}
			s = fresh()
			for _, k := range slices.Sorted(maps.Keys(stored)) {
				if err := s.Load([]byte(k), stored[k]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := len(table.rows) + 1; seed%3 == 0 && len(stored) != n {
			t.Errorf("seed %d: %d entries, want %d", seed, len(stored), n)
		}
	}
}

// together is a store as it was once written: all sessions of a group are one entry.
func together(stored mapBacking) mapBacking {
	out := mapBacking{}
	for _, k := range slices.Sorted(maps.Keys(stored)) {
		if group, ok := SessionGroup([]byte(k)); ok {
			k2 := string(WholeEntry(group))
			out[k2] = append(out[k2], stored[k]...)
		} else {
			out[k] = stored[k]
		}
	}
	return out
}
