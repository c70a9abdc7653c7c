package engine

import (
	"fmt"
	"os"
	"testing"
	"time"

	"weir/kafka"
	"weir/registry"
)

func TestFirstSteps(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	s := NewSession()
	n.run(t, s, `CREATE STREAM clicks (page STRING KEY, n INTEGER) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE counts AS SELECT page, COUNT(*) AS c, SUM(n) AS s FROM clicks GROUP BY page EMIT CHANGES;
		CREATE STREAM big AS SELECT page, n * 2 AS dbl FROM clicks WHERE n > 1 EMIT CHANGES;
		INSERT INTO clicks VALUES ('a', 1); INSERT INTO clicks VALUES ('b', 2); INSERT INTO clicks VALUES ('a', 3);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.run(t, s, `SELECT * FROM counts WHERE page = 'a';`), "a | 2 | 4\n"; got != want {
		t.Errorf("pull: %q, want %q", got, want)
	}
	s.Properties["auto.offset.reset"] = "earliest"
	if got, want := n.run(t, s, `SELECT page, dbl FROM big WHERE page = 'b' EMIT CHANGES LIMIT 1;`), "b | 4\n"; got != want {
		t.Errorf("push: %q, want %q", got, want)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	n.run(t, s, `INSERT INTO clicks VALUES ('a', 10);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.run(t, s, `SELECT * FROM counts WHERE page = 'a';`), "a | 3 | 14\n"; got != want {
		t.Errorf("after a restart: %q, want %q", got, want)
	}
}

// TestKafkaQuiet has a query on a real Kafka that reads and puts nothing out: its offsets are committed all the same.
func TestKafkaQuiet(t *testing.T) {
	address := os.Getenv("WEIR_TEST_KAFKA")
	if address == "" {
		t.Skip("WEIR_TEST_KAFKA names no broker")
	}
	n := &node{store: registry.NewStore()}
	var err error
	if n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{address}}); err != nil {
		t.Fatal(err)
	}
	defer n.cluster.Close()
	id := fmt.Sprintf("quiet%d", time.Now().UnixNano()%1e9)
	n.Engine, err = Open(t.Context(), Options{Cluster: n.cluster, DataDir: t.TempDir(), ServiceID: id + "_", Config: map[string]string{"commit.interval.ms": "20"}})
	if err != nil {
		t.Fatal(err)
	}
	n.run(t, NewSession(), fmt.Sprintf(`CREATE STREAM src (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='%s_src', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM none WITH (KAFKA_TOPIC='%s_none') AS SELECT * FROM src WHERE v > 100 EMIT CHANGES;`, id, id))
	for range 3 {
		n.run(t, NewSession(), `INSERT INTO src VALUES ('a', 1);`)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	q := n.Queries()[0]
	committed, err := n.cluster.SettledOffsets(t.Context(), q.Group, map[string][]int32{id + "_src": {0}})
	if err != nil || committed[id+"_src"][0].At != 3 || q.State != Running || q.Error != "" {
		t.Errorf("committed %v, %v; the query is %s %s", committed, err, q.State, q.Error)
	}
	if err := n.Forget(t.Context()); err != nil {
		t.Error(err)
	}
	if err := n.Engine.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
