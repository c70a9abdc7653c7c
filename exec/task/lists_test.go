package task

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// A final list of a window waits for all tasks that may have rows of it, those that have read all there is as well: they close the window a commit later.
func TestListsWaitForAll(t *testing.T) {
	const size = 10
	layout := plan.Layout{{Name: "K", Type: types.TString}, {Name: types.WindowStart, Type: types.TBigint}, {Name: types.WindowEnd, Type: types.TBigint}}
	agg := &plan.Aggregate{Grouping: plan.Grouping{Slots: layout, Window: &plan.Window{Kind: ast.TumblingWindow, Size: size, Advance: size}, Final: true}}
	key := &plan.Column{Slot: 0, Name: "K", T: types.TString}
	local := &plan.Top{In: agg, Limit: 5, Key: []plan.Expr{key}, Order: []plan.TopOrder{{Expr: key}}, Window: &plan.TopWindow{Start: 1, End: 2, Final: true, Behind: size}}
	all := *local
	all.In = &plan.Repartition{In: local}
	s := &Stage{Inputs: []plan.Node{all.In}, End: &plan.Result{In: &all, Limit: -1}}
	if err := s.listStores(); err != nil {
		t.Fatal(err)
	}
	if s.Ordered() || len(s.Stores) != 1 {
		t.Errorf("rows are put in order: %t; stores: %v", s.Ordered(), s.Stores)
	}
	var got string
	task, err := NewTask(s, &Env{Functions: &functions.Env{}, Internal: func(step, kind string) string { return step + kind }}, TaskOptions{Feeders: 2, FirstFeeder: []int{0}, Lanes: true,
		Rows: func(b *types.Batch) error {
			for i := range b.N {
				got += b.Row(i)[0].Str()
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	row := func(key string, start int64) *kgo.Record {
		val := types.AppendRow([]byte{hasNew}, []types.Value{types.StringValue(key), types.BigintValue(start), types.BigintValue(start + size)})
		return &kgo.Record{Value: val, Timestamp: time.UnixMilli(start)}
	}
	for _, step := range []struct {
		rec  *kgo.Record
		want string
	}{
		{row("b", 0), ""},
		{sentNote(note{upstream: 0, bound: 0, atEnd: true}, 1), ""},
		{sentNote(note{upstream: 1, bound: NoTime, atEnd: true}, 2), ""},
		{row("a", 0), ""},
		{sentNote(note{upstream: 0, bound: 10, atEnd: true}, 3), ""},
		{sentNote(note{upstream: 1, bound: 0, atEnd: true}, 4), "ab"},
		{row("c", 10), "ab"},
		{sentNote(note{upstream: 1, bound: 9}, 5), "ab"},
		{sentNote(note{upstream: 1, bound: 10}, 6), "abc"},
	} {
		if _, err := task.Process(0, []*kgo.Record{step.rec}); err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Fatalf("after %q: %q, want %q", step.rec.Value, got, step.want)
		}
	}
}
