package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/registry"
)

// logged is what an engine has told its log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// onKafka runs a test on a Kafka in this process, and on the one that WEIR_TEST_KAFKA names. The prefix is a service id of its own.
func onKafka(t *testing.T, test func(t *testing.T, brokers []string, prefix string)) {
	prefix := fmt.Sprintf("test%d_", time.Now().UnixNano()%1e9)
	t.Run("fake", func(t *testing.T) {
		_, brokers := fakeKafka(t)
		test(t, brokers, prefix)
	})
	t.Run("kafka", func(t *testing.T) {
		addr := os.Getenv("WEIR_TEST_KAFKA")
		if addr == "" {
			t.Skip("WEIR_TEST_KAFKA names no broker")
		}
		test(t, strings.Split(addr, ","), prefix)
	})
}

func fakeKafka(t *testing.T) (*kfake.Cluster, []string) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()
}

type openOptions struct {
	dir, service string
	config       map[string]string
	failPoint    func(string)
	log          *logged
}

// openOn opens an engine on brokers elsewhere.
func openOn(t *testing.T, brokers []string, o openOptions) (*node, error) {
	t.Helper()
	n := &node{store: registry.NewStore()}
	var err error
	if n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: brokers}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.cluster.Close)
	to := []io.Writer{io.Discard}
	if o.log != nil {
		to = append(to, o.log)
	}
	if os.Getenv("WEIR_TEST_LOG") != "" {
		to = append(to, os.Stderr)
	}
	log := slog.New(slog.NewTextHandler(io.MultiWriter(to...), nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n.Engine, err = Open(ctx, Options{Cluster: n.cluster, Registry: registry.NewLocal(n.store), DataDir: o.dir, ServiceID: o.service,
		Config: o.config, Log: log, FailPoint: o.failPoint})
	return n, err
}

func mustOpen(t *testing.T, brokers []string, o openOptions) *node {
	t.Helper()
	n, err := openOn(t, brokers, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) shut(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := n.Engine.Close(ctx); err != nil {
		t.Error(err)
	}
}

// sameNode is a data directory whose node has the name of another one: the directory of a process that was killed, as it were.
func sameNode(t *testing.T, dir string) string {
	t.Helper()
	id, err := os.ReadFile(filepath.Join(dir, "node.id"))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "node.id"), id, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

// logCommands writes entries as they are into the command log of a service.
func logCommands(t *testing.T, cluster *kafka.Cluster, topic string, list ...any) {
	t.Helper()
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, c := range list {
		blob, ok := c.([]byte)
		if !ok {
			if blob, err = json.Marshal(c); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: blob}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}
