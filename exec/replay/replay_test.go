package replay

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// What is different is written once, in its order and with its time; what went gets a tombstone; a second run finds nothing to do.
func TestTransfer(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: broker.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	for _, topic := range []string{"old", "new"} {
		if _, err := cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: topic, Partitions: 2, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
	}
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	write := func(topic string, p int32, key, value string, at int64) {
		t.Helper()
		r := &kgo.Record{Topic: topic, Partition: p, Timestamp: time.UnixMilli(at), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte(value)}}}
		if key != "" {
			r.Key = []byte(key)
		}
		if value != "" {
			r.Value = []byte(value)
		}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for p := range int32(2) {
		write("old", p, "same", "1", 10)
		write("old", p, "other", "1", 20)
		write("old", p, "gone", "1", 30)
		write("old", p, "was gone", "1", 40)
		write("old", p, "was gone", "", 41)
		write("old", p, "goes at last", "1", 50)
		write("old", p, "", "of no key", 60)
		write("old", p, "of another time", "1", 70)
		write("new", p, "other", "2", 21)
		write("new", p, "same", "0", 9)
		write("new", p, "goes at last", "1", 50)
		write("new", p, "new", "1", 80)
		write("new", p, "same", "1", 10)
		write("new", p, "goes at last", "", 90)
		write("new", p, "other", "3", 22)
		write("new", p, "never there", "1", 1)
		write("new", p, "never there", "", 2)
		write("new", p, "of another time", "1", 71)
	}
	transfer := Transfer{Cluster: cluster, From: "new", To: "old", Transaction: "t", Dir: filepath.Join(t.TempDir(), "keys")}
	done, err := transfer.Run(t.Context())
	if err != nil || done != (Done{Changed: 6, Gone: 4, Same: 2}) {
		t.Fatalf("it has done %+v, %v", done, err)
	}
	for p := range int32(2) {
		var got []string
		err := cluster.Read(t.Context(), "old", p, 8, 1000, func(r *kgo.Record) error {
			got = append(got, fmt.Sprintf("%s=%s@%d/%d", r.Key, r.Value, r.Timestamp.UnixMilli(), len(r.Headers)))
			return nil
		})
		want := "[new=1@80/1 other=3@22/1 of another time=1@71/1 goes at last=@50/0 gone=@30/0]"
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("partition %d is given %v, %v, want %s", p, got, err, want)
		}
	}
	if done, err = transfer.Run(t.Context()); err != nil || done != (Done{Same: 8}) {
		t.Errorf("again it has done %+v, %v", done, err)
	}
}
