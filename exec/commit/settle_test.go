package commit

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/kafka"
	"weir/kafka/embedded"
)

// What a compaction has taken of an outbox's records has arrived all the same, and what it took of records before tells nothing.
func TestArrivalsBehindACompaction(t *testing.T) {
	ctx := t.Context()
	broker, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	cluster, err := kafka.Connect(ctx, kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	if _, err := cluster.CreateTopic(ctx, kafka.TopicSpec{Name: "t", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	client, err := cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 20 { // somebody else's, which are left
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: "t", Key: []byte("k")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	tp := assignment.TP{Topic: "t"}
	for _, c := range []struct {
		name       string
		number     int64 // of the outbox' first record
		last       int32
		at         int64
		known      bool
		want, from int64
	}{
		{"nothing known", 100, 0, 0, false, 0, 10},
		{"the first five", 100, 104, 14, true, 5, 10},
		{"those before", 100, 99, 9, true, 0, 10},
		{"numbers that began anew", 1<<31 - 2, 1, 13, true, 4, 10},
	} {
		e := &Outbox{ends: map[assignment.TP]int64{tp: 20}, opt: Options{Cluster: cluster, Compacted: func(topic string, partition int32, producer int64, epoch int16) (int32, int64, bool) {
			return c.last, c.at, c.known && topic == "t" && partition == 0 && producer == 7 && epoch == 1
		}}}
		got, err := e.arrivals(ctx, &decoded{producer: producerID{7, 1}, first: map[assignment.TP]place{tp: {c.from, c.number}}})
		if err != nil || got[tp] != c.want {
			t.Errorf("%s: %d records have arrived, %v, want %d", c.name, got[tp], err, c.want)
		}
	}
}
