// Package examples tests the examples: each runs as a user would run it, and its answers are compared with plain computations.
package examples

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
	"weir/registry"
	"weir/types"
)

// node is an engine on a broker and a schema registry of its own, both reached from outside too.
type node struct {
	engine   *engine.Engine
	session  *engine.Session
	broker   string
	registry string
	schemas  map[uint32]avro.Schema
}

// startNode starts a node whose scripts lie in dir. It ends with the test.
func startNode(t *testing.T, dir string) *node {
	t.Helper()
	data := t.TempDir()
	broker, err := embedded.Start(embedded.Options{DataDir: data + "/kafka", Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	store, err := registry.Open(data + "/registry")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	web := httptest.NewServer(registry.NewServer(store, registry.ServerOptions{}))
	t.Cleanup(web.Close)
	n := &node{session: engine.NewSession(), broker: broker.Addr(), registry: web.URL, schemas: map[uint32]avro.Schema{}}
	n.session.BaseDir = dir
	n.engine, err = engine.Open(t.Context(), engine.Options{Cluster: cluster, Embedded: true, Registry: registry.NewLocal(store), DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := n.engine.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return n
}

// run carries statements out and returns the rows that they answer.
func (n *node) run(t *testing.T, sql string) (rows [][]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	err := n.engine.Execute(ctx, n.session, sql, func(_ parser.Stmt, res engine.Result) error {
		r, ok := res.(*engine.Rows)
		if !ok {
			return nil
		}
		defer r.Close()
		for {
			row, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			var cells []string
			for i, v := range row.Values {
				cells = append(cells, types.Text(v, r.Columns[i].Type))
			}
			rows = append(rows, cells)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// drain waits until all input is used up and committed.
func (n *node) drain(t *testing.T) {
	t.Helper()
	n.drainFor(t, 60*time.Second)
}

func (n *node) drainFor(t *testing.T, most time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	if err := n.engine.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// records reads a topic to its end with a Kafka client that knows nothing of the engine.
func (n *node) records(t *testing.T, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(n.broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	left := int64(0)
	ends.Each(func(o kadm.ListedOffset) { left += o.Offset })
	var out []*kgo.Record
	for int64(len(out)) < left {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		out = append(out, fetches.Records()...)
	}
	return out
}

// get asks the schema registry over HTTP.
func (n *node) get(t *testing.T, path string, into any) {
	t.Helper()
	res, err := http.Get(n.registry + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// decode reads an Avro value by the schema that its first five bytes name.
func (n *node) decode(t *testing.T, value []byte, into any) {
	t.Helper()
	if len(value) < 5 || value[0] != 0 {
		t.Fatalf("%q has no schema id", value)
	}
	id := binary.BigEndian.Uint32(value[1:])
	if n.schemas[id] == nil {
		var body struct{ Schema string }
		n.get(t, "/schemas/ids/"+strconv.Itoa(int(id)), &body)
		schema, err := avro.Parse(body.Schema)
		if err != nil {
			t.Fatal(err)
		}
		n.schemas[id] = schema
	}
	if err := avro.Unmarshal(n.schemas[id], value[5:], into); err != nil {
		t.Fatal(err)
	}
}

// readFile is a file of an example.
func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
