package state

import (
	"math/rand/v2"
	"testing"
)

// Whoever has how much, and however much of it can't be let go of: once each has said so and has done as it was told, what is left
// fits, or what can be let go of is no more than its part.
func TestBudget(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		limit := rng.Int64N(1000) + 8
		b := NewBudget(limit)
		var all []held
		for range rng.IntN(40) + 1 {
			h := held{loose: rng.Int64N(limit)}
			if rng.IntN(3) == 0 {
				h = held{fixed: rng.Int64N(limit), loose: rng.Int64N(2) * 10}
			}
			all = append(all, h)
		}
		for range len(all) + 1 { // somebody lets go in each round
			for i := range all {
				if _, letGo := b.Hold(i, all[i].fixed, all[i].loose); letGo {
					all[i].loose = 0
				}
			}
		}
		fixed, loose := int64(0), int64(0)
		for _, h := range all {
			fixed, loose = fixed+h.fixed, loose+h.loose
		}
		if fixed+loose > limit && loose > limit/8 {
			t.Fatalf("a limit of %d: %d that stay and %d that could leave, of %v", limit, fixed, loose, all)
		}
	}
}

// Without need nobody lets go; who has left counts no more; no budget is no bound.
func TestBudgetLetsBe(t *testing.T) {
	b := NewBudget(100)
	for _, c := range []struct {
		who          string
		fixed, loose int64
		over, letGo  bool
	}{
		{"a", 20, 40, false, false},
		{"b", 0, 30, false, false},
		{"c", 0, 60, true, true},
		{"d", 0, 1, true, false},
		{"c", 0, 0, false, false},
	} {
		if over, letGo := b.Hold(c.who, c.fixed, c.loose); over != c.over || letGo != c.letGo {
			t.Errorf("%v: over %v, let go %v", c, over, letGo)
		}
	}
	b.Hold("c", 0, 60)
	b.Free("c")
	if over, _ := b.Hold("a", 20, 40); over {
		t.Error("who is free counts")
	}
	var none *Budget
	if over, letGo := none.Hold("a", 1<<60, 1<<60); over || letGo {
		t.Error("no budget is one")
	}
	none.Free("a")
}
