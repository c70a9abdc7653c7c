package embedded

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var compacted = map[string]string{"cleanup.policy": "compact"}

// fill writes rounds of values of ten keys, and gives what should be left of them.
func fill(t *testing.T, cl *kgo.Client, topic string, rounds int) map[string]string {
	t.Helper()
	left := map[string]string{}
	var records []*kgo.Record
	for n := range rounds {
		for k := range 10 {
			key, value := fmt.Sprint("k", k), fmt.Sprint(n, strings.Repeat("x", 1000))
			left[key] = value
			records = append(records, &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)})
		}
		if err := cl.ProduceSync(within(t), records[n*10:]...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

// contents are the last values of all keys, and how many records there are.
func contents(t *testing.T, b *Broker, topic string) (map[string]string, int) {
	t.Helper()
	cl := client(t, append(b.ClientOpts(), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	end := b.cluster.PartitionInfo(topic, 0).HighWatermark
	got, n, ctx := map[string]string{}, 0, within(t)
	for last := int64(-1); last < end-2; { // behind the last record there may be a marker
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after offset %d of %d: %v", last, end, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got[string(r.Key)], last = string(r.Value), r.Offset; n++ })
	}
	return got, n
}

func outsider(t *testing.T, b *Broker, more ...kgo.Opt) *kgo.Client {
	return client(t, append([]kgo.Opt{kgo.SeedBrokers(b.Addr()), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.ManualPartitioner())}, more...)...)
}

func TestCompaction(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "t", 2, compacted)
	makeTopic(t, b, "expiring", 1, map[string]string{"retention.ms": "1"})
	cl := outsider(t, b)
	produce(t, cl, "expiring", "1", "2") // kfake would delete what has expired at each compaction
	want := fill(t, cl, "t", 200)
	produce(t, cl, "t", "last")
	want["k"] = "last"
	size := b.topicSize("t")
	sizes := map[string]int64{}
	for range 2 { // the second finds that it is not worth it
		if err := b.compactAll(within(t), sizes); err != nil {
			t.Fatal(err)
		}
	}
	if now := b.topicSize("t"); now > size/50 || sizes["t"] != now {
		t.Errorf("%d bytes of %d are left; noted are %v", now, size, sizes)
	}
	if got := bounds(b, "expiring"); got != [2]int64{0, 2} {
		t.Errorf("a topic that nobody looked at reaches over %v", got)
	}
	produce(t, cl, "t", "later")
	want["k"] = "later"
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(within(t), "t")
	for _, c := range configs[0].Configs {
		if c.Key == "cleanup.policy" && c.MaybeValue() != "compact" {
			t.Errorf("%v, %v", c, err)
		}
	}
	for name, broker := range map[string]*Broker{"running": b, "killed": killed(t, b)} {
		got, n := contents(t, broker, "t")
		if !maps.Equal(got, want) || n > 25 {
			t.Errorf("%s: %d keys in %d records", name, len(got), n)
		}
		if got := bounds(broker, "t"); got[1] != 2002 {
			t.Errorf("%s: it reaches over %v", name, got)
		}
	}
}

func TestNotCompacted(t *testing.T) {
	b := start(t, Options{momentTimeout: 50 * time.Millisecond})
	tx := outsider(t, b, kgo.TransactionalID("tx"))
	for name, c := range map[string]struct {
		configs map[string]string
		cl      *kgo.Client
	}{
		"deletes": {nil, outsider(t, b)},
		"waits":   {map[string]string{"cleanup.policy": "compact", "min.compaction.lag.ms": "1"}, outsider(t, b)},
		"small":   {compacted, outsider(t, b)},
		"open":    {compacted, tx},
	} {
		makeTopic(t, b, name, 1, c.configs)
		if c.cl == tx {
			if err := tx.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
		}
		rounds := 200
		if name == "small" {
			rounds = 2
		}
		fill(t, c.cl, name, rounds)
		size := b.topicSize(name)
		if err := b.compactAll(within(t), map[string]int64{}); err != nil {
			t.Fatal(err)
		}
		if now := b.topicSize(name); now != size {
			t.Errorf("%s: %d bytes of %d are left", name, now, size)
		}
	}
	// Once the transaction is through, its records are compacted like others, and stay committed.
	if err := tx.EndTransaction(within(t), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if err := b.compactAll(within(t), map[string]int64{}); err != nil {
		t.Fatal(err)
	}
	if now := b.topicSize("open"); now > 100_000 {
		t.Errorf("%d bytes are left", now)
	}
	for name, broker := range map[string]*Broker{"running": b, "killed": killed(t, b)} {
		if got, _ := contents(t, broker, "open"); len(got) != 10 {
			t.Errorf("%s: %d keys are committed", name, len(got))
		}
	}
}

// Producers outside are known over restarts, kills included.
func TestCompactionOverRestarts(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "t", 1, compacted)
	want := fill(t, outsider(t, b), "t", 200)
	again := killed(t, b)
	if err := again.compactAll(within(t), map[string]int64{}); err != nil {
		t.Fatal(err)
	}
	if got, n := contents(t, again, "t"); !maps.Equal(got, want) || n > 25 {
		t.Errorf("%d keys in %d records", len(got), n)
	}
}

// A compaction that is interrupted anywhere, and a repair that is, lose nothing.
func TestCompactionInterrupted(t *testing.T) {
	lefts := map[string]string{}
	var dir string
	snap := func(name string, then func(dir string)) {
		left := t.TempDir()
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
		then(left)
		lefts[name] = left
	}
	erase := func(pattern string) func(string) {
		return func(left string) {
			files, err := filepath.Glob(filepath.Join(left, "partitions", pattern))
			if err != nil || len(files) == 0 {
				t.Errorf("%v, %v", files, err)
			}
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					t.Error(err)
				}
			}
		}
	}
	b := start(t, Options{failPoint: func(point string) {
		snap(point, func(string) {})
		if point == "aside" {
			snap("files gone", erase("t-0/*.dat"))
			snap("half repaired", func(left string) {
				erase("t-0/*.dat")(left)
				if err := os.RemoveAll(filepath.Join(left, "partitions", "t-0")); err != nil {
					t.Error(err)
				}
			})
			snap("not yet ready", func(left string) {
				if err := errors.Join(os.Remove(filepath.Join(left, asideDir, asideReady)), os.RemoveAll(filepath.Join(left, asideDir, "t-0"))); err != nil {
					t.Error(err)
				}
			})
		}
	}})
	dir = b.opts.DataDir
	makeTopic(t, b, "t", 1, compacted)
	want := fill(t, outsider(t, b), "t", 200)
	if err := b.compactAll(within(t), map[string]int64{}); err != nil {
		t.Fatal(err)
	}
	if len(lefts) != 5 {
		t.Fatalf("%d moments", len(lefts))
	}
	for name, left := range lefts {
		t.Run(name, func(t *testing.T) {
			again := start(t, Options{DataDir: left})
			got, _ := contents(t, again, "t")
			if !maps.Equal(got, want) {
				t.Errorf("%d keys are left", len(got))
			}
			if got := bounds(again, "t"); got[1] != 2000 {
				t.Errorf("it reaches over %v", got)
			}
			if _, err := os.Stat(filepath.Join(left, asideDir)); err == nil {
				t.Error("what was set aside is still there")
			}
			if info := again.cluster.TopicInfo("t"); info.Configs["cleanup.policy"] != nil || *info.Configs[kept("cleanup.policy")] != "compact" {
				t.Errorf("%v", info.Configs)
			}
		})
	}
}

// Writers and readers go on through compactions, and see what they should.
func TestCompactionUnderLoad(t *testing.T) {
	b := start(t, Options{compactionInterval: time.Millisecond})
	makeTopic(t, b, "t", 1, compacted)
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[string]string{}
	for w := range 3 {
		cl := outsider(t, b)
		wg.Go(func() {
			for n := range 300 {
				var records []*kgo.Record
				for k := range 10 {
					r := &kgo.Record{Topic: "t", Key: fmt.Append(nil, w, "/", k), Value: fmt.Append(nil, n, strings.Repeat("x", 500))}
					records = append(records, r)
				}
				if err := cl.ProduceSync(within(t), records...).FirstErr(); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, r := range records {
					want[string(r.Key)] = string(r.Value)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got, n := contents(t, b, "t")
	if !maps.Equal(got, want) || n >= 9000 {
		t.Errorf("%d keys of %d, in %d records", len(got), len(want), n)
	}
	if got := bounds(b, "t"); got[1] != 9000 {
		t.Errorf("it reaches over %v", got)
	}
}

// Settings that an earlier version has written are hidden from kfake, too.
func TestHideSettings(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	if err := b.cluster.CreateTopic("old", 1, map[string]string{"cleanup.policy": "compact", "retention.ms": "5", "max.message.bytes": "7"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = start(t, Options{DataDir: dir})
	got := map[string]string{}
	for k, v := range b.cluster.TopicInfo("old").Configs {
		got[k] = *v
	}
	if want := map[string]string{kept("cleanup.policy"): "compact", kept("retention.ms"): "5", "max.message.bytes": "7"}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
