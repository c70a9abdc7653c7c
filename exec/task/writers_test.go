package task

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/types"
)

// Whatever others write into the header of our trails, their rows go on, each once.
func TestForeignTrails(t *testing.T) {
	const rows = 20_000
	passed, rng := types.NoTime, rand.New(rand.NewPCG(1, 2))
	var counts op.Counts
	l := newLanes(0, &passed, &counts)
	l.woven = newWoven(0)
	l.woven.known([]uint64{7})
	for i := range int64(rows) {
		rec := &kgo.Record{Offset: i, ProducerID: i % 5, Timestamp: time.UnixMilli(i)}
		var garbage []byte
		switch rng.IntN(4) {
		case 0:
			garbage = binary.AppendUvarint(binary.AppendUvarint([]byte{0}, uint64(i)+100), rng.Uint64()) // another query each time
		case 1:
			garbage = binary.AppendUvarint(binary.AppendUvarint([]byte{0}, uint64(i)<<20), rng.Uint64())
		case 2:
			for range rng.IntN(40) {
				garbage = append(garbage, byte(rng.Uint32()))
			}
		default:
			garbage = binary.AppendUvarint([]byte{trailFirst}, uint64(i)) // it is cut off
		}
		rec.Headers = []kgo.RecordHeader{{Key: trailHeader, Value: garbage}}
		if !l.add(rec, 1) {
			t.Fatalf("row %d is not taken", i)
		}
	}
	if n := len(l.all); n > mostLanes+1 {
		t.Errorf("there are %d lanes", n)
	}
	seen := map[int64]bool{}
	for _, rec := range l.release(nil, rows, true) {
		if seen[rec.Offset] {
			t.Fatalf("row %d goes on twice", rec.Offset)
		}
		seen[rec.Offset] = true
		l.processed()
	}
	if len(seen) != rows {
		t.Errorf("%d of %d rows have gone on", len(seen), rows)
	}
}
