package op

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/planner/plan"
	"weir/types"
)

func TestStreamJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, kind := range kinds {
		for _, w := range []plan.Within{{Before: 60, After: 60, Grace: 1000}, {Before: 20, After: 90, Grace: 50}, {Before: 0, After: 40, Grace: 0, Given: true},
			{Before: 30, After: 50, Grace: 100, Given: true}} {
			events := randomEvents(rng, 1200, 8, 12, 0.05)
			for _, p := range []*plan.KeyJoin{joinPlan(kind), falling(joinPlan(kind))} {
				sameHowever(t, fmt.Sprintf("%s %+v", kind, w), events, streamModel(events, p, w), func(next Op) joining {
					return NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *p, Within: w}, true, next)
				})
			}
		}
	}
}

// held is a row that the model keeps.
type held struct {
	event
	done bool
}

// streamModel compares every row with all before it.
func streamModel(events []event, p *plan.KeyJoin, w plan.Within) []string {
	kind := p.Kind
	var out []string
	var kept []*held
	outer := [2]bool{kind == plan.LeftJoin || kind == plan.FullJoin, kind == plan.RightJoin || kind == plan.FullJoin}
	now, retention := types.NoTime, w.Before+w.After+w.Grace
	alone := func(e event) {
		cols := fmt.Sprintf("%d %s - -", e.key, e.val)
		if e.side == 1 {
			cols = fmt.Sprintf("- - %d %s", e.key, e.val)
		}
		out = append(out, fmt.Sprintf("@%d %s %d", e.ts, cols, e.key))
	}
	over := func(e event) bool {
		ahead := w.After
		if e.side == 1 {
			ahead = w.Before
		}
		return e.ts+ahead+w.Grace < now
	}
	for _, e := range events {
		if e.nokey || e.gone {
			continue
		}
		now = max(now, e.ts)
		var closing []*held
		for _, h := range kept {
			if w.Given && outer[h.side] && !h.done && over(h.event) {
				closing = append(closing, h)
			}
		}
		slices.SortStableFunc(closing, func(a, b *held) int {
			return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(b.side, a.side), cmp.Compare(a.key, b.key))
		})
		for _, h := range closing {
			h.done = true
			alone(h.event)
		}
		var met []*held
		for _, h := range kept {
			l, r, left, right := e.ts, h.ts, e, h.event
			if e.side == 1 {
				l, r, left, right = r, l, right, left
			}
			if matches(p, left, right) && h.side != e.side && h.key == e.key && r >= l-w.Before && r <= l+w.After && h.ts > now-retention {
				met = append(met, h)
			}
		}
		slices.SortStableFunc(met, func(a, b *held) int { return cmp.Compare(a.ts, b.ts) })
		for _, h := range met {
			h.done = true
			l, r := e, h.event
			if e.side == 1 {
				l, r = r, l
			}
			out = append(out, fmt.Sprintf("@%d %d %s %d %s %d", max(e.ts, h.ts), l.key, l.val, r.key, r.val, e.key))
		}
		late := e.ts <= now-retention
		waits := outer[e.side] && len(met) == 0 && !late && w.Given && !over(e)
		if len(met) == 0 && !waits && outer[e.side] {
			alone(e)
		}
		if !late {
			kept = append(kept, &held{e, !waits})
		}
	}
	return out
}

func TestStreamJoinLetsGo(t *testing.T) {
	j := NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *joinPlan(plan.InnerJoin), Within: plan.Within{Before: 100, After: 100, Grace: 0}}, true, &gather{})
	left, _ := j.Ports()
	saved := disk{}
	largest := 0
	var b types.Batch
	for i := range int64(200) {
		b.Reset(len(keyed))
		for n := range int64(500) {
			row := b.Append(types.Meta{Timestamp: 10 * i, StreamTime: types.NoTime})
			row[0], row[1] = types.BigintValue(500*i+n), types.StringValue("something of some length")
		}
		if err := left.Push(&b); err != nil {
			t.Fatal(err)
		}
		saved.commit(j)
		_, size := j.Size()
		largest = max(largest, size)
	}
	rows, _ := j.Size()
	if rows > 25*500 || largest > 6<<20 || len(saved) > 25*500 {
		t.Errorf("%d rows in memory, %d bytes at most, %d entries saved, of 10,000 rows that can match", rows, largest, len(saved))
	}
}

func TestStreamJoinClosesAtItsEnd(t *testing.T) {
	out := &gather{}
	j := NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *joinPlan(plan.FullJoin), Within: plan.Within{Before: 100, After: 100, Grace: 50, Given: true}}, false, out)
	left, right := j.Ports()
	for i, port := range []Op{left, right} {
		var b types.Batch
		b.Reset(len(keyed))
		row := b.Append(types.Meta{Timestamp: int64(1000 + 500*i), StreamTime: types.NoTime})
		row[0], row[1] = types.BigintValue(1), types.StringValue("x")
		if err := port.Push(&b); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		do   func() error
		want int
	}{
		{func() error { return j.Advance(1150) }, 0},
		{func() error { return j.Advance(1151) }, 1},
		{j.CloseAll, 2},
		{j.CloseAll, 2},
	}
	for i, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if len(out.lines) != s.want {
			t.Errorf("step %d: %q, expected %d rows", i, out.lines, s.want)
		}
	}
}

func BenchmarkStreamJoin(b *testing.B) {
	j := NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *joinPlan(plan.InnerJoin), Within: plan.Within{Before: 1000, After: 1000, Grace: 0}}, true, &discard{})
	left, right := j.Ports()
	var batch types.Batch
	b.ReportAllocs()
	ts := int64(0)
	for n := 0; n < b.N; n += types.BatchRows {
		batch.Reset(len(keyed))
		for range types.BatchRows {
			ts++
			row := batch.Append(types.Meta{Timestamp: ts / 100, StreamTime: types.NoTime})
			row[0], row[1] = types.BigintValue(ts%50_000), types.StringValue("twenty bytes of text")
		}
		port := left
		if n/types.BatchRows%2 == 1 {
			port = right
		}
		if err := port.Push(&batch); err != nil {
			b.Fatal(err)
		}
		if n/types.BatchRows%100 == 0 {
			j.Committed()
		}
	}
	rows, size := j.Size()
	b.ReportMetric(float64(size)/float64(max(rows, 1)), "B/row")
}

type discard struct{}

func (discard) Push(*types.Batch) error { return nil }
func (discard) Flush() error            { return nil }
