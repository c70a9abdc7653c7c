package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/types"
)

// While a query is replaced again and again, each answer about its table is of one of its plans, and none is refused.
func TestPullWhileReplaced(t *testing.T) {
	n, s := startNode(t, t.TempDir()), NewSession()
	defer n.stop(t)
	s.Properties["auto.offset.reset"] = "earliest"
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	var recs []string
	for i := range 300 {
		recs = append(recs, fmt.Sprintf(`k%d={"v":1}`, i%100))
	}
	n.pour(t, "s", recs)
	n.settle(t)
	var askers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		askers.Go(func() {
			s := NewSession()
			for {
				select {
				case <-done:
					return
				default:
				}
				out, err := n.try(t, s, "SELECT * FROM t;")
				rows := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
				if err != nil || len(rows) != 100 {
					t.Errorf("asked meanwhile, the table has %d rows, want 100 (%v)", len(rows), err)
					return
				}
				for _, row := range rows {
					for i, col := range strings.Split(row, " | ")[1:] {
						if want := fmt.Sprint(3 + i*100); col != want {
							t.Errorf("asked meanwhile, a row is %q: column %d is not %s", row, i+1, want)
							return
						}
					}
				}
			}
		})
	}
	more := ""
	for i := range 12 {
		more += fmt.Sprintf(", COUNT(*) + %d AS n%d", 100*(i+1), i)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n"+more+" FROM s GROUP BY k;")
	}
	close(done)
	askers.Wait()
}

// A query over a table that was planned before the table's query was exchanged is planned again, and asks neither a query that is gone nor its state.
func TestPullPlannedBefore(t *testing.T) {
	n, s := startNode(t, t.TempDir()), NewSession()
	defer n.stop(t)
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	stmt, err := parser.Parse("SELECT * FROM t;", parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := n.Snapshot()
	p, err := planner.Build(stmt[0].Node.(*ast.Query), stmt[0].Text, n.planEnv(s, now, 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	n.run(t, s, "DROP TABLE t; CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;")
	if _, err := n.pull(t.Context(), s, p.Query, []string{"T"}, now); !errors.Is(err, errChanged) {
		t.Errorf("with a plan of before, the answer is %v", err)
	}
}

// An answer to a query for few keys is there whole, unless it is larger than a piece, and then it comes in pieces; either way it is listed and counted no longer.
func TestPullFewKeys(t *testing.T) {
	n, s := startNode(t, t.TempDir()), NewSession()
	defer n.stop(t)
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	n.pour(t, "s", []string{`a={"v":1}`, `b={"v":1}`, `a={"v":2}`})
	n.settle(t)
	for _, c := range []struct {
		sql   string
		whole bool
		bytes int
	}{
		{"SELECT n FROM t WHERE k = 'a';", true, 1},
		{"SELECT n FROM t WHERE k IN ('b', 'a', 'c');", true, 2},
		{"SELECT n FROM t WHERE k = 'a' LIMIT 0;", true, 0},
		{"SELECT n FROM t WHERE k IN ('b', 'a', 'c', 'd', 'e');", false, 2},
		{"SELECT RPAD(k, 1048576, 'x') AS v FROM t WHERE k = 'a';", false, 1 << 20},
		{"SELECT RPAD(k, 600000, 'x') AS v FROM t WHERE k IN ('a', 'b');", false, 1_200_000},
		{"SELECT n FROM t;", false, 2},
	} {
		whole, got := false, 0
		err := n.Execute(t.Context(), s, c.sql, func(_ parser.Stmt, r Result) error {
			rows := r.(*Rows)
			defer rows.Close()
			whole = rows.Whole
			for {
				row, err := rows.Next(t.Context())
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				got += len(types.Text(row.Values[0], rows.Columns[0].Type))
			}
		})
		if err != nil || whole != c.whole || got != c.bytes {
			t.Errorf("%s: whole %v, %d bytes, %v; want %v, %d bytes", c.sql, whole, got, err, c.whole, c.bytes)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Execute(gone, s, "SELECT n FROM t WHERE k = 'a';", func(parser.Stmt, Result) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("of a client that has gone: %v", err)
	}
	for end := time.Now().Add(time.Minute); len(n.transients.list()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still there: %v", n.transients.list())
		}
	}
}
