package op

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// gatherPlan makes a row of each left row: with how many match it, and the value that all of these agree on; where they slide not, with the least
// value too.
func gatherPlan(t testing.TB, p plan.KeyJoin, w plan.Within, slides bool) *plan.StreamJoin {
	g := &plan.Gather{Slides: slides}
	names := []string{"COUNT", "ATTR"}
	if !slides {
		names = append(names, "MIN")
	}
	p.Slots = slices.Concat(keyed, plan.Layout{{Name: "ROWKEY", Type: types.TBigint}})
	for _, name := range names {
		b, err := functions.Standard().Aggregate(name).Resolve([]functions.Arg{{Type: types.TString}}, functions.Adding)
		if err != nil {
			t.Fatal(err)
		}
		g.Aggs = append(g.Aggs, plan.Agg{Name: name, Bound: b, Args: []plan.Expr{&plan.Column{Slot: 3, Name: "V", T: types.TString}}})
		p.Slots = append(p.Slots, plan.Slot{Name: name, Type: b.Returns})
	}
	return &plan.StreamJoin{KeyJoin: p, Within: w, Gather: g}
}

func TestGather(t *testing.T) {
	rng, many := rand.New(rand.NewPCG(15, 16)), 2000
	if testing.Short() {
		many = 500 // what it is compared with looks at each pair of them
	}
	for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin} {
		for _, w := range []plan.Within{{Before: 900, Grace: 100}, {Before: 300, After: 500}, {After: 700, Grace: 300}, {Before: 40, After: 10, Grace: 20}} {
			w.Given = true
			events := randomEvents(rng, many, 3, 5, 0.05)
			for i := range events {
				events[i].val = fmt.Sprint("v", rng.IntN(3))
			}
			for _, p := range []*plan.KeyJoin{joinPlan(kind), falling(joinPlan(kind))} {
				for _, slides := range []bool{false, p.Match == nil} {
					of := gatherPlan(t, *p, w, slides)
					sameHowever(t, fmt.Sprintf("%s %+v %v", kind, w, slides), events, gatherModel(events, of), func(next Op) joining {
						return NewStreamJoin(testHost(), of, true, next)
					})
				}
			}
		}
	}
}

// gatherModel looks at all rows for each left row whose time is over.
func gatherModel(events []event, p *plan.StreamJoin) (out []string) {
	var left, right []event
	now, w := types.NoTime, p.Within
	release := func() {
		over := func(e event) bool { return e.ts+w.After+w.Grace < now }
		var due []event
		for _, e := range left {
			if over(e) {
				due = append(due, e)
			}
		}
		left = slices.DeleteFunc(left, over)
		slices.SortStableFunc(due, func(a, b event) int { return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.key, b.key)) })
		for _, e := range due {
			n, vals := 0, map[string]bool{}
			for _, r := range right {
				if r.key == e.key && r.ts >= e.ts-w.Before && r.ts <= e.ts+w.After && matches(&p.KeyJoin, e, r) {
					n++
					vals[r.val] = true
				}
			}
			if n == 0 && p.Kind == plan.InnerJoin {
				continue
			}
			only, least := "-", "-"
			for v := range vals {
				if least == "-" || v < least {
					least = v
				}
			}
			if len(vals) == 1 {
				only = least
			}
			line := fmt.Sprintf("@%d %d %s %d %d %s", e.ts, e.key, e.val, e.key, n, only)
			if len(p.Gather.Aggs) > 2 {
				line += " " + least
			}
			out = append(out, line)
		}
	}
	for _, e := range events {
		if e.nokey || e.gone {
			continue
		}
		now = max(now, e.ts)
		release()
		switch {
		case e.side == 0 && e.ts >= now-w.After-w.Grace:
			left = append(left, e)
		case e.side == 1 && e.ts >= now-w.Before-w.After-w.Grace:
			right = append(right, e)
		}
	}
	return out
}

// What is kept is bounded by the join's time, on the left by what a row waits; slides go with their keys.
func TestGatherLetsGo(t *testing.T) {
	j := NewStreamJoin(testHost(), gatherPlan(t, *joinPlan(plan.LeftJoin), plan.Within{Before: 1000, Grace: 20, Given: true}, true), true, &discard{})
	left, right := j.Ports()
	saved := disk{}
	var b types.Batch
	slid := 0
	for i := range int64(400) {
		for _, port := range []Op{right, left} {
			b.Reset(len(keyed))
			for range 50 {
				row := b.Append(types.Meta{Timestamp: 10 * i, StreamTime: types.NoTime})
				row[0], row[1] = types.BigintValue(i/100), types.StringValue("x")
			}
			if err := port.Push(&b); err != nil {
				t.Fatal(err)
			}
		}
		saved.commit(j)
		slid = max(slid, len(j.gather.slides.all)-len(j.gather.slides.free))
	}
	kept, _ := j.sides[0].buf.size()
	others, _ := j.sides[1].buf.size()
	if kept > 12*50 || others > 110*50 || len(saved) > 125*50 || slid < 1 || slid > 3 {
		t.Errorf("%d left rows and %d right ones in memory, %d entries saved, %d slides at once", kept, others, len(saved), slid)
	}
}

// BenchmarkGather is the cost of an exit and a click each while so many exits are open: those of other pairs of pages, ten of each, or all
// of the pair that is clicked; and with aggregates that can't be moved on from one click to the next.
func BenchmarkGather(b *testing.B) {
	for _, c := range []struct {
		name   string
		pairs  func(open int64) int64
		slides bool
		most   int64
	}{
		{"of many pairs", func(open int64) int64 { return open / 10 }, true, 1e6},
		{"of one pair", func(int64) int64 { return 1 }, true, 1e6},
		{"of one pair, one by one", func(int64) int64 { return 1 }, false, 1e5},
	} {
		for open := int64(1000); open <= c.most; open *= 10 {
			b.Run(fmt.Sprintf("%d %s", open, c.name), func(b *testing.B) { gatherOf(b, open, c.pairs(open), c.slides) })
		}
	}
}

func gatherOf(b *testing.B, open, pairs int64, slides bool) {
	const rows = 50
	j := NewStreamJoin(testHost(), gatherPlan(b, *joinPlan(plan.LeftJoin), plan.Within{Before: open, Grace: 2 * rows, Given: true}, slides), true, &discard{})
	left, right := j.Ports()
	rng := rand.New(rand.NewPCG(1, 1))
	var batch types.Batch
	push := func(port Op, from int64) {
		batch.Reset(len(keyed))
		for i := range int64(rows) {
			row := batch.Append(types.Meta{Timestamp: from + i, StreamTime: types.NoTime})
			row[0], row[1] = types.BigintValue(rng.Int64N(pairs)), types.StringValue("v")
		}
		if err := port.Push(&batch); err != nil {
			b.Fatal(err)
		}
	}
	ts := int64(0)
	for ; ts < open; ts += rows {
		push(right, ts)
	}
	push(left, ts) // makes the slide where there is one
	j.Committed()
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += rows {
		push(right, ts)
		push(left, ts)
		j.Committed()
		ts += rows
	}
	if late := j.host.Counts.Late; late > 0 {
		b.Errorf("%d rows were late", late)
	}
}
