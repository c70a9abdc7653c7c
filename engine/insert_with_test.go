package engine

import (
	"encoding/json"
	"testing"
)

// TestInsertWithOfOldLogs: what an earlier version took in the WITH of an INSERT INTO, and did nothing with, stands in its command log, and the query goes on.
func TestInsertWithOfOldLogs(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	s := NewSession()
	n.run(t, s, `CREATE STREAM a (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM b (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	n.refuses(t, `INSERT INTO b WITH (RETENTION_MS=1000) SELECT * FROM a;`, "Invalid config variable(s) in the WITH clause: RETENTION_MS")
	old, err := json.Marshal(command{Statement: `INSERT INTO b WITH (RETENTION_MS=1000) SELECT * FROM a;`, ID: n.log.nextID()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.log.write(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer func() { n.stop(t) }()
	n.run(t, s, `INSERT INTO a VALUES ('x', 1);`)
	until(t, "the row has come through", func() bool {
		ends, err := n.cluster.EndOffsets(t.Context(), "b")
		return err == nil && ends["b"][0] == 1
	})
}
