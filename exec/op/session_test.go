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
