package op

import (
	"testing"

	"weir/planner/plan"
	"weir/types"
)

// What is durable is not written again, and what moves a clock is.
func TestUntouchedWritesNothing(t *testing.T) {
	for name, make := range map[string]func(h *Host) (Windowed, Op){
		"aggregate": func(h *Host) (Windowed, Op) {
			a := NewAggregate(h, &plan.Aggregate{Grouping: *hoppingNode(t, 100, 50, 10)}, false, false, &gather{})
			return a, a
		},
		"panes": func(h *Host) (Windowed, Op) {
			p := NewPanes(h, &plan.PaneAggregate{Grouping: *hoppingNode(t, 100, 50, 10)}, false, &gather{})
			return p, p
		},
		"final top": func(h *Host) (Windowed, Op) {
			top := NewTopFinal(h, finalTopNode(100, 10, 3), &gather{})
			return top, top
		},
		"session": func(h *Host) (Windowed, Op) {
			s := NewSession(h, &plan.SessionAggregate{Grouping: *sessionNode(t, 10, 10, false)}, false, &gather{})
			return s, s
		},
		"stream join": func(h *Host) (Windowed, Op) {
			j := NewStreamJoin(h, &plan.StreamJoin{KeyJoin: *joinPlan(plan.LeftJoin), Within: plan.Within{Before: 10, After: 10, Grace: 5}}, false, &gather{})
			left, _ := j.Ports()
			return j, left
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, in := make(testHost())
			saved := disk{}
			commit := func(when string, want bool) {
				t.Helper()
				if w.Changed() != want {
					t.Errorf("%s: changed is %t", when, !want)
				}
				puts := 0
				w.Dirty(func(k, v []byte) {
					if saved[string(k)], puts = string(v), puts+1; v == nil {
						delete(saved, string(k))
					}
				})
				if (puts > 0) != want {
					t.Errorf("%s: %d entries", when, puts)
				}
				w.Committed()
			}
			commit("at first", false)
			var b types.Batch
			b.Reset(2)
			row := b.Append(types.Meta{Timestamp: 1000, StreamTime: types.NoTime})
			row[0], row[1] = types.StringValue("x"), types.BigintValue(1)
			if name == "stream join" {
				row[0], row[1] = types.BigintValue(1), types.StringValue("x")
			}
			must(t, in.Push(&b))
			commit("after a row", true)
			commit("after nothing", false)
			must(t, w.Advance(1200))
			commit("after a bound", true)
			must(t, w.Advance(1200))
			must(t, w.Advance(types.NoTime))
			commit("after bounds that tell nothing", false)
			must(t, w.Idle(10, types.NoTime))
			commit("after nothing came", name != "final top") // which has no time of its own
			w, _ = make(testHost())
			saved.load(t, w)
			commit("after a restart", false)
		})
	}
}
