package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The rows of two queries in one topic, one of which wrote all of its own before the other began, are in order for who reads the topic later.
func TestReaderOfWritersOneAfterTheOther(t *testing.T) {
	for _, aggs := range []string{"COUNT(*) AS n", "COUNT(*) AS n, COLLECT_LIST(v) AS vs"} {
		t.Run(aggs, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				p.opts = []kgo.Opt{kgo.FetchMaxPartitionBytes(2000), kgo.MaxConcurrentFetches(1)}
				n, s := p.start(t), NewSession()
				s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
				n.run(t, s, `CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', FORMAT='JSON', PARTITIONS=2);
					CREATE STREAM b (k INT KEY, v INT) WITH (KAFKA_TOPIC='b', FORMAT='JSON', PARTITIONS=2);`)
				const each = 6000
				var recs []*kgo.Record
				for _, topic := range []string{"a", "b"} {
					for i := range each {
						recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(i % 2), Timestamp: time.UnixMilli(int64(i) * 10), Key: fmt.Append(nil, i%2), Value: fmt.Appendf(nil, `{"V":%d}`, i)})
					}
				}
				n.run(t, s, "CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a;")
				for slice := range slices.Chunk(recs[:each], each/6) { // each a commit
					n.put(t, slice...)
					n.settle(t)
				}
				n.put(t, recs[each:]...)
				n.run(t, s, "INSERT INTO u SELECT * FROM b;")
				n.settle(t)
				s.Properties["commit.interval.ms"] = "2000" // it reads before it has asked who writes
				n.run(t, s, "CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT k, "+aggs+" FROM u WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY k EMIT FINAL;")
				n.settle(t)
				if err := n.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				if q := queryOf(t, n, "C"); q.Stats.Late+q.Stats.Behind+q.Stats.Foreign != 0 {
					t.Errorf("%d late, %d behind, %d foreign", q.Stats.Late, q.Stats.Behind, q.Stats.Foreign)
				}
				counted := countedIn(t, n, "c")
				if counted != 2*each {
					t.Errorf("%d of %d rows are counted", counted, 2*each)
				}
			})
		})
	}
}

// countedIn sums the N of a topic's values up.
func countedIn(t *testing.T, n *node, topic string) (counted int) {
	t.Helper()
	for _, rec := range n.texts(t, topic) {
		var m int
		_, text, _ := strings.Cut(rec, `"N":`)
		if _, err := fmt.Sscanf(text, "%d", &m); err != nil {
			t.Fatal(rec, err)
		}
		counted += m
	}
	return counted
}
