package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"weir/types"
)

// commitEvery is how many records there are between commits: what comes in 100 ms at a million a second.
const commitEvery = 100_000

// BenchmarkWindowedCount decodes one column and counts per key and minute; every commit encodes the counts that changed.
// Record keys change from batch to batch, all keys are there before the clock runs.
func BenchmarkWindowedCount(b *testing.B) {
	for _, keys := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			p := newPipeline()
			p.plan(b, fmt.Sprintf(event, "JSON"))
			task := p.task(b, `CREATE TABLE counts AS SELECT user_id, COUNT(*) AS n, MAX(amount) AS most
				FROM events WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY user_id EMIT CHANGES;`)
			recs := p.events(b, types.BatchRows, keys)
			order := rand.New(rand.NewPCG(3, 4)).Perm(keys)
			names := make([][]byte, keys)
			for i, n := range order {
				names[i] = userKey(n)
			}
			n, next := 0, 0
			batch := func() {
				at := start.Add(time.Duration(n) * 15 * time.Microsecond)
				for _, r := range recs {
					r.Key, r.Timestamp = names[next], at
					if next++; next == keys {
						next = 0
					}
				}
				process(b, task, recs)
				advance(recs)
				if n += len(recs); n%commitEvery == 0 {
					commit(b, task, nil)
				}
			}
			for n < 2*max(keys, commitEvery) {
				batch()
			}
			before := n
			b.ReportAllocs()
			for b.Loop() {
				batch()
			}
			perRecord(b, n-before)
		})
	}
}
