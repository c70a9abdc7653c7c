package op

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/planner/plan"
	"weir/types"
)

// foreignJoin is a join by foreign key over several partitions of the right table. What goes from one operator to another waits
// in a queue for each pair of them, and queues advance in any order.
type foreignJoin struct {
	t       *testing.T
	rng     *rand.Rand
	kind    plan.JoinKind
	sub     *Subscribe
	looks   []*ForeignLookup
	resolve *Resolve
	saved   []disk
	there   []types.Batch // subscriptions, by the partition they go to
	back    []types.Batch // answers, by the partition they come from
	table   map[int64]string
}

var (
	orders  = plan.Layout{{Name: "ID", Type: types.TBigint}, {Name: "F", Type: types.TBigint}, {Name: "V", Type: types.TString}}
	orderID = []plan.Expr{&plan.Column{Slot: 0, Name: "ID", T: types.TBigint}}
	byF     = &plan.Column{Slot: 1, Name: "F", T: types.TBigint}
)

// queue keeps rows for later. Its batch is given out by its owner.
type queue struct {
	to func(row []types.Value, m types.Meta)
}

func (q queue) Push(b *types.Batch) error {
	for i := range b.N {
		q.to(types.CloneRow(b.Row(i)), b.Meta[i])
	}
	return nil
}
func (queue) Flush() error { return nil }

func (f *foreignJoin) Push(b *types.Batch) error {
	for i := range b.N {
		key := b.Row(i)[b.Width-1].Int()
		was, there := f.table[key]
		if old := b.Meta[i].Flags&types.HasOld != 0; old != there {
			f.t.Errorf("a change of %d says that there was a row before: %t", key, old)
		} else if old && was != text(b.OldRow(i)) {
			f.t.Errorf("a change of %d has the row before as %s, it was %s", key, text(b.OldRow(i)), was)
		}
		if delete(f.table, key); b.Meta[i].Flags&types.NullRow == 0 {
			f.table[key] = text(b.Row(i))
		}
	}
	return nil
}

func (f *foreignJoin) Flush() error { return nil }

const rightPartitions = 3

// open makes the operators from what was saved.
func (f *foreignJoin) open() {
	left := &plan.Project{In: &plan.Explode{}, Slots: orders}
	sub := &plan.Subscribe{In: left, Foreign: []plan.Expr{byF}, Slots: slices.Concat(orders, make(plan.Layout, 4))}
	look := &plan.ForeignLookup{Left: sub, Right: stream, LeftKey: orderID, RightKey: byKey[:1], Width: len(orders),
		Slots: slices.Concat(orders, keyed, make(plan.Layout, 2))}
	res := &plan.Resolve{In: look, Kind: f.kind, Key: orderID, Slots: slices.Concat(orders, keyed, make(plan.Layout, 1))}
	f.sub = NewSubscribe(testHost(), sub, queue{func(row []types.Value, m types.Meta) {
		copy(f.there[row[len(orders)].Int()%rightPartitions].Append(m), row)
	}})
	f.looks = f.looks[:0]
	for p := range rightPartitions {
		f.looks = append(f.looks, NewForeignLookup(testHost(), look, queue{func(row []types.Value, m types.Meta) { copy(f.back[p].Append(m), row) }}))
	}
	f.resolve = NewResolve(testHost(), res, true, f)
	for i, s := range f.stores() {
		f.saved[i].load(f.t, s)
	}
}

func (f *foreignJoin) stores() []Stateful {
	out := []Stateful{f.sub, f.resolve}
	for _, l := range f.looks {
		out = append(out, l)
	}
	return out
}

// advance carries on some rows of some queue; all says all of all.
func (f *foreignJoin) advance(all bool) {
	for moved := true; moved; moved = all && moved {
		moved = false
		for _, n := range f.rng.Perm(2 * rightPartitions) {
			b, to := &f.back[n/2], Op(f.resolve)
			if n%2 == 0 {
				b = &f.there[n/2]
				to, _ = f.looks[n/2].Ports()
			}
			if b.N == 0 || !all && f.rng.IntN(4) > 0 {
				continue
			}
			moved = true
			first := 1 + f.rng.IntN(b.N)
			var now, later types.Batch
			now.Reset(b.Width)
			later.Reset(b.Width)
			for i := range b.N {
				dst := &now
				if i >= first {
					dst = &later
				}
				copy(dst.Append(b.Meta[i]), b.Row(i))
			}
			*b = later
			if err := to.Push(&now); err != nil {
				f.t.Fatal(err)
			}
		}
	}
}

func TestForeignKeyJoin(t *testing.T) {
	for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin} {
		for seed := range uint64(20) {
			testForeign(t, kind, rand.New(rand.NewPCG(9, seed)))
		}
	}
}

func testForeign(t *testing.T, kind plan.JoinKind, rng *rand.Rand) {
	f := &foreignJoin{t: t, rng: rng, kind: kind, table: map[int64]string{}, there: make([]types.Batch, rightPartitions), back: make([]types.Batch, rightPartitions)}
	for p := range rightPartitions {
		f.there[p].Reset(len(orders) + 4)
		f.back[p].Reset(len(orders) + len(keyed) + 2)
	}
	for range 2 + rightPartitions {
		f.saved = append(f.saved, disk{})
	}
	f.open()
	left, right := map[int64][]types.Value{}, map[int64]string{}
	for n := range 600 {
		m := types.Meta{Timestamp: int64(n), StreamTime: types.NoTime}
		var b types.Batch
		if rng.IntN(2) == 0 {
			b.Reset(len(orders))
			id := rng.Int64N(20)
			was, there := left[id]
			row, old := b.AppendChange(m)
			row[0] = types.BigintValue(id)
			if there {
				b.Meta[0].Flags |= types.HasOld
				copy(old, was)
			}
			if delete(left, id); rng.IntN(4) == 0 {
				b.Meta[0].Flags |= types.NullRow
			} else {
				if rng.IntN(6) > 0 {
					row[1] = types.BigintValue(rng.Int64N(8))
				}
				row[2] = types.StringValue(fmt.Sprintf("v%d", n))
				left[id] = types.CloneRow(row)
			}
			if err := f.sub.Push(&b); err != nil {
				t.Fatal(err)
			}
		} else {
			b.Reset(len(keyed))
			id := rng.Int64N(8)
			row := b.Append(m)
			row[0] = types.BigintValue(id)
			if delete(right, id); rng.IntN(3) == 0 {
				b.Meta[0].Flags = types.NullRow
			} else {
				row[1] = types.StringValue(fmt.Sprintf("r%d", n))
				right[id] = row[1].Str()
			}
			_, port := f.looks[id%rightPartitions].Ports()
			if err := port.Push(&b); err != nil {
				t.Fatal(err)
			}
		}
		f.advance(false)
		if rng.IntN(20) > 0 {
			continue
		}
		for i, s := range f.stores() {
			f.saved[i].commit(s)
		}
		if rng.IntN(2) == 0 {
			f.open()
		}
		if rng.IntN(4) == 0 {
			f.advance(true)
			f.compare(left, right, n)
		}
	}
	f.advance(true)
	f.compare(left, right, -1)
}

// compare sees that the joined table is what the tables make as they stand.
func (f *foreignJoin) compare(left map[int64][]types.Value, right map[int64]string, n int) {
	want := map[int64]string{}
	for id, row := range left {
		r, ok := "", false
		if !row[1].IsNull() {
			r, ok = right[row[1].Int()]
		}
		switch {
		case ok:
			want[id] = fmt.Sprintf("%s %d %s %d", text(row), row[1].Int(), r, id)
		case f.kind == plan.LeftJoin:
			want[id] = fmt.Sprintf("%s - - %d", text(row), id)
		}
	}
	if !maps.Equal(want, f.table) {
		f.t.Fatalf("%s, step %d:\n%v, expected\n%v", f.kind, n, f.table, want)
	}
}

func FuzzJoinLoad(f *testing.F) {
	f.Add([]byte{metaKey}, []byte{2, 2, 2})
	f.Add([]byte{entryKey, 1, 2, 3}, []byte{0})
	f.Add([]byte{rightKey, 1, 1, 1}, []byte{4, 4})
	j := NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *joinPlan(plan.FullJoin), Within: plan.Within{Before: 1, After: 1, Given: true}}, true, &gather{})
	for i := range 2 {
		j.sides[i].buf.add([]byte("key"), 10, 1|entryDirty, []types.Value{types.BigintValue(1), types.StringValue("x")})
		places, _ := j.sides[i].buf.find(nil, []byte("key"), 0, 20)
		j.sides[i].buf.dirty = append(j.sides[i].buf.dirty, places...)
	}
	j.clock.advance(10)
	j.Dirty(func(key, value []byte) { f.Add(slices.Clone(key), slices.Clone(value)) })
	f.Fuzz(func(t *testing.T, key, value []byte) {
		join := &foreignJoin{t: t, kind: plan.LeftJoin}
		for range 2 + rightPartitions {
			join.saved = append(join.saved, disk{})
		}
		join.open()
		stores := append(join.stores(), NewTableJoin(testHost(), &plan.TableJoin{KeyJoin: *joinPlan(plan.FullJoin)}, true, &gather{}), NewLookupJoin(testHost(), &plan.LookupJoin{KeyJoin: *joinPlan(plan.LeftJoin)}, &gather{}),
			NewStreamJoin(testHost(), &plan.StreamJoin{KeyJoin: *joinPlan(plan.FullJoin), Within: plan.Within{Before: 1, After: 1, Given: true}}, true, &gather{}))
		for _, s := range stores {
			if s.Load(key, value) == nil {
				s.Dirty(func(_, _ []byte) {})
				s.Committed()
			}
		}
	})
}

// Once most subscriptions are gone, the others' records move; they are found all the same.
func TestForeignLookupMoves(t *testing.T) {
	f := &foreignJoin{t: t, kind: plan.InnerJoin, table: map[int64]string{}}
	for range 2 + rightPartitions {
		f.saved = append(f.saved, disk{})
	}
	f.there, f.back = make([]types.Batch, rightPartitions), make([]types.Batch, rightPartitions)
	f.open()
	look, out := f.looks[0], &f.back[0]
	out.Reset(len(orders) + len(keyed) + 2)
	left, right := look.Ports()
	subscribe := func(id int64, what plan.Subscription) {
		var b types.Batch
		b.Reset(len(orders) + 4)
		row := b.Append(types.Meta{StreamTime: types.NoTime})
		row[0], row[1] = types.BigintValue(id), types.BigintValue(id%2)
		copy(row[3:], []types.Value{types.BigintValue(id % 2), types.BoolValue(true), types.BigintValue(id), types.IntValue(int32(what))})
		if err := left.Push(&b); err != nil {
			t.Fatal(err)
		}
	}
	for id := range int64(8000) {
		subscribe(id, plan.Subscribed)
	}
	look.Committed()
	for id := range int64(6900) {
		subscribe(id, plan.Moved)
	}
	look.Committed()
	if share := look.items.table.Garbage(); share > 0.5 {
		t.Errorf("%.2f of the subscriptions' memory is garbage", share)
	}
	out.Reset(out.Width)
	var b types.Batch
	b.Reset(len(keyed))
	row := b.Append(types.Meta{StreamTime: types.NoTime})
	row[0], row[1] = types.BigintValue(1), types.StringValue("x")
	if err := right.Push(&b); err != nil {
		t.Fatal(err)
	}
	if out.N != 550 {
		t.Errorf("%d subscribers were told, expected 550", out.N)
	}
}
