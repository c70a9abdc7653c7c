package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What a query has written that is terminated since is read in order, by who comes later and by who was there, over a restart too; windows
// close as far as its rows tell, and what others write then is read on.
func TestReaderOfATerminatedQuery(t *testing.T) {
	for _, aggs := range []string{"COUNT(*) AS n", "COUNT(*) AS n, COLLECT_LIST(v) AS vs"} {
		t.Run(aggs, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				p.opts = []kgo.Opt{kgo.FetchMaxPartitionBytes(4000), kgo.MaxConcurrentFetches(1)}
				n, s := p.start(t), NewSession()
				s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
				n.run(t, s, `CREATE STREAM a (v INT, g INT) WITH (KAFKA_TOPIC='a', FORMAT='JSON', PARTITIONS=4);
					CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a PARTITION BY g;`)
				const all = 8000
				var recs []*kgo.Record
				for part := range int32(4) {
					for i := range all / 4 {
						recs = append(recs, &kgo.Record{Topic: "a", Partition: part, Timestamp: time.UnixMilli(int64(i) * 10), Value: fmt.Appendf(nil, `{"V":%d,"G":%d}`, i, i%7)})
					}
				}
				n.run(t, s, "CREATE TABLE before WITH (KAFKA_TOPIC='before') AS SELECT g, "+aggs+" FROM u WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY g EMIT FINAL;")
				n.put(t, recs...)
				n.settle(t)
				n.run(t, s, "TERMINATE "+queryOf(t, n, "U").ID+";")
				n.run(t, s, "CREATE TABLE after WITH (KAFKA_TOPIC='after') AS SELECT g, "+aggs+" FROM u WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY g EMIT FINAL;")
				n.settle(t)
				n.leave(t)
				n = p.start(t)
				n.run(t, s, "CREATE TABLE later WITH (KAFKA_TOPIC='later') AS SELECT g, "+aggs+" FROM u WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY g EMIT FINAL;")
				n.settle(t)
				for _, sink := range []string{"BEFORE", "AFTER", "LATER"} {
					if q := queryOf(t, n, sink); q.Stats.Late+q.Stats.Behind+q.Stats.Foreign+q.Stats.GivenUp != 0 {
						t.Errorf("%s: %d late, %d behind, %d foreign, %d given up", sink, q.Stats.Late, q.Stats.Behind, q.Stats.Foreign, q.Stats.GivenUp)
					}
				}
				// All windows but the last one of each key are closed without anything new.
				for _, topic := range []string{"before", "after", "later"} {
					until(t, topic+" has its windows", func() bool { return len(n.texts(t, topic)) >= 7*(all/400-1) })
				}
				n.run(t, s, "INSERT INTO u (rowtime, g, v) VALUES (900000, 0, 1);")
				n.settle(t)
				if err := n.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, topic := range []string{"before", "after", "later"} {
					if counted := countedIn(t, n, topic); counted != all+1 {
						t.Errorf("%s: %d of %d rows are counted; %+v", topic, counted, all+1, queryOf(t, n, strings.ToUpper(topic)).Stats)
					}
				}
			})
		})
	}
}
