package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What waits on a node has one budget, whichever query it waits in: above it, rows go on without what they wait for, which is counted.
func TestRowsThatWaitHaveABudget(t *testing.T) {
	const rows = 500
	bothWays(t, map[string]string{"weir.wait.memory.bytes": "400000"}, func(t *testing.T, p *place) {
		n, s := chained(t, p, "weir.wait.upstream", "600000")
		n.run(t, s, "CREATE STREAM j2 WITH (KAFKA_TOPIC='j2') AS SELECT l.k AS k, v, x FROM l LEFT JOIN t ON l.k = t.k;")
		n.run(t, s, "PAUSE "+queryOf(t, n, "T").ID+"; INSERT INTO u (rowtime, k, x) VALUES (1000, 1, 10);")
		var recs []*kgo.Record
		for i := range rows {
			recs = append(recs, &kgo.Record{Topic: "l", Partition: int32(i % 4), Timestamp: time.UnixMilli(2000 + int64(i)), Key: []byte{0, 0, 0, byte(i % 4)},
				Value: fmt.Appendf(nil, `{"V":%d,"PAD":"%s"}`, i, strings.Repeat("x", 1000))})
		}
		n.put(t, recs...) // which take more, and no more than one input may have
		until(t, "rows go on", func() bool { return len(n.texts(t, "j"))+len(n.texts(t, "j2")) > 0 })
		until(t, "that it gave up is counted", func() bool { return queryOf(t, n, "J").Stats.GivenUp+queryOf(t, n, "J2").Stats.GivenUp > 0 })
		n.run(t, s, "RESUME "+queryOf(t, n, "T").ID+";")
		until(t, "all rows are there", func() bool { return len(n.texts(t, "j")) == rows && len(n.texts(t, "j2")) == rows })
	})
}
