package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A query that had read all there was before a restart still knows to which time that came: windows of those behind it close as they would have.
func TestBoundsAreThereAfterARestart(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := p.start(t), NewSession()
		s.Properties["auto.offset.reset"] = "earliest"
		n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);
			CREATE STREAM a WITH (KAFKA_TOPIC='a') AS SELECT v, k FROM l PARTITION BY v;
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COUNT(*) AS n FROM a WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY v EMIT FINAL;`)
		reader := queryOf(t, n, "C").ID
		n.run(t, s, "PAUSE "+reader+";")
		var recs []*kgo.Record
		for i := range 20 {
			recs = append(recs, &kgo.Record{Topic: "l", Partition: int32(i % 2), Timestamp: time.UnixMilli(int64(i) * 500), Key: []byte{0, 0, 0, byte(i % 2)}, Value: fmt.Appendf(nil, `{"V":%d}`, i/2%2)})
		}
		n.put(t, recs...)
		until(t, "all is in the topic between", func() bool { return len(n.texts(t, "a")) == len(recs) })
		n.leave(t)
		n = p.start(t)
		n.run(t, s, "RESUME "+reader+";")
		until(t, "the windows close that end by the time of the rows", func() bool { return len(n.texts(t, "c")) == 9 })
	})
}
