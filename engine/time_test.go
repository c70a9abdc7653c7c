package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Rows that are in order in their source are not late behind any number of repartitions and joins, with no grace period at all:
// however far one partition is read ahead of another.
func TestOrderThroughAChain(t *testing.T) {
	const partitions, minutes, perMinute = 4, 50, 100
	for name, sql := range map[string]string{
		"a repartition":                                 `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT g, COUNT(*) AS n FROM l WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY g EMIT FINAL;`,
		"a join with a table":                           `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.g AS g, COUNT(*) AS n FROM l LEFT JOIN d ON l.k = d.id WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.g EMIT FINAL;`,
		"a join with a table, re-keyed":                 `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.g AS g, COUNT(*) AS n FROM l LEFT JOIN d ON l.v = d.id WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.g EMIT FINAL;`,
		"a join of streams without a match":             `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.g AS g, COUNT(*) AS n FROM l LEFT JOIN r WITHIN 90 SECONDS GRACE PERIOD 0 SECONDS ON l.k = r.k WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.g EMIT FINAL;`,
		"a join of streams without a match, re-keyed":   `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.g AS g, COUNT(*) AS n FROM l LEFT JOIN r WITHIN 90 SECONDS GRACE PERIOD 0 SECONDS ON l.v = r.k WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.g EMIT FINAL;`,
		"windows behind a join of streams in its stage": `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT l.k AS k, COUNT(*) AS n FROM l LEFT JOIN r WITHIN 90 SECONDS GRACE PERIOD 0 SECONDS ON l.k = r.k WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY l.k EMIT FINAL;`,
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), `CREATE STREAM l (k INT KEY, g INT, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
					CREATE STREAM r (k INT KEY, x INT) WITH (KAFKA_TOPIC='r', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
					CREATE TABLE d (id INT PRIMARY KEY, x INT) WITH (KAFKA_TOPIC='d', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);`)
				rng := rand.New(rand.NewPCG(1, 2))
				var recs []*kgo.Record
				for part := range int32(partitions) {
					for i := range minutes * perMinute {
						recs = append(recs, &kgo.Record{Topic: "l", Partition: part, Timestamp: time.UnixMilli(int64(i) * 60_000 / perMinute), Key: []byte{0, 0, 0, byte(part)},
							Value: fmt.Appendf(nil, `{"G":%d,"V":%d}`, rng.IntN(10), rng.IntN(10))})
					}
				}
				n.put(t, recs...)
				s := NewSession()
				s.Properties["weir.idle.upstream"] = "600000" // on a busy machine a second is soon over, and rows that wait for a match are late then
				n.run(t, s, sql)
				n.settle(t)
				if err := n.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				q := n.Queries()[0]
				if q.Stats.Late != 0 {
					t.Errorf("%d rows are late", q.Stats.Late)
				}
				counted := 0
				for _, rec := range n.texts(t, "c") {
					var c int
					_, text, _ := strings.Cut(rec, `"N":`)
					if _, err := fmt.Sscanf(text, "%d", &c); err != nil {
						t.Fatal(rec, err)
					}
					counted += c
				}
				if counted != len(recs) {
					t.Errorf("%d of %d rows are counted", counted, len(recs))
				}
			})
		})
	}
}

// put writes records where they say.
func (n *node) put(t *testing.T, recs ...*kgo.Record) {
	t.Helper()
	c, err := n.cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}
