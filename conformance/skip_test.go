package conformance

import (
	"slices"
	"testing"

	"weir/conformance/cases"
)

// tally counts the cases, and those that leave ways out.
type tally struct {
	cases   int
	skips   map[string]int // by way
	illegal []string
}

const mostSkips = 15 // per cent of the cases that may leave a way out

func leavesOut(c *cases.Case, way string) bool {
	return slices.ContainsFunc(c.Skips, func(s cases.Skip) bool { return s.Way == way })
}

func (t *tally) add(f *cases.File) {
	if t.skips == nil {
		t.skips = map[string]int{}
	}
	for _, c := range f.Cases {
		t.cases++
		for _, s := range c.Skips {
			t.skips[s.Way]++
			known := false
			for _, w := range ways {
				known = known || w.name == s.Way
			}
			// What keeps state has to survive a restart, and to do the same in transactions, and on a real broker.
			if !known || s.Way == "restart" || s.Way == "transactions" || s.Way == "kafka" {
				t.illegal = append(t.illegal, c.Name+": "+s.Way)
			}
		}
	}
}

func (t *tally) report(test *testing.T) {
	test.Logf("%d cases; left out: %v", t.cases, t.skips)
	for way, n := range t.skips {
		if 100*n > mostSkips*t.cases {
			test.Errorf("%d of %d cases leave out %s: at most %d %% may", n, t.cases, way, mostSkips)
		}
	}
	for _, s := range t.illegal {
		test.Errorf("%s can't be left out", s)
	}
}
