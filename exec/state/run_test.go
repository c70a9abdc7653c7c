package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A batch does what its calls did in their order, whichever way it is written: keys that come twice, that are prefixes of others, that differ late or not at all.
func TestBatchKeepsItsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		db, err := Open("")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		b := db.NewBatch()
		id := StoreID{Query: "q", Stage: 1, Partition: 2, Store: 3}
		other := StoreID{Query: "q", Stage: 1, Partition: 2, Store: 4}
		for i := range r.IntN(3000) {
			key := fmt.Sprintf("%.*s%d", r.IntN(12), "a long head of many", r.IntN(300))
			if r.IntN(4) == 0 {
				key = string(bytes.Repeat([]byte{0}, r.IntN(12)))
			}
			switch r.IntN(400) {
			case 0:
				if err := b.Drop(id, []byte("a"), []byte("a long head of many1")); err != nil {
					t.Fatal(err)
				}
				for k := range want {
					if k >= "a" && k < "a long head of many1" {
						delete(want, k)
					}
				}
			case 1:
				if err := b.Put(other, []byte(key), []byte("of another store")); err != nil {
					t.Fatal(err)
				}
			default:
				if r.IntN(5) == 0 {
					delete(want, key)
					err = b.Put(id, []byte(key), nil)
				} else {
					want[key] = fmt.Sprint(i)
					err = b.Put(id, []byte(key), []byte(want[key]))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := b.Commit(true); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		var keys []string
		err = db.Load(id, func(key, value []byte) error {
			got[string(key)] = string(value)
			keys = append(keys, string(key))
			return nil
		})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || !slices.IsSorted(keys) {
			t.Fatalf("round %d: it has %d entries, %v, want %d", round, len(got), err, len(want))
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What a commit of a query with many keys sorts: 25,000 keys of text, and the start of a window behind them.
func BenchmarkRun(b *testing.B) {
	r, in := rand.New(rand.NewPCG(1, 2)), new(run)
	prefix := StoreID{Query: "CTAS_PER_MINUTE_3", Stage: 1}.prefix()
	for range 25_000 {
		key := append(fmt.Appendf(nil, "\x00user_%d", r.IntN(1_000_000)), 0, 0, 1, 153, 4, byte(r.IntN(5)), 0, 0)
		in.put(prefix, key, key[:8])
	}
	work := new(run)
	for b.Loop() {
		work.bytes, work.entries = in.bytes, append(work.entries[:0], in.entries...)
		work.sort()
	}
}
