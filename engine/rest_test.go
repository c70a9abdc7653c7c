package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// After all sources have rested, one of them goes on first, by hours of event time, and over several commits: what the others bring soon after is not
// late, though they had been at their ends for longer than anything waits.
func TestGoingOnAfterARest(t *testing.T) {
	const rows, each = 200, 30_000 // milliseconds of event time from one row to the next
	for name, sql := range map[string]string{
		"a repartition": `CREATE TABLE c AS SELECT g, COUNT(*) AS n FROM l WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 0 SECONDS) GROUP BY g;`,
		"a join of streams": `CREATE STREAM j AS SELECT l.k, l.g AS g FROM l LEFT JOIN r WITHIN 1 MINUTE GRACE PERIOD 0 SECONDS ON l.k = r.k;
			CREATE TABLE c AS SELECT g, COUNT(*) AS n FROM j WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 0 SECONDS) GROUP BY g;`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, map[string]string{"weir.idle.upstream": "1500"}, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), `CREATE STREAM l (k INT KEY, g INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);
					CREATE STREAM r (k INT KEY, x INT) WITH (KAFKA_TOPIC='r', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);`+sql)
				put := func(part int32, from int64, topics ...string) {
					var recs []*kgo.Record
					for _, topic := range topics {
						for i := range int64(rows) {
							recs = append(recs, &kgo.Record{Topic: topic, Partition: part, Timestamp: time.UnixMilli(from + i*each), Key: []byte{0, 0, 0, byte(part)},
								Value: fmt.Appendf(nil, `{"G":%d,"X":1}`, i%7)})
						}
					}
					n.put(t, recs...)
				}
				put(0, 0, "l", "r")
				put(1, 0, "l", "r")
				n.settle(t)
				time.Sleep(2 * time.Second) // longer than anything waits
				put(0, 100*rows*each, "r")
				n.settle(t)
				put(0, 100*rows*each, "l")
				n.settle(t)
				put(1, 100*rows*each, "l", "r")
				n.settle(t)
				for _, q := range n.Queries() {
					if q.Stats.Late != 0 {
						t.Errorf("%s: %d rows are late", q.ID, q.Stats.Late)
					}
				}
			})
		})
	}
}

// A row that is late on its path is late, too, where it is the first one that is read after a restart, while other paths are far behind.
func TestLateAfterARestart(t *testing.T) {
	t.Parallel()
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM l (k INT KEY, g INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);`)
		put := func(part int32, times ...int64) {
			var recs []*kgo.Record
			for _, at := range times {
				recs = append(recs, &kgo.Record{Topic: "l", Partition: part, Timestamp: time.UnixMilli(at), Key: []byte{0, 0, 0, byte(part)}, Value: []byte(`{"G":1}`)})
			}
			n.put(t, recs...)
		}
		put(0, 1000)
		put(1, 1000, 9000)
		s := NewSession()
		s.Properties["weir.idle.upstream"] = "600000"
		n.run(t, s, `CREATE TABLE c AS SELECT g, COUNT(*) AS n FROM l WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 0 SECONDS) GROUP BY g;`)
		n.settle(t)
		n.leave(t)
		n = p.start(t)
		put(1, 5000) // the window is still open on the other path
		n.settle(t)
		if late := n.Queries()[0].Stats.Late; late != 1 {
			t.Errorf("%d rows are late, want 1", late)
		}
	})
}
