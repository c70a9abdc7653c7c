package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
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
