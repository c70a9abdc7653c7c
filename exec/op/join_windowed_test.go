package op

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/catalog"
	"weir/planner/plan"
	"weir/types"
)

// A window begins at its row's number times 1000, and its key is the number's remainder by 4.
const (
	windowStep   = 1000
	windowGroups = 4
	retained     = 2000
)

func windowedPlan(kind plan.JoinKind) *plan.KeyJoin {
	number := func(n int64) *plan.Literal { return &plan.Literal{Value: types.BigintValue(n), T: types.TBigint} }
	group := &plan.Arith{Op: '%', L: byKey[0], R: number(windowGroups), T: types.TBigint}
	start := &plan.Arith{Op: '*', L: byKey[0], R: number(windowStep), T: types.TBigint}
	p := joinPlan(kind)
	p.LeftKey, p.RightKey = []plan.Expr{group, start}, []plan.Expr{group}
	p.Windowed = &catalog.Windowed{Kind: catalog.Tumbling, Size: windowStep}
	p.Slots = append(p.Slots, plan.Slot{Name: types.WindowStart, Type: types.TBigint})
	return p
}

func TestWindowedJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin} {
		for _, p := range []*plan.KeyJoin{windowedPlan(kind), falling(windowedPlan(kind))} {
			events := randomEvents(rng, 2000, 12, 12, 0.3)
			sameHowever(t, kind.String(), events, windowedModel(events, p), func(next Op) joining {
				return NewWindowedJoin(testHost(), &plan.WindowedJoin{KeyJoin: *p, Retention: retained}, true, next)
			})
		}
	}
}

// windowedModel joins two maps after every event.
func windowedModel(events []event, p *plan.KeyJoin) []string {
	var out []string
	windows, rows := map[int64]event{}, map[int64]event{}
	now := types.NoTime
	line := func(ts int64, w int64, left, right *event, before [2]*event, had bool) {
		text := func(l, r *event) string {
			if r == nil {
				return fmt.Sprintf("%d %s - - %d %d", l.key, l.val, w%windowGroups, w*windowStep)
			}
			return fmt.Sprintf("%d %s %d %s %d %d", l.key, l.val, r.key, r.val, w%windowGroups, w*windowStep)
		}
		s := fmt.Sprintf("@%d gone - - - - %d %d", ts, w%windowGroups, w*windowStep)
		if left != nil {
			s = fmt.Sprintf("@%d %s", ts, text(left, right))
		}
		if had {
			s += " was " + text(before[0], before[1])
		}
		out = append(out, s)
	}
	find := func(m map[int64]event, k int64) *event {
		if e, ok := m[k]; ok {
			return &e
		}
		return nil
	}
	// pair is the right row that a left one is joined with, and whether there is a joined row.
	pair := func(left, right *event) (*event, bool) {
		if left == nil {
			return nil, false
		}
		if right != nil && !matches(p, *left, *right) {
			right = nil
		}
		return right, right != nil || p.Kind == plan.LeftJoin
	}
	change := func(ts, w int64, left, was, right, before *event) {
		b, had := pair(was, before)
		r, has := pair(left, right)
		if !has {
			left = nil
		}
		if had || has {
			line(ts, w, left, r, [2]*event{was, b}, had)
		}
	}
	for _, e := range events {
		group := e.key % windowGroups
		switch {
		case e.nokey:
		case e.side == 0:
			now = max(now, e.ts)
			ts, left, was, right := e.ts, &e, find(windows, e.key), find(rows, group)
			if right != nil {
				ts = max(ts, right.ts)
			}
			if e.gone {
				left = nil
			}
			switch expired := e.key*windowStep < now-retained; {
			case expired && e.gone:
				line(ts, e.key, nil, nil, [2]*event{}, false)
			case expired:
				change(ts, e.key, left, nil, right, right)
			default:
				if delete(windows, e.key); !e.gone {
					windows[e.key] = e
				}
				change(ts, e.key, left, was, right, right)
			}
		default:
			before := find(rows, group)
			if e.gone && before == nil {
				continue
			}
			if delete(rows, group); !e.gone {
				rows[group] = e
			}
			for w := group; w < 12; w += windowGroups {
				if left := find(windows, w); left != nil && w*windowStep >= now-retained {
					change(max(e.ts, left.ts), w, left, left, find(rows, group), before)
				}
			}
		}
	}
	return out
}

// What is beyond its retention leaves the memory, and the disk.
func TestWindowedJoinForgets(t *testing.T) {
	events := make([]event, 0, 40_000)
	for i := range int64(40_000) {
		events = append(events, event{key: i, ts: i * windowStep, val: "v"})
	}
	op := NewWindowedJoin(testHost(), &plan.WindowedJoin{KeyJoin: *windowedPlan(plan.LeftJoin), Retention: retained}, false, &gather{})
	left, _ := op.Ports()
	saved := disk{}
	var b types.Batch
	for chunk := range slices.Chunk(events, 100) {
		b.Reset(len(keyed))
		for _, e := range chunk {
			row := b.Append(types.Meta{Timestamp: e.ts, StreamTime: types.NoTime})
			row[0], row[1] = types.BigintValue(e.key), types.StringValue(e.val)
		}
		if err := left.Push(&b); err != nil {
			t.Fatal(err)
		}
		saved.commit(op)
	}
	if entries, bytes := op.Size(); entries > 500 || bytes > 1<<20 || len(saved) > 500 {
		t.Errorf("%d entries of %d bytes in memory, %d on disk; a window is retained for %d ms", entries, bytes, len(saved), retained)
	}
}
