package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Rows that are in order in their source are not late behind topics that other queries write, and no join misses a row of an earlier time
// because the query that makes it has not come so far.
func TestOrderThroughTopics(t *testing.T) {
	const partitions, minutes, perMinute = 4, 50, 50
	window := ` WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY g EMIT FINAL;`
	for name, c := range map[string]struct {
		sql  string
		read string // the topic whose N are summed up
		// after says that rows are counted that come after the first one of their V.
		after bool
	}{
		"a topic": {`CREATE STREAM l2 WITH (KAFKA_TOPIC='l2') AS SELECT * FROM l PARTITION BY v;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT g, COUNT(*) AS n FROM l2` + window, "c", false},
		"three topics": {`CREATE STREAM l2 WITH (KAFKA_TOPIC='l2') AS SELECT * FROM l PARTITION BY v;
			CREATE STREAM l3 WITH (KAFKA_TOPIC='l3', PARTITIONS=2) AS SELECT * FROM l2 PARTITION BY g;
			CREATE STREAM l4 WITH (KAFKA_TOPIC='l4', PARTITIONS=3) AS SELECT * FROM l3 PARTITION BY k;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT g, COUNT(*) AS n FROM l4` + window, "c", false},
		"a topic and a table": {`CREATE STREAM l2 WITH (KAFKA_TOPIC='l2') AS SELECT * FROM l PARTITION BY v;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l2.g AS g, COUNT(*) AS n FROM l2 JOIN d ON l2.v = d.id WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l2.g EMIT FINAL;`, "c", false},
		"a table of another query": {`CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT id, LATEST_BY_OFFSET(x) AS x FROM u GROUP BY id;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.g AS g, COUNT(*) AS n FROM l JOIN t ON l.v = t.id WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.g EMIT FINAL;`, "c", false},
		"a join of two of them": {`CREATE STREAM a WITH (KAFKA_TOPIC='a') AS SELECT * FROM l PARTITION BY v;
			CREATE STREAM b WITH (KAFKA_TOPIC='b') AS SELECT * FROM l PARTITION BY g;
			CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT v, COUNT(*) AS x FROM a GROUP BY v;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT b.g AS g, COUNT(*) AS n FROM b JOIN t ON b.v = t.v WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY b.g EMIT FINAL;`, "c", true},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				s := NewSession()
				s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
				n.run(t, s, `CREATE STREAM l (k INT KEY, g INT, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
					CREATE STREAM u (id INT KEY, x INT) WITH (KAFKA_TOPIC='u', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
					CREATE TABLE d (id INT PRIMARY KEY, x INT) WITH (KAFKA_TOPIC='d', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);`)
				for i := range 10 {
					n.run(t, s, fmt.Sprintf("INSERT INTO u (rowtime, id, x) VALUES (%d, %d, 1); INSERT INTO d (rowtime, id, x) VALUES (%d, %d, 1);", i, i, i, i))
				}
				rng := rand.New(rand.NewPCG(1, 2))
				var recs []*kgo.Record
				first := map[int]int64{} // when a value of v first came: a row of that time comes before the table's
				values := map[int]map[int64]int{}
				for part := range int32(partitions) {
					for i := range minutes * perMinute {
						at, v := 1000+int64(i)*60_000/perMinute, rng.IntN(10)
						if was, ok := first[v]; !ok || at < was {
							first[v] = at
						}
						if values[v] == nil {
							values[v] = map[int64]int{}
						}
						values[v][at]++
						recs = append(recs, &kgo.Record{Topic: "l", Partition: part, Timestamp: time.UnixMilli(at), Key: []byte{0, 0, 0, byte(part)},
							Value: fmt.Appendf(nil, `{"G":%d,"V":%d}`, rng.IntN(10), v)})
					}
				}
				n.put(t, recs...)
				n.run(t, s, c.sql)
				n.settle(t)
				if err := n.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, q := range n.Queries() {
					if q.Stats.Late != 0 || q.Stats.Behind != 0 || q.Stats.Foreign != 0 {
						t.Errorf("%s: %d rows are late, %d behind, %d foreign", q.ID, q.Stats.Late, q.Stats.Behind, q.Stats.Foreign)
					}
				}
				counted := 0
				for _, rec := range n.texts(t, c.read) {
					var m int
					_, text, _ := strings.Cut(rec, `"N":`)
					if _, err := fmt.Sscanf(text, "%d", &m); err != nil {
						t.Fatal(rec, err)
					}
					counted += m
				}
				want := len(recs)
				if c.after {
					for v, at := range first {
						want -= values[v][at]
					}
				}
				if counted != want {
					t.Errorf("%d of %d rows are counted", counted, want)
				}
			})
		})
	}
}
