package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
)

// witness is a query that runs beside what goes wrong, and must not feel it.
type witness struct {
	n    *node
	rows int
}

const witnessSQL = `CREATE STREAM witness (k STRING KEY, val INTEGER) WITH (KAFKA_TOPIC='witness', VALUE_FORMAT='JSON', PARTITIONS=2);
	CREATE TABLE witnessed AS SELECT k, COUNT(*) AS n FROM witness GROUP BY k EMIT CHANGES;`

func newWitness(t *testing.T, n *node) *witness {
	n.run(t, NewSession(), witnessSQL)
	w := &witness{n: n}
	w.counts(t)
	return w
}

// counts adds a row and sees it counted, with all that came before.
func (w *witness) counts(t *testing.T) {
	t.Helper()
	w.n.run(t, NewSession(), `INSERT INTO witness VALUES ('w', 1);`)
	w.rows++
	w.settle(t)
}

func (w *witness) settle(t *testing.T) {
	t.Helper()
	want := fmt.Sprintf("w | %d\n", w.rows)
	end := time.Now().Add(time.Minute)
	for {
		got := w.n.run(t, NewSession(), `SELECT * FROM witnessed WHERE k = 'w';`)
		if got == want {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the query beside it counts %q, want %q", got, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, q := range w.n.Queries() {
		if q.ID == "CTAS_WITNESSED_2" && q.State != Running {
			t.Errorf("the query beside it is %s: %s", q.State, q.Error)
		}
	}
}

func TestBadStatements(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	defer n.stop(t)
	w := newWitness(t, n)
	notGzip := filepath.Join(dir, "lines.gz")
	if err := os.WriteFile(notGzip, []byte("plain text\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ sql, want string }{
		"missing topic": {`SET 'weir.topics.create'='false'; CREATE STREAM s (a INTEGER) WITH (KAFKA_TOPIC='witnes', VALUE_FORMAT='JSON');`,
			"Topic 'witnes' does not exist. If you want to create a new topic for the stream/table please re-run the statement " +
				"providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: " +
				"CREATE STREAM abc (...) WITH (KAFKA_TOPIC='witnes', PARTITIONS=4, ...);\nDid you mean witness?"},
		"column that is not there": {"SELECT k,\n  vall FROM witness EMIT CHANGES;",
			"Line: 2, Col: 3: SELECT column 'VALL' cannot be resolved. Did you mean VAL?\n    vall FROM witness EMIT CHANGES;\n    ^"},
		"stream that is not there": {"SELECT * FROM witnes EMIT CHANGES;",
			"line 1:15: WITNES does not exist. Did you mean WITNESS?\n  SELECT * FROM witnes EMIT CHANGES;\n                ^"},
		"statement of 10 MB": {"SELECT '" + strings.Repeat("x", 10<<20) + "' FROM witness EMIT CHANGES;",
			"line 1:1: the text has 10485796 bytes; at most 10485760 are allowed\nStatement: SELECT '" + strings.Repeat("x", 72) +
				"…\n           ^\nSend the statements in several parts."},
		"deep nesting": {"SELECT\n" + strings.Repeat("(\n", 2000) + "1" + strings.Repeat(")", 2000) + " FROM witness EMIT CHANGES;",
			"line 251:1: the statement is nested too deeply\nStatement: (\n           ^\nAt most 500 levels of brackets, calls, types and signs are allowed."},
	} {
		_, err := n.try(t, NewSession(), c.sql)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if got := err.Error(); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, clip(got), clip(c.want))
		}
		w.counts(t)
	}
}

func clip(s string) string { return s[:min(len(s), 600)] }

func TestNotGzip(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	defer n.stop(t)
	w := newWitness(t, n)
	if err := os.WriteFile(filepath.Join(dir, "lines.gz"), []byte("plain text\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := NewSession()
	s.BaseDir = dir
	n.run(t, s, `CREATE SOURCE CONNECTOR lines WITH ('connector.class'='file', 'path'='lines.gz', 'format'='lines', 'topic'='lines');`)
	end := time.Now().Add(time.Minute)
	for {
		st, err := n.Connectors().Status("LINES")
		if err != nil {
			t.Fatal(err)
		}
		if st.State == "FAILED" {
			want := fmt.Sprintf("%s is not a gzip file, though its name ends in .gz", filepath.Join(dir, "lines.gz"))
			if st.LastError != want || st.Rows != 0 {
				t.Errorf("%d rows, %q, want %q", st.Rows, st.LastError, want)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the connector is %s", st.State)
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.counts(t)
}

func TestMalformedRecord(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	w := newWitness(t, n)
	client, err := n.cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	bad := &kgo.Record{Topic: "witness", Partition: kafka.Partition([]byte("w"), 2), Key: []byte("w"), Value: []byte(`{"VAL": "many"`)}
	if err := client.ProduceSync(t.Context(), bad).FirstErr(); err != nil {
		t.Fatal(err)
	}
	w.counts(t)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := n.run(t, NewSession(), `SELECT kind, source_topic, source_partition, source_offset, reason, record FROM KSQL_PROCESSING_LOG;`)
	want := fmt.Sprintf("DESERIALIZATION_ERROR | witness | %d | %d | value: JSON, byte 14: want a comma or }, got the end of the record | {\"VAL\": \"many\"\n", bad.Partition, bad.Offset)
	if got != want {
		t.Errorf("processing log:\n%swant:\n%s", got, want)
	}
}

func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	defer n.stop(t)
	w := newWitness(t, n)
	_, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
	if want := "the data directory " + dir + "/kafka is in use by another process: stop that one, connect to it instead, or choose another data directory"; err == nil || err.Error() != want {
		t.Errorf("a second broker on the directory: %v\nwant: %s", err, want)
	}
	_, err = embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: n.broker.Addr()})
	if want := "the embedded broker cannot listen on " + n.broker.Addr() + ": another program has that port (Kafka, or another Weir?); stop it, or choose another port (0 takes a free one)"; err == nil || err.Error() != want {
		t.Errorf("a port in use: %v\nwant: %s", err, want)
	}
	w.counts(t)
}

// outage is a network that can be cut.
type outage struct {
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	away  atomic.Bool
	mu    sync.Mutex
	conns []net.Conn
}

func (o *outage) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if o.away.Load() {
		return nil, syscall.ECONNREFUSED
	}
	c, err := o.dial(ctx, network, addr)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conns = append(o.conns, c)
	return c, err
}

func (o *outage) cut() {
	o.away.Store(true)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.conns {
		c.Close()
	}
	o.conns = nil
}

func TestBrokerAway(t *testing.T) {
	dir := t.TempDir()
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	line := &outage{dial: broker.Dialer()}
	n := &node{broker: broker, store: registry.NewStore()}
	n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: append(broker.ClientOpts(), kgo.Dialer(line.Dial)), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	n.Engine, err = Open(t.Context(), Options{Cluster: n.cluster, Embedded: true, Registry: registry.NewLocal(n.store), DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.stop(t)
	w := newWitness(t, n)
	line.cut()
	_, err = n.try(t, NewSession(), `CREATE STREAM s (a INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	var e *Error
	if !errors.As(err, &e) || e.Kind != System || !strings.Contains(e.Msg, "cannot reach Kafka at "+broker.Addr()) {
		t.Errorf("a broker that is away: %v", err)
	}
	time.Sleep(500 * time.Millisecond)
	line.away.Store(false)
	w.counts(t)
	n.run(t, NewSession(), `CREATE STREAM s (a INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
}
