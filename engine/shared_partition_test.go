package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A partition that is read at two places of a query is read further at one than at the other. Each goes on where it was, however
// often the node starts anew.
func TestPartitionReadTwice(t *testing.T) {
	const rows = 4000
	for name, join := range map[string]string{
		"by both inputs of a task": `SELECT a.k AS k, a.v AS v, b.v AS w FROM s a JOIN s2 b WITHIN 1 HOUR ON a.k = b.k`,
		"by two stages":            `SELECT a.k AS k, a.v AS v, b.v AS w FROM s a JOIN s2 b WITHIN 1 HOUR ON a.k = b.g`,
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, map[string]string{"commit.interval.ms": "1"}, func(t *testing.T, p *place) {
				p.opts = append(p.opts, kgo.FetchMaxPartitionBytes(1000), kgo.MaxConcurrentFetches(1))
				n := p.start(t)
				n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
					CREATE STREAM s2 (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`)
				c, err := n.cluster.NewClient(kgo.ProducerBatchMaxBytes(1000), kgo.ProducerBatchCompression(kgo.NoCompression()))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for i := range rows {
					c.Produce(t.Context(), &kgo.Record{Topic: "s", Timestamp: time.UnixMilli(int64(i / 7)), Key: fmt.Append(nil, i), Value: fmt.Appendf(nil, `{"G":"%d","V":%d}`, i, i)}, nil)
				}
				if err := c.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				n.run(t, NewSession(), `CREATE STREAM o WITH (KAFKA_TOPIC='o') AS `+join+`;`)
				for part := range 5 {
					until(t, "more is written", func() bool { return len(n.texts(t, "o")) > part*rows/8 })
					n.leave(t)
					n = p.start(t)
				}
				n.settle(t)
				got := n.texts(t, "o")
				slices.Sort(got)
				if unique := len(slices.Compact(slices.Clone(got))); len(got) != rows || unique != rows {
					t.Errorf("%d rows, %d of them different; want %d", len(got), unique, rows)
				}
				if s := n.Queries()[0].Stats; s.RowsOut > rows {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
