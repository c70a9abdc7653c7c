package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"weir/types"
)

// BenchmarkSession counts in sessions of a million users, who come back in turn: each row goes into a session that is there. It
// tells the memory per user too.
func BenchmarkSession(b *testing.B) {
	for _, emit := range []string{"CHANGES", "FINAL"} {
		b.Run(emit, func(b *testing.B) {
			const keys = 1_000_000
			p := newPipeline()
			p.plan(b, fmt.Sprintf(event, "JSON"))
			recs := p.events(b, types.BatchRows, keys)
			names := make([][]byte, keys)
			for i := range names {
				names[i] = userKey(i * 7919 % keys)
			}
			before := heapBytes()
			task := p.task(b, `CREATE TABLE sessions AS SELECT user_id, COUNT(*) AS n, MAX(amount) AS most
				FROM events WINDOW SESSION (30 MINUTES) GROUP BY user_id EMIT `+emit+`;`)
			n := 0
			batch := func() {
				for _, r := range recs {
					r.Key, r.Timestamp = names[n%keys], start.Add(time.Duration(n)*time.Millisecond)
					n++
				}
				process(b, task, recs)
				advance(recs)
				if n%commitEvery == 0 {
					commit(b, task, nil)
				}
			}
			for n < keys {
				batch()
			}
			held := float64(heapBytes()-before) / keys
			b.ReportAllocs()
			from := n
			for b.Loop() {
				batch()
			}
			perRecord(b, n-from)
			b.ReportMetric(held, "B/key")
		})
	}
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
