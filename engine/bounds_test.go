package engine

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/parser"
)

// endless is an expression that computes for hours.
const endless = `ARRAY_LENGTH(TRANSFORM(GENERATE_SERIES(1, 100000), q => ARRAY_LENGTH(TRANSFORM(GENERATE_SERIES(1, 100000), z => z + q))))`

// patient is a node whose rows may take any number of steps.
func patient(t *testing.T) *node {
	t.Helper()
	return startWith(t, t.TempDir(), map[string]string{"weir.max.row.steps": "9000000000000000"})
}

// begin runs a query beside the test, and tells how it ended.
func begin(t *testing.T, n *node, sql string) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		ended <- n.Execute(context.WithoutCancel(t.Context()), NewSession(), sql, func(_ parser.Stmt, r Result) error {
			rows, ok := r.(*Rows)
			if !ok {
				return nil
			}
			defer rows.Close()
			for {
				if _, err := rows.Next(context.WithoutCancel(t.Context())); err != nil {
					return err
				}
			}
		})
	}()
	return ended
}

// count is how many rows a query has.
func (n *node) count(t *testing.T, sql string) int {
	t.Helper()
	got := 0
	err := n.Execute(t.Context(), NewSession(), sql, func(_ parser.Stmt, r Result) error {
		rows := r.(*Rows)
		defer rows.Close()
		for {
			if _, err := rows.Next(t.Context()); err != nil {
				return nil
			}
			got++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// An expression that computes for hours is listed with its query, and ends when that is ended: a pull query, a push query and a persistent one.
func TestEndless(t *testing.T) {
	n := patient(t)
	s := NewSession()
	n.run(t, s, `SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		INSERT INTO s VALUES ('a', 1);`)
	until(t, "the table has its row", func() bool { return n.count(t, `SELECT * FROM t;`) == 1 })
	for _, sql := range []string{`SELECT k, ` + endless + ` FROM t;`, `SELECT k, ` + endless + ` FROM s;`,
		`SET 'auto.offset.reset'='earliest'; SELECT k, ` + endless + ` FROM s EMIT CHANGES;`} {
		ended := begin(t, n, sql)
		until(t, "the query is listed", func() bool { return len(n.transients.list()) == 1 })
		until(t, "it computes", computes)
		n.run(t, s, "TERMINATE "+n.transients.list()[0].ID+";")
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatalf("%s goes on", sql)
		}
		until(t, "the query is gone", func() bool { return len(n.transients.list()) == 0 })
	}
	n.run(t, s, `CREATE STREAM u AS SELECT k, `+endless+` AS e FROM s;`)
	// The node ends, too: what the row would come to counts for nothing.
	until(t, "the query is at its row", computes)
	n.abandon(t, 100*time.Millisecond)
	if computes() {
		t.Error("the row is computed on")
	}
	if err := errors.Join(n.store.Close(), n.broker.Close()); err != nil {
		t.Error(err)
	}
}

// computes says whether some goroutine is within the expression.
func computes() bool {
	buf := make([]byte, 4<<20)
	return strings.Contains(string(buf[:runtime.Stack(buf, true)]), "functions.transformArray")
}

// A push query whose row asks for too much ends with the error; so does one whose state does.
func TestPushBounds(t *testing.T) {
	n := startWith(t, t.TempDir(), map[string]string{"weir.max.query.bytes": "100000"})
	defer n.stop(t)
	s := NewSession()
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	for i := range 20 {
		n.run(t, s, `INSERT INTO s VALUES ('`+strings.Repeat("k", i+1)+`', '`+strings.Repeat("v", 10_000)+`');`)
	}
	until(t, "the table has its rows", func() bool { return n.count(t, `SELECT k FROM t;`) == 20 })
	for _, c := range []struct{ sql, want string }{
		{`SET 'auto.offset.reset'='earliest'; SELECT RPAD(v, 2000000000, 'x') FROM s EMIT CHANGES;`, "weir.max.value.bytes"},
		{`SET 'auto.offset.reset'='earliest'; SELECT k, COLLECT_LIST(v) AS l FROM s GROUP BY k EMIT CHANGES;`, "weir.max.query.bytes"},
		{`SELECT k, RPAD(k, 20000, 'x') AS p FROM t ORDER BY p;`, "weir.max.query.bytes"},
	} {
		select {
		case err := <-begin(t, n, c.sql):
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v", c.sql, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s goes on", c.sql)
		}
	}
}

// A batch of a few kilobytes that unpacks to more than is allowed is passed over, and told of; whoever reads it for a client gets the error.
func TestBatchThatUnpacks(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	n.run(t, s, `CREATE STREAM s (v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA', PARTITIONS=1);
		CREATE STREAM u AS SELECT LEN(v) AS n FROM s;`)
	c, err := n.cluster.NewClient(kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(100<<20), kgo.BrokerMaxWriteBytes(200<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, size := range []int{3, kafka.DefaultMaxBatchBytes + 1<<20, 5} {
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: "s", Value: []byte(strings.Repeat("x", size))}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the rows around it are there", func() bool { return len(n.texts(t, "U")) == 2 })
	n.wantTexts(t, "U", "=\x00\x00\x00\x03", "=\x00\x00\x00\x05")
	if log := strings.Join(n.problemLog(t), "\n"); !strings.Contains(log, "weir.max.batch.bytes") {
		t.Errorf("the log does not tell: %s", log)
	}
	for _, sql := range []string{`SELECT LEN(v) FROM s;`, `SET 'auto.offset.reset'='earliest'; SELECT LEN(v) FROM s EMIT CHANGES;`} {
		select {
		case err := <-begin(t, n, sql):
			if err == nil || !strings.Contains(err.Error(), "weir.max.batch.bytes") {
				t.Errorf("%s: got %v", sql, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s goes on", sql)
		}
	}
}
