package op

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"weir/types"
)

// A row that came late lies behind younger ones of its key: when these go, it is not found any more. What is written has the key that it was stored with.
func TestJoinBufferWritesWhatItHas(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	b := newJoinBuffer(0)
	keys := map[uint64]string{}
	now := int64(1000)
	for range 40 {
		for range 500 {
			now += rng.Int64N(3)
			n, ts := b.next, now
			if rng.IntN(10) == 0 {
				ts -= 100
			}
			b.next++
			keys[n] = fmt.Sprintf("%d %d", rng.IntN(300), now/50)
			b.dirty = append(b.dirty, b.add([]byte(keys[n]), ts, n|entryDirty, []types.Value{types.StringValue("something of some length")}))
		}
		b.expire(now - 200)
		kept := 0
		b.changed(entryKey, func(key, _ []byte) {
			var at [1]types.Value
			rest, err := types.DecodeKey(key[1:], at[:])
			if err != nil || len(rest) < 8 {
				t.Fatal(err, key)
			}
			n := binary.BigEndian.Uint64(rest[len(rest)-8:])
			if got := string(rest[:len(rest)-8]); got != keys[n] {
				t.Fatalf("row %d has the key %q, stored with %q", n, got, keys[n])
			}
			kept++
		})
		if kept == 0 {
			t.Fatal("nothing is written")
		}
		b.committed()
	}
}
