package task

import (
	"math"
	"testing"
	"time"

	"weir/planner/plan"
)

// Windows of several centuries are longer than a Duration can say.
func TestIdleSpan(t *testing.T) {
	for _, c := range []struct {
		size, grace int64
		want        time.Duration
	}{
		{60_000, 1_000, 61_001 * time.Millisecond},
		{math.MaxInt64 / 1_000_000, 0, math.MaxInt64 / 1_000_000 * time.Millisecond},
		{math.MaxInt64 / 1_000_000, math.MaxInt64 / 1_000_000, math.MaxInt64 / 1_000_000 * time.Millisecond},
	} {
		root := &plan.Aggregate{Grouping: plan.Grouping{In: &plan.Scan{}, Window: &plan.Window{Size: c.size, Grace: c.grace}}}
		if got := (&Topology{Query: &plan.Query{Root: root}}).IdleSpan(); got != c.want {
			t.Errorf("size %d ms and grace %d ms: %v, want %v", c.size, c.grace, got, c.want)
		}
	}
}
