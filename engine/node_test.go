package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/state"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
	"weir/registry"
	"weir/types"
)

// node is an engine on an embedded broker of its own.
type node struct {
	*Engine
	broker  *embedded.Broker
	cluster *kafka.Cluster
	store   *registry.Store
}

func startNode(t *testing.T, dir string) *node {
	t.Helper()
	return startWith(t, dir, nil)
}

// startWith starts a node with settings.
func startWith(t *testing.T, dir string, config map[string]string) *node {
	t.Helper()
	return startBy(t, dir, Options{Config: config})
}

// startBy starts a node with options, which lack what it works with.
func startBy(t *testing.T, dir string, o Options) *node {
	t.Helper()
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0", Logger: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{broker: broker}
	if n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()}); err != nil {
		t.Fatal(err)
	}
	if n.store, err = registry.Open(dir + "/registry"); err != nil {
		t.Fatal(err)
	}
	o.Cluster, o.Embedded, o.Registry, o.DataDir, o.Log = n.cluster, true, registry.NewLocal(n.store), dir, testLog()
	n.Engine, err = Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// database is where the state of the node lies.
func (n *node) database(t *testing.T) *state.DB {
	t.Helper()
	db, err := n.state.DB()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (n *node) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(n.Engine.Close(ctx), n.store.Close()); err != nil {
		t.Error(err)
	}
	n.cluster.Close()
	if err := n.broker.Close(); err != nil {
		t.Error(err)
	}
}

// leave closes the node; once.
func (n *node) leave(t *testing.T) {
	t.Helper()
	if n.cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := n.Engine.Close(ctx); err != nil {
		t.Error(err)
	}
	n.cluster.Close()
	n.cluster = nil
}

// abandon closes the node in a time in which it may not get its work done: it has to end all the same.
func (n *node) abandon(t *testing.T, patience time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = n.Engine.Close(ctx)
	}()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("Close does not end")
	}
	n.cluster.Close()
	n.cluster = nil
}

// run executes statements; the rows of queries are printed into the answer.
func (n *node) run(t *testing.T, s *Session, sql string) string {
	t.Helper()
	out, err := n.try(t, s, sql)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

func (n *node) try(t *testing.T, s *Session, sql string) (string, error) {
	t.Helper()
	var b strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := n.Execute(ctx, s, sql, func(_ parser.Stmt, r Result) error {
		switch r := r.(type) {
		case *Done:
			b.WriteString(r.Message + "\n")
		case *Rows:
			defer r.Close()
			for {
				row, err := r.Next(ctx)
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				for i, v := range row.Values {
					if i > 0 {
						b.WriteString(" | ")
					}
					b.WriteString(types.Text(v, r.Columns[i].Type))
				}
				b.WriteByte('\n')
			}
		default:
			fmt.Fprintf(&b, "%T\n", r)
		}
		return nil
	})
	return b.String(), err
}

func (n *node) write(t *testing.T, topic string, recs ...string) {
	t.Helper()
	c, err := n.cluster.NewClient(kgo.ProducerBatchMaxBytes(16 << 20))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, kv := range recs {
		k, v, _ := strings.Cut(kv, "=")
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(k), Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// erase writes a tombstone.
func (n *node) erase(t *testing.T, topic, key string) {
	t.Helper()
	c, err := n.cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(key)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// texts are the committed records of a topic as key=value, by partition and offset.
func (n *node) texts(t *testing.T, topic string) []string {
	t.Helper()
	starts, err := n.cluster.StartOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := n.cluster.StableOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(ends[topic])) {
		err := n.cluster.Read(t.Context(), topic, p, starts[topic][p], ends[topic][p], func(r *kgo.Record) error {
			out = append(out, string(r.Key)+"="+string(r.Value))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// settle waits until all is read and written.
func (n *node) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.Settle(ctx); err != nil {
		t.Fatalf("%v; queries %+v", err, n.Queries())
	}
}

// hasTopic says whether a topic is there.
func (n *node) hasTopic(t *testing.T, name string) bool {
	topics, err := n.cluster.Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(topics, func(x kafka.Topic) bool { return x.Name == name })
}

func ids(n *node) string {
	var out []string
	for _, q := range n.Queries() {
		out = append(out, q.ID)
	}
	return strings.Join(out, " ")
}

// problemLog is what the processing log has.
func (n *node) problemLog(t *testing.T) []string {
	t.Helper()
	return n.texts(t, "default_ksql_processing_log")
}

// wantTexts compares the committed records of a topic.
func (n *node) wantTexts(t *testing.T, topic string, want ...string) {
	t.Helper()
	if got := n.texts(t, topic); !slices.Equal(got, want) {
		t.Errorf("%s has %.300q, want %.300q", topic, got, want)
	}
}

// testLog is the log of an engine: shown where WEIR_TEST_LOG is set.
func testLog() *slog.Logger {
	if os.Getenv("WEIR_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// until waits for a condition.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
