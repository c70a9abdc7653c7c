package task

import (
	"slices"
	"strings"
	"testing"

	"weir/planner/plan"
)

func TestLayoutReads(t *testing.T) {
	table := LayoutPart{Name: "0/table", Columns: []string{"ID STRING", "A INTEGER"}, Grows: true}
	grown := LayoutPart{Name: "0/table", Columns: []string{"ID STRING", "A INTEGER", "B INTEGER"}, Grows: true}
	moved := LayoutPart{Name: "0/table", Columns: []string{"A INTEGER", "ID STRING", "B INTEGER"}, Grows: true}
	groups := LayoutPart{Name: "0/aggregate Aggregate", Columns: []string{"K STRING", "COUNT(*) BIGINT"}}
	more := LayoutPart{Name: "0/aggregate Aggregate", Columns: []string{"K STRING", "COUNT(*) BIGINT", "SUM(A) BIGINT"}}
	for _, c := range []struct {
		before, now Layout
		want        string
	}{
		{Layout{table}, Layout{table}, ""},
		{nil, Layout{table, groups}, ""},
		{Layout{table}, Layout{grown}, ""},
		{Layout{table}, Layout{table, {Name: "0/rows of S", Store: 2, joins: true}}, ""},
		{Layout{table}, Layout{table, {Name: "0/top", Store: 2}}, "0/top is new, and would lack what was read before"},
		{Layout{table}, Layout{{Name: "0/table", Columns: table.Columns, Version: 1}}, "0/table was written in version 0 of its entries"},
		{Layout{groups}, Layout{groups}, ""},
		{Layout{grown}, Layout{table}, "0/table had the columns [ID STRING, A INTEGER, B INTEGER] and would have [ID STRING, A INTEGER]"},
		{Layout{table}, Layout{moved}, "0/table had the columns"},
		{Layout{groups}, Layout{more}, "0/aggregate Aggregate had the columns"},
		{Layout{table, groups}, Layout{table}, "0/aggregate Aggregate is there no more"},
	} {
		err := c.now.Reads(c.before)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v after %v: %v, want %q", c.now, c.before, err, c.want)
		}
	}
}

// Stores keep the numbers that they have on disk, whatever comes between them; one that is new gets the next.
func TestAdopt(t *testing.T) {
	stage := func() *Topology {
		return &Topology{Stages: []*Stage{{End: &plan.Result{}, Stores: []Kept{{Name: "table"}, {Name: "added", Number: 1, Joins: true}, {Name: "rows of S", Number: 2}}}}}
	}
	for _, c := range []struct {
		before  Layout
		numbers []int
		partial []bool
	}{
		{nil, []int{0, 1, 2}, []bool{false, false, false}},
		{Layout{{Name: "0/table"}, {Name: "0/rows of S"}}, []int{0, 2, 1}, []bool{false, true, false}},
		{Layout{{Name: "0/rows of S", Store: 5}, {Name: "0/table", Store: 2}}, []int{1, 5, 4}, []bool{false, true, false}},
		{Layout{{Name: "0/table", Store: 1}, {Name: "0/rows of S", Store: 2}, {Name: "0/added", Store: 3, Partial: true}}, []int{0, 2, 1}, []bool{false, true, false}},
	} {
		topo := stage()
		if err := topo.Adopt(c.before); err != nil {
			t.Fatal(err)
		}
		var numbers []int
		var partial []bool
		for _, k := range topo.Stages[0].Stores {
			numbers, partial = append(numbers, k.Number), append(partial, k.Partial)
		}
		if !slices.Equal(numbers, c.numbers) || !slices.Equal(partial, c.partial) {
			t.Errorf("after %v: numbers %v, partial %v; want %v, %v", c.before, numbers, partial, c.numbers, c.partial)
		}
		again := stage()
		if err := again.Adopt(topo.Layout()); err != nil {
			t.Error(err)
		} else if !slices.EqualFunc(again.Stages[0].Stores, topo.Stages[0].Stores, func(a, b Kept) bool { return a.Number == b.Number && a.Partial == b.Partial }) {
			t.Errorf("after %v: %v, and once more %v", c.before, topo.Stages[0].Stores, again.Stages[0].Stores)
		}
	}
}
