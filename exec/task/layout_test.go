package task

import (
	"strings"
	"testing"
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
		{Layout{table}, Layout{table, {Name: "0/rows of S"}}, ""},
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
