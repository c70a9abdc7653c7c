package state

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTableAgainstMap(t *testing.T) {
	table, want := NewTable(2), map[string]uint64{}
	rng := rand.New(rand.NewPCG(1, 2))
	for step := range 200_000 {
		key := fmt.Sprintf("k%d", rng.IntN(5000))
		if rng.IntN(50) == 0 {
			key += strings.Repeat("x", rng.IntN(300))
		}
		hash := Hash([]byte(key))
		if rng.IntN(4) == 0 {
			_, had := want[key]
			if table.Remove([]byte(key), hash) != had {
				t.Fatalf("step %d: Remove(%q) is not %v", step, key, had)
			}
			delete(want, key)
			continue
		}
		ref, added := table.GetOrAdd([]byte(key), hash)
		if _, had := want[key]; added == had {
			t.Fatalf("step %d: GetOrAdd(%q) added=%v", step, key, added)
		}
		table.Words(ref)[1]++
		want[key]++
		table.SetFlags(ref, uint32(want[key]))
	}
	if table.Len() != len(want) {
		t.Fatalf("Len = %d, want %d", table.Len(), len(want))
	}
	seen := 0
	table.Each(func(ref Ref) bool {
		seen++
		key := string(table.Key(ref))
		if n := table.Words(ref)[1]; n != want[key] || uint64(table.Flags(ref)) != n {
			t.Errorf("%q = %d flags %d, want %d", key, n, table.Flags(ref), want[key])
		}
		return true
	})
	if seen != len(want) {
		t.Errorf("Each saw %d of %d", seen, len(want))
	}
}

// What is forgotten leaves nothing to those that come next, whatever their size, and no more memory than they need.
func TestTableForget(t *testing.T) {
	table := NewTable(2)
	for round := range 20 {
		n := []int{3, 20_000, 1, 500}[round%4]
		for i := range n {
			key := fmt.Appendf(nil, "%d/%d", round, i)
			if i == 2 {
				key = append(key, strings.Repeat("x", chunkWords*8)...)
			}
			ref, added := table.GetOrAdd(key, Hash(key))
			if w := table.Words(ref); !added || w[0] != 0 || w[1] != 0 || table.Flags(ref) != 0 || string(table.Key(ref)) != string(key) {
				t.Fatalf("round %d: a new record has %v, flags %d (added %t)", round, w, table.Flags(ref), added)
			}
			w := table.Words(ref)
			w[0], w[1] = 7, uint64(i)
			table.SetFlags(ref, 1)
		}
		if table.Len() != n {
			t.Fatalf("round %d: %d records, want %d", round, table.Len(), n)
		}
		table.Forget()
		if key := fmt.Appendf(nil, "%d/0", round); table.Len() != 0 {
			t.Fatalf("%d are left", table.Len())
		} else if _, there := table.Get(key, Hash(key)); there {
			t.Fatalf("%s is still there", key)
		}
		if most := 8 * (20_000*8 + 3*chunkWords); table.Bytes() > most {
			t.Fatalf("round %d: %d bytes, want at most %d", round, table.Bytes(), most)
		}
	}
}

func TestTableLongAndEmptyKeys(t *testing.T) {
	table := NewTable(1)
	for i, n := range []int{0, 1, 7, 8, 9, chunkWords * 8, 3*chunkWords*8 + 5, 3, 100_000} {
		key := []byte(strings.Repeat("a", n))
		ref, added := table.GetOrAdd(key, Hash(key))
		if !added {
			t.Fatalf("length %d: not added", n)
		}
		table.Words(ref)[0] = uint64(i)
		if got, ok := table.Get(key, Hash(key)); !ok || got != ref || table.Words(got)[0] != uint64(i) || len(table.Key(got)) != n {
			t.Fatalf("length %d: not found again", n)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	for _, keys := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			table := NewTable(1)
			var key [16]byte
			rng := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				binary.LittleEndian.PutUint64(key[:], uint64(rng.IntN(keys)))
				ref, _ := table.GetOrAdd(key[:], Hash(key[:]))
				table.Words(ref)[0]++
			}
		})
	}
}
