package engine

import (
	"errors"
	"testing"

	"weir/parser"
)

// What a file made and takes back is not taken from others who have come to use it.
func TestUndoLeavesTopicsOfOthers(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	first := true
	err := n.ExecuteWhole(t.Context(), NewSession(), `CREATE STREAM a (v INT) WITH (KAFKA_TOPIC='shared', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM b (v INT) WITH (KAFKA_TOPIC='own', VALUE_FORMAT='JSON', PARTITIONS=1);
		ASSERT TOPIC nope TIMEOUT 1 MILLISECOND;`, func(parser.Stmt, Result) error {
		if first {
			first = false
			n.run(t, NewSession(), "CREATE STREAM other (v INT) WITH (KAFKA_TOPIC='shared', VALUE_FORMAT='JSON');")
		}
		return nil
	})
	half, ok := errors.AsType[*HalfDone](err)
	if !ok {
		t.Fatal(err)
	}
	const want = "These had been carried out, and were undone:\n  line 2, column 3: CREATE STREAM b\n" +
		"These stand:\n  line 1, column 1: CREATE STREAM a (it has been dropped, but its topic shared is still there: OTHER is over it)"
	if got := half.Account(""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for topic, there := range map[string]bool{"shared": true, "own": false} {
		if _, err := n.cluster.Topic(t.Context(), topic); (err == nil) != there {
			t.Errorf("topic %s: %v", topic, err)
		}
	}
	if _, left := n.Snapshot().Source("A"); left {
		t.Error("the stream is still there")
	}
}
