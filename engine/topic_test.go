package engine

import (
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
	for sql, want := range map[string]string{
		"CREATE TOPIC clicks;":                    "Topic clicks already exists, with 4 partitions. CREATE TOPIC IF NOT EXISTS takes it as it is.",
		"CREATE TOPIC x WITH (PARTITION=1);":      "CREATE TOPIC takes PARTITIONS, REPLICAS, RETENTION_MS, CLEANUP_POLICY and MAX_MESSAGE_BYTES, but not PARTITION",
		"CREATE TOPIC x WITH (PARTITIONS=0);":     "Invalid value 0 for property PARTITIONS: Value must be at least 1, or -1 for what the brokers give a topic",
		"CREATE TOPIC x WITH (KAFKA_TOPIC='y');":  "but not KAFKA_TOPIC",
		"CREATE TOPIC '_weir-default_-commands';": "Topic _weir-default_-commands is one of those that Weir keeps for itself: it makes and deletes them.",
		"DROP TOPIC '_weir-default_-commands';":   "is one of those that Weir keeps for itself",
		"DROP TOPIC default_ksql_processing_log;": "is one of those that Weir keeps for itself",
		"DROP TOPIC clicks;":                      "Cannot delete topic clicks: the stream S is over it. To drop both: DROP STREAM S DELETE TOPIC;",
		"DROP TOPIC made;":                        "Cannot delete topic made: the connector DEMO uses it. DROP CONNECTOR DEMO; first.",
		"DROP TOPIC click;":                       "Topic click does not exist.",
		"CREATE TOPIC;":                           "expected a topic's name, found ';'",
		"CREATE OR REPLACE TOPIC x;":              "expected STREAM, TABLE, FUNCTION or SOURCE, found 'TOPIC'",
		"CREATE TOPIC '';":                        "expected a topic's name, found ''",
		"CREATE TOPIC 'a b';":                     "a b",
	} {
		if _, err := n.try(t, NewSession(), sql); err == nil || !strings.Contains(told(err), want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
	// A file that fails takes its topic back.
	err := n.ExecuteWhole(t.Context(), NewSession(), "CREATE TOPIC whole; CREATE STREAM w (v INT) WITH (KAFKA_TOPIC='nowhere', VALUE_FORMAT='JSON');", noResult)
	if err == nil || n.hasTopic(t, "whole") {
		t.Errorf("%v; the topic is there: %v", err, n.hasTopic(t, "whole"))
	}
	if _, err := n.Validate(NewSession(), "CREATE TOPIC later WITH (PARTITIONS=2); CREATE STREAM l (v INT) WITH (KAFKA_TOPIC='later', VALUE_FORMAT='JSON');"); err != nil || n.hasTopic(t, "later") {
		t.Error(err)
	}
}

func noResult(parser.Stmt, Result) error { return nil }
