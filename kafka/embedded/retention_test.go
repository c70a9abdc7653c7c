package embedded

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// makeTopic makes a topic with settings that clients may not give, such as tiny files.
func makeTopic(t *testing.T, b *Broker, name string, partitions int32, configs map[string]string) {
	t.Helper()
	hidden := map[string]string{}
	for k, v := range configs {
		hidden[kept(k)] = v
	}
	if err := b.cluster.CreateTopic(name, partitions, hidden); err != nil {
		t.Fatal(err)
	}
}

// bounds are where partition 0 of a topic starts and ends.
func bounds(b *Broker, topic string) [2]int64 {
	p := b.cluster.PartitionInfo(topic, 0)
	return [2]int64{p.LogStartOffset, p.HighWatermark}
}

func TestRetentionByAge(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, append(b.ClientOpts(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	adm := kadm.NewClient(cl)
	now := time.Now()
	const day = 24 * time.Hour
	old, fresh := -30*day, -time.Hour
	for topic, c := range map[string]struct {
		configs map[string]string
		ages    []time.Duration
		want    [2]int64
	}{
		"plain":         {nil, []time.Duration{old, old, fresh}, [2]int64{0, 3}},
		"week":          {map[string]string{"retention.ms": "604800000"}, []time.Duration{old, old, fresh, fresh}, [2]int64{2, 4}},
		"behind":        {map[string]string{"retention.ms": "604800000"}, []time.Duration{old, fresh, old, fresh}, [2]int64{1, 4}}, // no record that is young enough goes
		"all":           {map[string]string{"retention.ms": "604800000"}, []time.Duration{old, old, old}, [2]int64{2, 3}},          // the last one holds the place
		"none":          {map[string]string{"retention.ms": "0"}, []time.Duration{fresh, fresh}, [2]int64{1, 2}},
		"ever":          {map[string]string{"retention.ms": "-1"}, []time.Duration{old, fresh}, [2]int64{0, 2}},
		"compacted":     {map[string]string{"retention.ms": "604800000", "cleanup.policy": "compact"}, []time.Duration{old, fresh}, [2]int64{0, 2}},
		"both-policies": {map[string]string{"retention.ms": "604800000", "cleanup.policy": "compact,delete"}, []time.Duration{old, fresh}, [2]int64{1, 2}},
		"empty":         {map[string]string{"retention.ms": "1"}, nil, [2]int64{0, 0}},
	} {
		t.Run(topic, func(t *testing.T) {
			configs := map[string]*string{}
			for k, v := range c.configs {
				configs[k] = &v
			}
			if _, err := adm.CreateTopic(within(t), 2, 1, configs, topic); err != nil {
				t.Fatal(err)
			}
			for _, age := range c.ages {
				if err := cl.ProduceSync(within(t), &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v"), Timestamp: now.Add(age)}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := b.expire(within(t)); err != nil {
					t.Fatal(err)
				}
				if got := bounds(b, topic); got != c.want {
					t.Errorf("it reaches over %v, want %v", got, c.want)
				}
			}
		})
	}
	again := killed(t, b)
	for topic, end := range map[string]int64{"all": 3, "week": 4, "none": 2} {
		if got := bounds(again, topic); got[1] != end {
			t.Errorf("after a kill %s reaches over %v, and ended at %d", topic, got, end)
		}
	}
}

// A record from the future that was deleted hides the others from a search by time. They are not old for that.
func TestRetentionOfWhatIsNotFound(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, append(b.ClientOpts(), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	makeTopic(t, b, "t", 1, map[string]string{"retention.ms": "604800000", "segment.bytes": "200"}) // two records in a file
	now := time.Now()
	for _, age := range []time.Duration{1000 * time.Hour, -time.Hour, -time.Hour, -time.Hour, -time.Hour} {
		if err := cl.ProduceSync(within(t), &kgo.Record{Topic: "t", Value: []byte(strings.Repeat("x", 60)), Timestamp: now.Add(age)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.cluster.DeleteRecords("t", 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := b.expire(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := bounds(b, "t"); got != [2]int64{1, 5} {
		t.Errorf("it reaches over %v", got)
	}
}

// What a transaction has not ended yet stays.
func TestRetentionWaitsForTransactions(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "t", 1, map[string]string{"retention.ms": "1"})
	cl := client(t, append(b.ClientOpts(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	produce(t, cl, "t", "1", "2")
	tx := client(t, append(b.ClientOpts(), kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err := tx.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, tx, "t", "3", "4")
	if err := b.expire(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := bounds(b, "t"); got != [2]int64{2, 4} {
		t.Errorf("it reaches over %v", got)
	}
	if err := tx.EndTransaction(within(t), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if err := b.expire(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := bounds(b, "t"); got != [2]int64{4, 5} { // the marker is left
		t.Errorf("it reaches over %v", got)
	}
}

// Whole files go, and their place on disk is free.
func TestRetentionBySize(t *testing.T) {
	b := start(t, Options{RetentionBytes: 3 << 20, RetentionInterval: 20 * time.Millisecond})
	cl := client(t, append(b.ClientOpts(), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	for topic, configs := range map[string]map[string]string{"bounded": {"segment.bytes": "1048576"}, "own": {"segment.bytes": "1048576", "retention.bytes": "-1"}} {
		makeTopic(t, b, topic, 1, configs)
	}
	value := []byte(strings.Repeat("x", 100_000))
	for range 100 {
		for _, topic := range []string{"bounded", "own"} {
			if err := cl.ProduceSync(within(t), &kgo.Record{Topic: topic, Value: value}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	size := func(topic string) int64 {
		segments, err := b.segments(topic, 0)
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, s := range segments {
			sum += s.size
		}
		return sum
	}
	for ctx := within(t); size("bounded") > 4<<20+200_000; {
		if ctx.Err() != nil {
			t.Fatalf("it takes %d bytes", size("bounded"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := size("bounded"); n < 3<<20 {
		t.Errorf("%d bytes are left: too much was deleted", n)
	}
	if n := size("own"); n < 10_000_000 {
		t.Errorf("a topic that keeps all takes %d bytes", n)
	}
	if got := bounds(b, "bounded"); got[1] != 100 || got[0] < 50 {
		t.Errorf("it reaches over %v", got)
	}
}

// A broker that is closed while it looks for what has expired is closed all the same.
func TestCloseWhileExpiring(t *testing.T) {
	b := start(t, Options{RetentionInterval: time.Nanosecond})
	makeTopic(t, b, "t", 1, map[string]string{"retention.ms": "1"})
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Error(err)
	}
}
