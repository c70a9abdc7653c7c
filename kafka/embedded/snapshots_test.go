package embedded

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// After a kill kfake finds written down what it would have to read all records for, but not where there were transactions.
func TestSnapshotsAfterAKill(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "plain", 1, nil)
	makeTopic(t, b, "transactions", 1, nil)
	cl, tx := outsider(t, b), outsider(t, b, kgo.TransactionalID("tx"))
	produce(t, cl, "plain", "1", "2", "3")
	for _, how := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, tx, "transactions", "1", "2")
		if err := tx.EndTransaction(within(t), how); err != nil {
			t.Fatal(err)
		}
	}
	left := killed(t, b)
	raw, err := os.ReadFile(filepath.Join(left.partitionDir("plain", 0), snapshotFile))
	var s snapshot
	if err != nil || json.Unmarshal(raw, &s) != nil || s.HighWatermark != 3 || s.LastStableOffset != 3 || len(s.Segments) != 1 {
		t.Errorf("what is written down is %s, %v", raw, err)
	}
	if _, err := os.Stat(filepath.Join(left.partitionDir("transactions", 0), snapshotFile)); err == nil {
		t.Error("transactions are judged by the files alone")
	}
	for name, want := range map[string]int{"plain": 3, "transactions": 2} {
		for _, broker := range []*Broker{left, killed(t, left)} {
			if got := consume(t, want, append(broker.ClientOpts(), kgo.ConsumeTopics(name), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...); len(got) != want {
				t.Errorf("%s: %d records", name, len(got))
			}
			more := outsider(t, broker)
			produce(t, more, name, "later")
			if got := consume(t, want+1, append(broker.ClientOpts(), kgo.ConsumeTopics(name), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...); string(got[want].Value) != "later" {
				t.Errorf("%s: the last record is %s", name, got[want].Value)
			}
		}
	}
}
