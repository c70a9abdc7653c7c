package engine

import (
	"slices"
	"strings"
	"testing"

	"weir/parser"
)

func TestTopicStatements(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	for _, step := range []struct{ sql, want string }{
		{"CREATE TOPIC clicks WITH (PARTITIONS=3, RETENTION_MS=86400000, CLEANUP_POLICY='compact,delete', MAX_MESSAGE_BYTES=2000000);", "Topic clicks created with 3 partitions\n"},
		{"CREATE TOPIC IF NOT EXISTS clicks;", "Topic clicks already exists.\n"},
		{"CREATE TOPIC 'with-a-dash.x' WITH (PARTITIONS=1);", "Topic with-a-dash.x created with 1 partition\n"},
		{"CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON');", "Stream created\n"},
		{"DROP STREAM s; DROP TOPIC clicks;", "Source `S` was dropped.\nTopic clicks was deleted.\n"},
		{"DROP TOPIC IF EXISTS clicks;", "Topic clicks does not exist.\n"},
		{"CREATE TOPIC clicks;", "Topic clicks created with 4 partitions\n"},
	} {
		if got := n.run(t, NewSession(), step.sql); got != step.want {
			t.Errorf("%s answers %q, want %q", step.sql, got, step.want)
		}
		if strings.Contains(step.sql, "RETENTION_MS") {
			configs, err := n.cluster.TopicConfigs(t.Context(), "clicks")
			if c := configs["clicks"]; err != nil || c["retention.ms"] != "86400000" || c["cleanup.policy"] != "compact,delete" || c["max.message.bytes"] != "2000000" {
				t.Errorf("%v, %v", c, err)
			}
		}
	}
	n.run(t, NewSession(), `CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON');
		CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks', 'topic'='made', 'rows'='1');`)
	n.run(t, NewSession(), "CREATE STREAM m (user_id STRING) WITH (KAFKA_TOPIC='made', VALUE_FORMAT='JSON');")
	for sql, want := range map[string]string{
		"CREATE TOPIC clicks;":                        "Topic clicks already exists, with 4 partitions. CREATE TOPIC IF NOT EXISTS takes it as it is.",
		"CREATE TOPIC x WITH (PARTITION=1);":          "CREATE TOPIC takes PARTITIONS, REPLICAS, RETENTION_MS, CLEANUP_POLICY and MAX_MESSAGE_BYTES, but not PARTITION",
		"CREATE TOPIC x WITH (PARTITIONS=0);":         "Invalid value 0 for property PARTITIONS: Value must be at least 1, or -1 for what the brokers give a topic",
		"CREATE TOPIC x WITH (KAFKA_TOPIC='y');":      "but not KAFKA_TOPIC",
		"CREATE TOPIC '_weir-default_-commands';":     "Topic _weir-default_-commands is one of those that Weir keeps for itself: it makes and deletes them.",
		"DROP TOPIC '_weir-default_-commands';":       "is one of those that Weir keeps for itself",
		"DROP TOPIC default_ksql_processing_log;":     "is one of those that Weir keeps for itself",
		"DROP TOPIC clicks;":                          "Cannot delete topic clicks: the stream S is over it. To drop both: DROP STREAM S DELETE TOPIC;",
		"DROP STREAM m DELETE TOPIC;":                 "Cannot delete topic made: the connector DEMO uses it. DROP CONNECTOR DEMO; first, or leave DELETE TOPIC out.",
		"DROP STREAM m CASCADE DELETE TOPIC;":         "Cannot delete topic made: the connector DEMO uses it. DROP CONNECTOR DEMO; first, or leave DELETE TOPIC out.",
		"EXPLAIN DROP STREAM m CASCADE DELETE TOPIC;": "Cannot delete topic made: the connector DEMO uses it. DROP CONNECTOR DEMO; first, or leave DELETE TOPIC out.",
		"DROP TOPIC click;":                           "Topic click does not exist.",
		"CREATE TOPIC;":                               "expected a topic's name, found ';'",
		"CREATE OR REPLACE TOPIC x;":                  "expected STREAM, TABLE, FUNCTION or SOURCE, found 'TOPIC'",
		"CREATE TOPIC '';":                            "expected a topic's name, found ''",
		"CREATE TOPIC 'a b';":                         "a b",
	} {
		if _, err := n.try(t, NewSession(), sql); err == nil || !strings.Contains(told(err), want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
	for _, step := range []struct{ sql, want string }{
		{"DROP STREAM m;", "Source `M` was dropped.\n"},
		{"DROP TOPIC made;", "Cannot delete topic made: the connector DEMO uses it. DROP CONNECTOR DEMO; first."},
		{"CREATE STREAM m (user_id STRING) WITH (KAFKA_TOPIC='made', VALUE_FORMAT='JSON'); DROP CONNECTOR demo; DROP STREAM m DELETE TOPIC;", "Source `M` was dropped."},
	} {
		got, err := n.try(t, NewSession(), step.sql)
		if err != nil {
			got = told(err)
		}
		if !strings.Contains(got, step.want) {
			t.Errorf("%s answers %q, want %q", step.sql, got, step.want)
		}
	}
	// A file that fails takes its topic back.
	err := n.ExecuteWhole(t.Context(), NewSession(), "CREATE TOPIC whole; CREATE STREAM w (v INT) WITH (KAFKA_TOPIC='clickz', VALUE_FORMAT='JSON'); ASSERT TOPIC nowhere TIMEOUT 1 MILLISECOND;", noResult)
	if err == nil || n.hasTopic(t, "whole") || n.hasTopic(t, "clickz") {
		t.Errorf("%v; the topics are there: %v %v", err, n.hasTopic(t, "whole"), n.hasTopic(t, "clickz"))
	}
	if _, err := n.Validate(NewSession(), "CREATE TOPIC later WITH (PARTITIONS=2); CREATE STREAM l (v INT) WITH (KAFKA_TOPIC='later', VALUE_FORMAT='JSON');"); err != nil || n.hasTopic(t, "later") {
		t.Error(err)
	}
}

func noResult(parser.Stmt, Result) error { return nil }

// CREATE STREAM and CREATE TABLE make the topic that they lack, and tell of it.
func TestTopicsAreMadeOnFirstUse(t *testing.T) {
	dir := t.TempDir()
	n := startWith(t, dir, map[string]string{"weir.topics.partitions": "3"})
	n.run(t, NewSession(), "CREATE TOPIC clicks;")
	var notes []string
	each := func(_ parser.Stmt, r Result) error {
		if d, ok := r.(*Done); ok {
			notes = append(notes, d.Message+": "+strings.Join(d.Notes, "; "))
		}
		return nil
	}
	const sql = `CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='clickz', VALUE_FORMAT='JSON');
		SET 'weir.topics.partitions'='1';
		CREATE TABLE t (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='people', VALUE_FORMAT='JSON');
		CREATE STREAM asked (v INT) WITH (KAFKA_TOPIC='asked', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE STREAM there (v INT) WITH (KAFKA_TOPIC='people', VALUE_FORMAT='JSON');`
	if err := n.Execute(t.Context(), NewSession(), sql, each); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Stream created: Topic clickz did not exist: it was made with 3 partitions. With PARTITIONS in the WITH clause it has another number.\nDid you mean clicks?",
		"Table created: Topic people did not exist: it was made with 1 partition. With PARTITIONS in the WITH clause it has another number.",
		"Stream created: ", "Stream created: ",
	}
	got := slices.DeleteFunc(notes, func(s string) bool { return strings.HasPrefix(s, "Success") })
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for topic, partitions := range map[string]int{"clicks": 3, "clickz": 3, "people": 1, "asked": 2} {
		if found, err := n.cluster.Topic(t.Context(), topic); err != nil || len(found.Partitions) != partitions {
			t.Errorf("%s has %d partitions, want %d: %v", topic, len(found.Partitions), partitions, err)
		}
	}
	// What is joined has one number of partitions, also where the topics are still to be made.
	if _, err := n.Validate(NewSession(), `CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON');
		CREATE TABLE b (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=3);
		CREATE STREAM c AS SELECT a.k, b.v FROM a JOIN b ON a.k = b.k;`); err != nil || n.hasTopic(t, "a") {
		t.Error(err)
	}
	n.stop(t)
	n = startWith(t, dir, map[string]string{"weir.topics.create": "false"})
	defer n.stop(t)
	if got := n.run(t, NewSession(), "INSERT INTO s VALUES (1); SELECT * FROM s;"); got != "\n1\n" {
		t.Errorf("after a restart: %q", got)
	}
}
