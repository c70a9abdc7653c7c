package engine

import (
	"strings"
	"testing"

	"weir/parser"
)

// branches are a stream, what is made of it in several steps, and what is not.
const branches = `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
	CREATE STREAM other (k STRING KEY, v INT) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON', PARTITIONS=1);
	CREATE STREAM all_of_it (k STRING KEY, v INT) WITH (KAFKA_TOPIC='all', VALUE_FORMAT='JSON', PARTITIONS=1);
	CREATE TABLE counts AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
	CREATE STREAM a AS SELECT * FROM s;
	CREATE STREAM ab AS SELECT a.k AS k, a.v AS v FROM a JOIN counts ON a.k = counts.k;
	CREATE STREAM over_ab (k STRING KEY, v INT) WITH (KAFKA_TOPIC='AB', VALUE_FORMAT='JSON');
	CREATE TABLE windows WITH (LATE_STREAM='behind') AS SELECT k, COUNT(*) AS n FROM ab WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 1 SECOND) GROUP BY k EMIT CHANGES;
	INSERT INTO all_of_it WITH (QUERY_ID='from_a') SELECT * FROM a;
	INSERT INTO all_of_it WITH (QUERY_ID='from_other') SELECT * FROM other;
	INSERT INTO a WITH (QUERY_ID='into_a') SELECT * FROM other;
	INSERT INTO s VALUES ('x', 1);`

func TestDropCascade(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), branches)
	_, err := n.try(t, NewSession(), "DROP STREAM s;")
	if want := "\nOr have all of that go with it: DROP STREAM `S` CASCADE; EXPLAIN in front of it lists what would go."; err == nil || !strings.HasSuffix(told(err), want) {
		t.Errorf("DROP without CASCADE: %v", err)
	}
	before := ids(n)
	var would string
	err = n.Execute(t.Context(), NewSession(), "EXPLAIN DROP STREAM s CASCADE DELETE TOPIC;", func(_ parser.Stmt, r Result) error {
		would = r.(*Cascade).Lines()
		return nil
	})
	if err != nil || before != ids(n) {
		t.Errorf("EXPLAIN: %v; there are %s", err, ids(n))
	}
	did := n.run(t, NewSession(), "DROP STREAM s CASCADE DELETE TOPIC;")
	want := "Source `S` was dropped.\nThese have gone, in this order:\n  "
	if !strings.HasPrefix(did, want) || strings.TrimPrefix(strings.TrimSuffix(did, "\n"), want) != strings.TrimPrefix(would, "These would go, in this order:\n  ") {
		t.Errorf("DROP answers %s\nand was to %s", did, would)
	}
	for _, line := range []string{"stream `BEHIND`\n", "topic s", "topic A\n", "topic WINDOWS", "query INTO_A", "query FROM_A", "stream `S`\n  topic"} {
		if !strings.Contains(did, line) {
			t.Errorf("the answer lacks %q: %s", line, did)
		}
	}
	if strings.Index(did, "table `WINDOWS`") > strings.Index(did, "stream `AB`") || strings.Index(did, "stream `AB`") > strings.Index(did, "stream `A`\n") {
		t.Errorf("what depends on others does not come before them: %s", did)
	}
	check := func(when string) {
		t.Helper()
		var left []string
		for _, src := range n.Snapshot().Sources() {
			left = append(left, src.Name)
		}
		if got := strings.Join(left, " "); got != "ALL_OF_IT KSQL_PROCESSING_LOG OTHER OVER_AB" || ids(n) != "FROM_OTHER" {
			t.Errorf("%s there are %s, and the queries %s", when, got, ids(n))
		}
		for topic, there := range map[string]bool{"s": false, "A": false, "WINDOWS": false, "COUNTS": false, "AB": true, "all": true, "other": true} {
			if n.hasTopic(t, topic) != there {
				t.Errorf("%s the topic %s is there: %v", when, topic, !there)
			}
		}
	}
	check("afterwards")
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	check("after a restart")
	n.run(t, NewSession(), "CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); DROP STREAM s CASCADE; DROP TABLE IF EXISTS nothing CASCADE;")
}

// What could not be brought back goes too, where it depends on what is dropped.
func TestDropCascadeOfLost(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), branches)
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	n.setCasualties(casualties{
		{kind: "stream", name: "LOST", query: "CSAS_LOST_20", sink: "LOST", reads: []string{"A"}, reason: errClosing},
		{kind: "query", name: "LOST_INSERT", query: "LOST_INSERT", sink: "OTHER", reads: []string{"LOST"}, reason: errClosing},
		{kind: "stream", name: "LOST_TOO", reads: []string{"OTHER"}, reason: errClosing},
	})
	did := n.run(t, NewSession(), "DROP STREAM s CASCADE;")
	if !strings.Contains(did, "stream LOST\n") || !strings.Contains(did, "query LOST_INSERT\n") || len(n.casualties()) != 1 || n.casualties()[0].name != "LOST_TOO" {
		t.Errorf("%s\nleaves %v", did, n.casualties())
	}
	n.run(t, NewSession(), "DROP STREAM lost_too CASCADE;")
	if len(n.casualties()) != 0 {
		t.Errorf("there are %v", n.casualties())
	}
}

// A process that dies when the statement stands in the log, and nothing has been done yet, finishes it at the next start.
func TestDropCascadeAfterAKill(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), branches)
	n.settle(t)
	if _, _, err := n.log.append(t.Context(), command{Statement: "DROP STREAM s CASCADE;", ID: n.log.nextID()}); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	if _, there := n.Snapshot().Source("A"); there || ids(n) != "FROM_OTHER" {
		t.Errorf("A is there: %v, and the queries %s", there, ids(n))
	}
	until(t, "what the queries kept is gone", func() bool {
		topics, err := n.cluster.Topics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range topics {
			if strings.Contains(topic.Name, "CTAS_COUNTS") || strings.Contains(topic.Name, "CSAS_AB") {
				return false
			}
		}
		return true
	})
}
