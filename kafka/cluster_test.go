package kafka_test

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"weir/kafka"
	"weir/kafka/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T) *kafka.Cluster {
	t.Helper()
	b, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{b.Addr()}, Opts: b.ClientOpts()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t *testing.T, c *kafka.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := c.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func produce(t *testing.T, cl *kgo.Client, topic string, partition int32, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTopics(t *testing.T) {
	c, ctx := connect(t), t.Context()
	spec := kafka.TopicSpec{Name: "b", Partitions: 3, Replicas: 1, Configs: map[string]string{"retention.ms": "-1"}}
	if created, err := c.CreateTopic(ctx, spec); err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	if _, err := c.CreateTopic(ctx, spec); !errors.Is(err, kafka.ErrTopicExists) || !strings.Contains(err.Error(), `topic "b" exists already`) {
		t.Errorf("created twice: %v", err)
	}
	spec.IfNotExists = true
	if created, err := c.CreateTopic(ctx, spec); err != nil || created {
		t.Errorf("created %v, %v", created, err)
	}
	if _, err := c.CreateTopic(ctx, kafka.TopicSpec{Name: "a"}); err != nil {
		t.Errorf("with the cluster's defaults: %v", err)
	}
	topics, err := c.Topics(ctx)
	if err != nil || len(topics) != 2 || topics[0].Name != "a" || topics[1].Name != "b" {
		t.Fatalf("topics %v, %v", topics, err)
	}
	if len(topics[0].Partitions) != embedded.DefaultPartitions || len(topics[1].Partitions) != 3 || topics[1].ReplicationFactor() != 1 || topics[1].Partitions[2].ID != 2 {
		t.Errorf("topics %+v", topics)
	}
	configs, err := c.TopicConfigs(ctx, "a", "b")
	if err != nil || configs["b"]["retention.ms"] != "-1" || configs["a"]["cleanup.policy"] != "delete" {
		t.Errorf("configs %v, %v", configs, err)
	}
	if err := c.DeleteTopic(ctx, "a"); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"Topic":         second(c.Topic(ctx, "a")),
		"DeleteTopic":   c.DeleteTopic(ctx, "a"),
		"EndOffsets":    second(c.EndOffsets(ctx, "b", "a")),
		"TopicConfigs":  second(c.TopicConfigs(ctx, "a")),
		"DeleteRecords": c.DeleteRecords(ctx, "a", map[int32]int64{0: 1}),
	} {
		if !errors.Is(err, kafka.ErrNoTopic) || !strings.Contains(err.Error(), `topic "a" does not exist`) {
			t.Errorf("%s of a missing topic: %v", what, err)
		}
	}
	if _, err := c.CreateTopic(ctx, kafka.TopicSpec{Name: "r", Partitions: 1, Replicas: 3}); err == nil || !strings.Contains(err.Error(), "create topic r") || !strings.Contains(err.Error(), "REPLICATION") {
		t.Errorf("too many replicas: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestOffsets(t *testing.T) {
	c, ctx := connect(t), t.Context()
	if _, err := c.CreateTopic(ctx, kafka.TopicSpec{Name: "t", Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	cl := open(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	produce(t, cl, "t", 0, "a", "b", "c")
	tx := open(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("tx"))
	if err := tx.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, tx, "t", 1, "x")
	check := func(what string, want0, want1 int64, get func(context.Context, ...string) (kafka.Offsets, error)) {
		t.Helper()
		if got, err := get(ctx, "t"); err != nil || got["t"][0] != want0 || got["t"][1] != want1 || len(got["t"]) != 2 {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	check("start", 0, 0, c.StartOffsets)
	check("end", 3, 1, c.EndOffsets)
	check("stable", 3, 0, c.StableOffsets)
	if end, err := c.SettledEnd(ctx, "t", 0); err != nil || end != 3 {
		t.Errorf("settled end of the other partition: %d, %v", end, err)
	}
	if err := tx.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	check("stable", 3, 2, c.StableOffsets)
	if end, err := c.SettledEnd(ctx, "t", 1); err != nil || end != 2 {
		t.Errorf("settled end: %d, %v", end, err)
	}
	for range 2 {
		if err := c.DeleteRecords(ctx, "t", map[int32]int64{0: 2}); err != nil {
			t.Error(err)
		}
	}
	check("start", 2, 0, c.StartOffsets)
	if err := c.DeleteRecords(ctx, "t", map[int32]int64{0: 99}); err == nil || !strings.Contains(err.Error(), "partition 0, below 99") {
		t.Errorf("deleted past the end: %v", err)
	}
	none, err := c.EndOffsets(ctx)
	if err != nil || len(none) != 0 {
		t.Errorf("offsets of no topic: %v, %v", none, err)
	}
}

func TestGroups(t *testing.T) {
	c, ctx := connect(t), t.Context()
	for _, topic := range []string{"t", "u"} {
		if _, err := c.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: 2}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.CommittedOffsets(ctx, "g"); err != nil || len(got) != 0 {
		t.Errorf("offsets of a group that doesn't exist: %v, %v", got, err)
	}
	if err := c.CommitOffsets(ctx, "g", kafka.Offsets{"t": {1: 5}}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.CommittedOffsets(ctx, "g"); err != nil || len(got) != 1 || got["t"][1] != 5 || len(got["t"]) != 1 {
		t.Errorf("offsets %v, %v", got, err)
	}
	member := open(t, c, kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("t"))
	produce(t, open(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner())), "t", 0, "x")
	if err := member.PollFetches(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	counts, err := c.GroupCounts(ctx)
	if want := (kafka.GroupCount{Consumers: 1, Groups: 1}); err != nil || len(counts) != 1 || counts["t"] != want {
		t.Errorf("counts %v, %v", counts, err)
	}
	static := open(t, c, kgo.ConsumerGroup("static"), kgo.InstanceID("me"), kgo.ConsumeTopics("t"))
	for {
		members, err := c.Members(ctx, "static")
		if err != nil || len(members) > 1 || len(members) == 1 && (members[0].Instance != "me" || members[0].ID == "" || members[0].Host == "") {
			t.Fatalf("members %v, %v", members, err)
		}
		if len(members) == 1 {
			break
		}
	}
	static.Close()
	if err := c.LeaveGroup(ctx, "static", "me"); err != nil {
		t.Error(err)
	}
	for _, group := range []string{"static", "nobody"} {
		if members, err := c.Members(ctx, group); err != nil || len(members) != 0 {
			t.Errorf("members of %s: %v, %v", group, members, err)
		}
	}
	if groups, err := c.Groups(ctx); err != nil || !slices.Contains(groups, "g") || !slices.Contains(groups, "readers") || slices.Contains(groups, "nobody") {
		t.Errorf("groups %v, %v", groups, err)
	}
	if err := c.DeleteGroup(ctx, "readers"); err == nil || !strings.Contains(err.Error(), "still has members") {
		t.Errorf("deleted a group with members: %v", err)
	}
	if err := c.DeleteGroup(ctx, "g"); err != nil {
		t.Error(err)
	}
	if err := c.DeleteGroup(ctx, "g"); !errors.Is(err, kafka.ErrNoGroup) {
		t.Errorf("deleted a missing group: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{addr}, Timeout: 500 * time.Millisecond})
	if !errors.Is(err, kafka.ErrUnreachable) || !strings.HasPrefix(err.Error(), "cannot reach Kafka at "+addr) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("connect: %v", err)
	}
	b, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{b.Addr()}, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b.Close()
	var calls sync.WaitGroup // each takes the whole timeout
	for what, call := range map[string]func() error{
		"Topics":           func() error { return second(c.Topics(t.Context())) },
		"EndOffsets":       func() error { return second(c.EndOffsets(t.Context(), "t")) },
		"GroupCounts":      func() error { return second(c.GroupCounts(t.Context())) },
		"CommittedOffsets": func() error { return second(c.CommittedOffsets(t.Context(), "g")) },
		"DeleteTopic":      func() error { return c.DeleteTopic(t.Context(), "t") },
		"CreateTopic":      func() error { return second(c.CreateTopic(t.Context(), kafka.TopicSpec{Name: "t"})) },
		"DeleteRecords":    func() error { return c.DeleteRecords(t.Context(), "t", map[int32]int64{0: 1}) },
	} {
		calls.Go(func() {
			if err := call(); !errors.Is(err, kafka.ErrUnreachable) || !strings.Contains(err.Error(), "cannot reach Kafka at") {
				t.Errorf("%s without a broker: %v", what, err)
			}
		})
	}
	calls.Wait()
}

func TestConnectRefusesBadConfig(t *testing.T) {
	for _, cfg := range []kafka.Config{{}, {Brokers: []string{"localhost"}}} {
		if _, err := kafka.Connect(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("%v: %v", cfg, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := connect(t)
	if _, err := c.Topics(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, kafka.ErrUnreachable) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTransactionsOnKafka runs against the broker that WEIR_TEST_KAFKA names (scripts/kafka up prints it).
func TestTransactionsOnKafka(t *testing.T) {
	addr := os.Getenv("WEIR_TEST_KAFKA")
	if addr == "" {
		t.Skip("WEIR_TEST_KAFKA is not set")
	}
	c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	topic := "weir-test-" + time.Now().UTC().Format("150405.000000000")
	if _, err := c.CreateTopic(t.Context(), kafka.TopicSpec{Name: topic, Partitions: 2, Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	defer c.DeleteTopic(context.Background(), topic)
	tx := open(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(topic))
	for _, step := range []struct {
		value string
		end   kgo.TransactionEndTry
	}{{"kept", kgo.TryCommit}, {"dropped", kgo.TryAbort}, {"last", kgo.TryCommit}} {
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, tx, topic, 1, step.value)
		if err := tx.EndTransaction(t.Context(), step.end); err != nil {
			t.Fatal(err)
		}
	}
	// Three records and three markers; the last marker may still be on its way.
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		stable, err := c.StableOffsets(t.Context(), topic)
		if err == nil && stable[topic][1] == 6 {
			break
		}
		if err != nil || time.Now().After(until) {
			t.Fatalf("stable offsets %v, %v", stable, err)
		}
	}
	reader := open(t, c, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	for len(got) < 2 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	if strings.Join(got, " ") != "kept last" {
		t.Errorf("read %q", got)
	}
	counts, err := c.GroupCounts(t.Context())
	if err != nil || counts[topic].Groups != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
}
