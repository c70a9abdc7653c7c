package task

import (
	"encoding/binary"
	"testing"

	"weir/exec/op"
	"weir/exec/state"
)

// TestLoadWithinBudget loads several tasks whose state is larger than the budget: together they load no more than it holds.
func TestLoadWithinBudget(t *testing.T) {
	const tasks, entries, limit = 4, 50_000, 300_000
	db, err := state.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stage, kept := &Stage{}, Kept{Name: "table", Number: 0}
	b := db.NewBatch()
	for p := range int32(tasks) {
		for i := range uint32(entries) {
			if err := b.Put(stage.ID("Q", p, kept), binary.BigEndian.AppendUint32(nil, i), []byte("value")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Commit(false); err != nil {
		t.Fatal(err)
	}
	budget, all := state.NewBudget(limit), 0
	for p := range int32(tasks) {
		s := &loose{}
		task := &Task{Stage: stage, Partition: p, Stores: []Store{{Kept: kept, Stateful: s}}}
		if err := task.Load(db, "Q", budget); err != nil {
			t.Fatal(err)
		}
		all += s.bytes
		if !s.full && s.bytes != entries*(4+5) {
			t.Errorf("partition %d has %d bytes, and was not told that it lacks some", p, s.bytes)
		}
	}
	if most := limit + tasks*loadCheck*(4+5); all > most {
		t.Errorf("%d bytes are in memory, of a budget of %d; looked at so often, no more than %d", all, limit, most)
	}
}

// loose is a store that can let go of what it has.
type loose struct {
	bytes int
	full  bool
}

func (l *loose) Load(key, value []byte) error  { l.bytes += len(key) + len(value); return nil }
func (l *loose) Size() (entries, bytes int)    { return 0, l.bytes }
func (l *loose) Full()                         { l.full = true }
func (l *loose) Evict()                        { l.bytes = 0 }
func (l *loose) Back(op.Backing)               {}
func (l *loose) Changed() bool                 { return false }
func (l *loose) Dirty(func(key, value []byte)) {}
func (l *loose) Expired(func(lo, hi []byte))   {}
func (l *loose) Committed()                    {}
