package op

import (
	"fmt"
	"testing"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// mapBacking is a store's committed entries.
type mapBacking map[string][]byte

func (m mapBacking) Get(key []byte) ([]byte, error) { return m[string(key)], nil }

func (m mapBacking) Scan(lo, hi []byte, f func(key, value []byte) error) error {
	for k, v := range m {
		if k >= string(lo) && k < string(hi) {
			if err := f([]byte(k), v); err != nil {
				return err
			}
		}
	}
	return nil
}

type lastRows map[string]int64

func (l lastRows) Push(b *types.Batch) error {
	for i := range b.N {
		l[b.Row(i)[0].Str()] = b.Row(i)[1].Int()
	}
	return nil
}
func (l lastRows) Flush() error { return nil }

// TestEviction counts with all groups thrown out of memory after every commit, and after a load that stopped at once.
func TestEviction(t *testing.T) {
	bound, err := functions.Standard().Aggregate("COUNT").Resolve(nil, functions.Adding)
	if err != nil {
		t.Fatal(err)
	}
	node := &plan.Aggregate{Grouping: plan.Grouping{Group: []plan.Expr{&plan.Column{Slot: 0, T: types.TString}}, Aggs: []plan.Agg{{Name: "COUNT", Bound: bound}},
		Slots: plan.Layout{{Name: "K", Type: types.TString}, {Name: "N", Type: types.TBigint}}}}
	stored, got, want := mapBacking{}, lastRows{}, lastRows{}
	fresh := func() *Aggregate {
		a := NewAggregate(&Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}, node, false, true, got)
		a.Back(stored)
		return a
	}
	a := fresh()
	for round := range 40 {
		var b types.Batch
		b.Reset(1)
		for i := range 50 {
			key := fmt.Sprint("k", (round*7+i*i)%23)
			b.Append(types.Meta{})[0] = types.StringValue(key)
			want[key]++
		}
		if err := a.Push(&b); err != nil {
			t.Fatal(err)
		}
		if err := a.Flush(); err != nil {
			t.Fatal(err)
		}
		a.Dirty(func(k, v []byte) { stored[string(k)] = append([]byte{}, v...) })
		a.Committed()
		switch {
		case round%10 == 9:
			a = fresh()
			a.Full()
		case round%2 == 1:
			a.Evict()
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
