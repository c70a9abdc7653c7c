package op

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// event is a row of one of the inputs: of a table, with a NULL value, a delete.
type event struct {
	side  int
	key   int64
	ts    int64
	val   string
	gone  bool
	nokey bool
}

// gather is what comes out of an operator, one line for each row.
type gather struct{ lines []string }

func (g *gather) Push(b *types.Batch) error {
	for i := range b.N {
		m := b.Meta[i]
		line := fmt.Sprintf("@%d %s", m.Timestamp, text(b.Row(i)))
		if m.Flags&types.NullRow != 0 {
			line = fmt.Sprintf("@%d gone %s", m.Timestamp, text(b.Row(i)))
		}
		if m.Flags&types.HasOld != 0 {
			line += " was " + text(b.OldRow(i))
		}
		g.lines = append(g.lines, line)
	}
	return nil
}

func (g *gather) Flush() error { return nil }

func text(row []types.Value) string {
	parts := make([]string, len(row))
	for i, v := range row {
		switch v.Kind() {
		case types.Null:
			parts[i] = "-"
		case types.String:
			parts[i] = v.Str()
		default:
			parts[i] = fmt.Sprint(v.Int())
		}
	}
	return strings.Join(parts, " ")
}

// joining is an operator with two ports.
type joining interface {
	Stateful
	Ports() (left, right Op)
}

var (
	keyed  = plan.Layout{{Name: "K", Type: types.TBigint}, {Name: "V", Type: types.TString}}
	byKey  = []plan.Expr{&plan.Column{Slot: 0, Name: "K", T: types.TBigint}}
	stream = &plan.Project{In: &plan.Explode{}, Slots: keyed}
)

func joinPlan(kind plan.JoinKind) *plan.KeyJoin {
	return &plan.KeyJoin{Left: stream, Right: stream, Kind: kind, LeftKey: byKey, RightKey: byKey, Headers: [2]int{-1, -1},
		Slots: slices.Concat(keyed, keyed, plan.Layout{{Name: "ROWKEY", Type: types.TBigint}})}
}

func testHost() *Host { return &Host{Env: &functions.Env{}, Counts: &Counts{}} }

// disk is what an operator has written.
type disk map[string]string

func (d disk) commit(s Stateful) {
	s.Dirty(func(key, value []byte) {
		if value == nil {
			delete(d, string(key))
		} else {
			d[string(key)] = string(value)
		}
	})
	s.Expired(func(from, to []byte) {
		maps.DeleteFunc(d, func(k, _ string) bool { return k >= string(from) && k < string(to) })
	})
	s.Committed()
}

func (d disk) load(t *testing.T, s Stateful) {
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if err := s.Load([]byte(k), []byte(d[k])); err != nil {
			t.Fatal(err)
		}
	}
}

// cuts say after which events a batch, a commit and a restart come.
type cuts struct{ batch, commit, restart float64 }

// run gives events to an operator, and returns what comes out.
func run(t *testing.T, events []event, c cuts, rng *rand.Rand, newOp func(next Op) joining) []string {
	out := &gather{}
	op := newOp(out)
	saved := disk{}
	ports := [2]Op{}
	ports[0], ports[1] = op.Ports()
	var b types.Batch
	side, offset := 0, int64(0)
	push := func() {
		if b.N > 0 {
			if err := ports[side].Push(&b); err != nil {
				t.Fatal(err)
			}
		}
		b.Reset(len(keyed))
	}
	push()
	for _, e := range events {
		if e.side != side {
			push()
			side = e.side
		}
		m := types.Meta{Timestamp: e.ts, StreamTime: types.NoTime, Offset: offset}
		offset++
		if e.gone {
			m.Flags = types.NullRow
		}
		row := b.Append(m)
		if !e.nokey {
			row[0] = types.BigintValue(e.key)
		}
		if !e.gone {
			row[1] = types.StringValue(e.val)
		}
		if rng.Float64() < c.batch {
			push()
		}
		if rng.Float64() < c.commit {
			push()
			if err := ports[0].Flush(); err != nil {
				t.Fatal(err)
			}
			if err := ports[1].Flush(); err != nil {
				t.Fatal(err)
			}
			saved.commit(op)
			if rng.Float64() < c.restart {
				op = newOp(out)
				saved.load(t, op)
				ports[0], ports[1] = op.Ports()
			}
		}
	}
	push()
	return out.lines
}

func randomEvents(rng *rand.Rand, n, keys int, step int64, deletes float64) []event {
	out := make([]event, n)
	now := int64(1000)
	for i := range out {
		now += rng.Int64N(step)
		ts := now
		if rng.IntN(4) == 0 {
			ts -= rng.Int64N(40 * step)
		}
		out[i] = event{side: rng.IntN(2), key: rng.Int64N(int64(keys)), ts: max(0, ts), val: fmt.Sprintf("v%d", i), gone: rng.Float64() < deletes, nokey: rng.IntN(50) == 0}
	}
	return out
}

var kinds = []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.RightJoin, plan.FullJoin}

// sameHowever runs events in several cuttings, with and without restarts, and compares with what a model says.
func sameHowever(t *testing.T, name string, events []event, want []string, newOp func(next Op) joining) {
	t.Helper()
	for i, c := range []cuts{{}, {batch: 1}, {batch: 0.2, commit: 0.1}, {batch: 0.3, commit: 0.2, restart: 0.5}, {batch: 1, commit: 1, restart: 1}} {
		got := run(t, events, c, rand.New(rand.NewPCG(7, uint64(i))), newOp)
		if slices.Equal(got, want) {
			continue
		}
		for n := range max(len(got), len(want)) {
			if n >= len(got) || n >= len(want) || got[n] != want[n] {
				t.Fatalf("%s, cut %+v: %d rows, expected %d; row %d is %v, expected %v", name, c, len(got), len(want), n, got[min(n, len(got)):min(n+1, len(got))], want[min(n, len(want)):min(n+1, len(want))])
			}
		}
	}
}

func TestTableJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range kinds {
		for _, p := range []*plan.KeyJoin{joinPlan(kind), falling(joinPlan(kind))} {
			if p.Match != nil && kind == plan.FullJoin {
				continue // the planner refuses it
			}
			events := randomEvents(rng, 1500, 12, 10, 0.3)
			sameHowever(t, kind.String(), events, tableModel(events, p), func(next Op) joining {
				return NewTableJoin(testHost(), &plan.TableJoin{KeyJoin: *p}, true, next)
			})
		}
	}
}

// falling lets rows match where the left value is the greater one.
func falling(p *plan.KeyJoin) *plan.KeyJoin {
	p.Match = &plan.Compare{Op: plan.Gt, L: &plan.Column{Slot: 1, Name: "V", T: types.TString}, R: &plan.Column{Slot: 3, Name: "V", T: types.TString}}
	return p
}

func matches(p *plan.KeyJoin, left, right event) bool { return p.Match == nil || left.val > right.val }

// tableModel joins two maps after every event.
func tableModel(events []event, p *plan.KeyJoin) []string {
	var out []string
	sides := [2]map[int64]event{{}, {}}
	joined := func(k int64) (row string, ok bool) {
		l, hasL := sides[0][k]
		r, hasR := sides[1][k]
		if hasL && hasR && !matches(p, l, r) {
			hasL, hasR = p.Kind == plan.LeftJoin, p.Kind == plan.RightJoin
		}
		switch p.Kind {
		case plan.InnerJoin:
			ok = hasL && hasR
		case plan.LeftJoin:
			ok = hasL
		case plan.RightJoin:
			ok = hasR
		case plan.FullJoin:
			ok = hasL || hasR
		}
		cols := func(e event, has bool) string {
			if !has {
				return "- -"
			}
			return fmt.Sprintf("%d %s", e.key, e.val)
		}
		return fmt.Sprintf("%s %s %d", cols(l, hasL), cols(r, hasR), k), ok
	}
	for _, e := range events {
		_, there := sides[e.side][e.key]
		if e.nokey || e.gone && !there {
			continue
		}
		before, had := joined(e.key)
		if delete(sides[e.side], e.key); !e.gone {
			sides[e.side][e.key] = e
		}
		now, has := joined(e.key)
		ts := e.ts
		if other, ok := sides[1-e.side][e.key]; ok {
			ts = max(ts, other.ts)
		}
		line := fmt.Sprintf("@%d %s", ts, now)
		if !has {
			line = fmt.Sprintf("@%d gone - - - - %d", ts, e.key)
		}
		if had {
			line += " was " + before
		}
		if had || has {
			out = append(out, line)
		}
	}
	return out
}

func TestLookupJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, p := range []*plan.KeyJoin{joinPlan(plan.InnerJoin), joinPlan(plan.LeftJoin), falling(joinPlan(plan.InnerJoin)), falling(joinPlan(plan.LeftJoin))} {
		kind := p.Kind
		events := randomEvents(rng, 1500, 12, 10, 0.3)
		var want []string
		table := map[int64]event{}
		for _, e := range events {
			row, found := table[e.key]
			found = found && (e.side == 1 || matches(p, e, row))
			switch {
			case e.nokey, e.side == 0 && e.gone, e.side == 0 && !found && kind == plan.InnerJoin:
			case e.side == 1 && e.gone:
				delete(table, e.key)
			case e.side == 1:
				table[e.key] = e
			case found:
				want = append(want, fmt.Sprintf("@%d %d %s %d %s %d", e.ts, e.key, e.val, row.key, row.val, e.key))
			default:
				want = append(want, fmt.Sprintf("@%d %d %s - - %d", e.ts, e.key, e.val, e.key))
			}
		}
		sameHowever(t, kind.String(), events, want, func(next Op) joining { return NewLookupJoin(testHost(), &plan.LookupJoin{KeyJoin: *p}, next) })
	}
}
