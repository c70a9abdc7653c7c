package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opts Options) *Broker {
	t.Helper()
	if opts.DataDir == "" {
		opts.DataDir = t.TempDir()
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	b, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func client(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func produce(t *testing.T, cl *kgo.Client, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte(v), Timestamp: time.UnixMilli(5),
			Headers: []kgo.RecordHeader{{Key: "h", Value: []byte(v)}}}
		if err := cl.ProduceSync(within(t), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func consume(t *testing.T, n int, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	cl := client(t, append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	var out []*kgo.Record
	for ctx := within(t); len(out) < n; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(out), n, err)
		}
		out = append(out, fetches.Records()...)
	}
	return out
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	cl := client(t, b.ClientOpts()...)
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(within(t), 2, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}, "t"); err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "t", "a", "b", "c")
	if err := adm.CommitAllOffsets(within(t), "g", kadm.Offsets{"t": {0: {Topic: "t", At: 7}}}); err != nil {
		t.Fatal(err)
	}
	cl.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = start(t, Options{DataDir: dir})
	got := consume(t, 3, append(b.ClientOpts(), kgo.ConsumeTopics("t"))...)
	for i, want := range []string{"a", "b", "c"} {
		r := got[i]
		if string(r.Value) != want || string(r.Key) != "k" || r.Timestamp.UnixMilli() != 5 || len(r.Headers) != 1 || string(r.Headers[0].Value) != want {
			t.Errorf("record %d: %s %s %v %v", i, r.Key, r.Value, r.Timestamp, r.Headers)
		}
	}
	adm = kadm.NewClient(client(t, b.ClientOpts()...))
	offsets, err := adm.FetchOffsets(within(t), "g")
	if at, _ := offsets.Lookup("t", 0); err != nil || at.At != 7 {
		t.Errorf("the group stands at %v, %v", at, err)
	}
	configs, err := adm.DescribeTopicConfigs(within(t), "t")
	if err != nil || !slices.ContainsFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "cleanup.policy" && c.MaybeValue() == "compact" }) {
		t.Errorf("configs: %v, %v", configs, err)
	}
}

func TestClientsOverTCPAndPipesShareOneBroker(t *testing.T) {
	b := start(t, Options{})
	inside := client(t, append(b.ClientOpts(), kgo.UnknownTopicRetries(0))...)
	if _, err := kadm.NewClient(inside).CreateTopic(within(t), -1, -1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	produce(t, inside, "t", "x")
	got := consume(t, 1, kgo.SeedBrokers(b.Addr()), kgo.ConsumeTopics("t"))
	if string(got[0].Value) != "x" {
		t.Errorf("got %q", got[0].Value)
	}
	topics, err := kadm.NewClient(inside).ListTopics(within(t))
	if err != nil || len(topics["t"].Partitions) != DefaultPartitions {
		t.Errorf("topics %v, %v", topics, err)
	}
	err = inside.ProduceSync(within(t), &kgo.Record{Topic: "missing", Value: []byte("x")}).FirstErr()
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("a topic was created by producing to it: %v", err)
	}
}

func TestTransactions(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, append(b.ClientOpts(), kgo.TransactionalID("tx"), kgo.DefaultProduceTopic("t"))...)
	if _, err := kadm.NewClient(cl).CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	for v, end := range map[string]kgo.TransactionEndTry{"kept": kgo.TryCommit, "dropped": kgo.TryAbort} {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, cl, "t", v)
		if err := cl.EndTransaction(within(t), end); err != nil {
			t.Fatal(err)
		}
	}
	got := consume(t, 1, append(b.ClientOpts(), kgo.ConsumeTopics("t"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	if len(got) != 1 || string(got[0].Value) != "kept" {
		t.Errorf("got %v", got)
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir})
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad")
	if err := os.MkdirAll(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bad, "meta.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		opts Options
		want string
	}{
		"no directory":      {Options{}, "needs a data directory"},
		"second opener":     {Options{DataDir: dir, Addr: "127.0.0.1:0"}, dir + " is in use by another process"},
		"port taken":        {Options{DataDir: t.TempDir(), Addr: b.Addr()}, "another program has that port"},
		"no port":           {Options{DataDir: t.TempDir(), Addr: "localhost"}, "is not host:port"},
		"all interfaces":    {Options{DataDir: t.TempDir(), Addr: "0.0.0.0:0"}, "the advertised address"},
		"bad advertise":     {Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0", Advertise: "h:x"}, `the advertised address "h:x"`},
		"not a directory":   {Options{DataDir: file}, "cannot create its data directory"},
		"damaged data":      {Options{DataDir: bad, Addr: "127.0.0.1:0"}, "cannot open its data in " + bad},
		"bad partitions":    {Options{DataDir: t.TempDir(), Partitions: -1}, "must be at least 1"},
		"address of others": {Options{DataDir: t.TempDir(), Addr: "192.0.2.1:9092"}, "cannot listen on 192.0.2.1:9092"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Start(c.opts)
			if err == nil {
				b.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q lacks %q", err, c.want)
			}
		})
	}
}

func TestAdvertise(t *testing.T) {
	for _, c := range []struct{ want, bound, got string }{
		{"", "127.0.0.1:9", "127.0.0.1:9"},
		{"kafka.example", "0.0.0.0:9", "kafka.example:9"},
		{"kafka.example:0", "0.0.0.0:9", "kafka.example:9"},
		{"kafka.example:7", "[::]:9", "kafka.example:7"},
		{"[::1]:7", "[::]:9", "[::1]:7"},
	} {
		if got, err := advertise(c.want, c.bound); err != nil || string(got) != c.got {
			t.Errorf("advertise(%q, %q) = %q, %v", c.want, c.bound, got, err)
		}
	}
	b := start(t, Options{Addr: "0.0.0.0:0", Advertise: "localhost"})
	cl := client(t, kgo.SeedBrokers(strings.Replace(b.Addr(), "localhost", "127.0.0.1", 1)))
	brokers, err := kadm.NewClient(cl).ListBrokers(within(t))
	if err != nil || len(brokers) != 1 || fmt.Sprintf("%s:%d", brokers[0].Host, brokers[0].Port) != b.Addr() {
		t.Errorf("brokers %v, %v", brokers, err)
	}
}

func TestCloseIsFinal(t *testing.T) {
	b := start(t, Options{})
	idle, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Dialer()(within(t), "tcp", b.Addr()); err == nil {
		t.Error("a closed broker takes connections")
	}
	if c, err := net.Dial("tcp", b.Addr()); err == nil {
		c.Close()
		t.Error("a closed broker listens")
	}
}

func TestKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed")
	}
	b := start(t, Options{})
	cl := client(t, b.ClientOpts()...)
	if _, err := kadm.NewClient(cl).CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	in := exec.CommandContext(within(t), kcat, "-b", b.Addr(), "-P", "-t", "t", "-K", ":")
	in.Stdin = strings.NewReader("k:v\n")
	if out, err := in.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(within(t), kcat, "-b", b.Addr(), "-C", "-t", "t", "-e", "-q", "-K", ":").Output()
	if err != nil || string(out) != "k:v\n" {
		t.Errorf("%q, %v", out, err)
	}
}
