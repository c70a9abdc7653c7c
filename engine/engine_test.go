package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

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
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("WEIR_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0", Logger: log})
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
	n.Engine, err = Open(t.Context(), Options{Cluster: n.cluster, Embedded: true, Registry: registry.NewLocal(n.store), DataDir: dir, Log: log})
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

func TestFirstSteps(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	s := NewSession()
	n.run(t, s, `CREATE STREAM clicks (page STRING KEY, n INTEGER) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE counts AS SELECT page, COUNT(*) AS c, SUM(n) AS s FROM clicks GROUP BY page EMIT CHANGES;
		CREATE STREAM big AS SELECT page, n * 2 AS dbl FROM clicks WHERE n > 1 EMIT CHANGES;
		INSERT INTO clicks VALUES ('a', 1); INSERT INTO clicks VALUES ('b', 2); INSERT INTO clicks VALUES ('a', 3);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.run(t, s, `SELECT * FROM counts WHERE page = 'a';`), "a | 2 | 4\n"; got != want {
		t.Errorf("pull: %q, want %q", got, want)
	}
	s.Properties["auto.offset.reset"] = "earliest"
	if got, want := n.run(t, s, `SELECT page, dbl FROM big WHERE page = 'b' EMIT CHANGES LIMIT 1;`), "b | 4\n"; got != want {
		t.Errorf("push: %q, want %q", got, want)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	n.run(t, s, `INSERT INTO clicks VALUES ('a', 10);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.run(t, s, `SELECT * FROM counts WHERE page = 'a';`), "a | 3 | 14\n"; got != want {
		t.Errorf("after a restart: %q, want %q", got, want)
	}
}

// TestKafkaQuiet has a query on a real Kafka that reads and puts nothing out: its offsets are committed all the same.
func TestKafkaQuiet(t *testing.T) {
	address := os.Getenv("WEIR_TEST_KAFKA")
	if address == "" {
		t.Skip("WEIR_TEST_KAFKA names no broker")
	}
	n := &node{store: registry.NewStore()}
	var err error
	if n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{address}}); err != nil {
		t.Fatal(err)
	}
	defer n.cluster.Close()
	id := fmt.Sprintf("quiet%d", time.Now().UnixNano()%1e9)
	n.Engine, err = Open(t.Context(), Options{Cluster: n.cluster, DataDir: t.TempDir(), ServiceID: id + "_", Config: map[string]string{"commit.interval.ms": "20"}})
	if err != nil {
		t.Fatal(err)
	}
	n.run(t, NewSession(), fmt.Sprintf(`CREATE STREAM src (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='%s_src', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM none WITH (KAFKA_TOPIC='%s_none') AS SELECT * FROM src WHERE v > 100 EMIT CHANGES;`, id, id))
	for range 3 {
		n.run(t, NewSession(), `INSERT INTO src VALUES ('a', 1);`)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	q := n.Queries()[0]
	committed, err := n.cluster.SettledOffsets(t.Context(), q.Group, map[string][]int32{id + "_src": {0}})
	if err != nil || committed[id+"_src"][0].At != 3 || q.State != Running || q.Error != "" {
		t.Errorf("committed %v, %v; the query is %s %s", committed, err, q.State, q.Error)
	}
	if err := n.Forget(t.Context()); err != nil {
		t.Error(err)
	}
	if err := n.Engine.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
