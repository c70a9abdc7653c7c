package engine

import (
	"fmt"
	"strings"
	"testing"
)

// TestChangelogForgets has windows that expire: a changelog that keeps them would grow for ever.
func TestChangelogForgets(t *testing.T) {
	onBrokers(t, func(t *testing.T, n *node, prefix string) {
		if n.broker != nil {
			t.Skip("the embedded broker has no changelogs")
		}
		s := NewSession()
		n.run(t, s, fmt.Sprintf(`CREATE STREAM s (k STRING KEY, ts BIGINT) WITH (KAFKA_TOPIC='%[1]ss', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');
			CREATE TABLE t WITH (KAFKA_TOPIC='%[1]st') AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 20 SECONDS, GRACE PERIOD 10 SECONDS) GROUP BY k;`, prefix))
		for i := range 10 {
			n.run(t, s, fmt.Sprintf(`INSERT INTO s VALUES ('a', %d); INSERT INTO s VALUES ('b', %[1]d);`, i*10_000))
			if err := n.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		topics, err := n.cluster.Topics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		live := map[string]bool{}
		for _, topic := range topics {
			if !strings.Contains(topic.Name, prefix) || !strings.HasSuffix(topic.Name, "changelog") {
				continue
			}
			for _, r := range readAll(t, n.cluster, topic.Name) {
				if live[string(r.Key)] = true; r.Value == nil {
					delete(live, string(r.Key))
				}
			}
		}
		// The windows that may still change, and the store's own entry; not all ten windows of both groups.
		if len(live) < 3 || len(live) > 9 {
			t.Errorf("%d entries of the changelog are alive", len(live))
		}
	})
}
