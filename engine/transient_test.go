package engine

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"weir/parser"
	"weir/planner/plan"
)

// Queries of clients are listed, can be ended, and end with the engine, pull queries over streams among them.
func TestQueriesOfClients(t *testing.T) {
	n := startNode(t, t.TempDir())
	s := NewSession()
	n.run(t, s, `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);`)
	c, err := n.cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	recs := make([]string, 40_000) // more than a client that takes nothing is given
	for i := range recs {
		recs[i] = "k=v"
	}
	writeMany(t, c, "src", recs)
	open := func(sql string) *Rows {
		t.Helper()
		var rows *Rows
		err := n.Execute(t.Context(), s, sql, func(_ parser.Stmt, r Result) error {
			rows = r.(*Rows)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for _, c := range []struct {
		sql  string
		kind plan.QueryKind
	}{{`SELECT * FROM src;`, plan.Pull}, {`SELECT * FROM src EMIT CHANGES;`, plan.Push}} {
		rows := open(c.sql)
		list := n.Queries()
		if len(list) != 1 || list[0].Kind != c.kind || list[0].State != Running {
			t.Fatalf("%s: listed %+v", c.sql, list)
		}
		n.run(t, s, "TERMINATE "+list[0].ID+";")
		until(t, "the query has ended", func() bool { return len(n.Queries()) == 0 })
		for {
			if _, err := rows.Next(t.Context()); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", c.sql, err)
				break
			}
		}
	}
	left := open(`SELECT * FROM src;`)
	n.stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if _, err := left.Next(ctx); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("at the end of the engine: %v", err)
			}
			break
		}
	}
	if err := n.Execute(t.Context(), s, `SELECT * FROM src;`, func(parser.Stmt, Result) error { return nil }); err == nil {
		t.Error("a query begins after the end of the engine")
	}
}

// What a client's query can't read counts among the bad rows of all, after its end too.
func TestTotalsOfClients(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	n.run(t, s, `CREATE STREAM src (a INTEGER) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	n.write(t, "src", `={"a":1}`, `={"a":"x"}`, `={"a":3}`)
	n.run(t, s, `SELECT a FROM src EMIT CHANGES LIMIT 2;`)
	until(t, "the query has ended", func() bool { return len(n.Queries()) == 0 })
	if got := n.Totals(); got.Bad != 1 {
		t.Errorf("%+v, want one bad row", got)
	}
	n.run(t, s, `CREATE STREAM o AS SELECT a FROM src;`)
	n.settle(t)
	if got := n.Totals(); got.Bad != 2 || got.RowsIn != 3 || got.RowsOut != 2 {
		t.Errorf("%+v, want two bad rows, three in and two out", got)
	}
	n.run(t, s, `CREATE OR REPLACE STREAM o AS SELECT a FROM src WHERE a > 0;`)
	n.write(t, "src", `={"a":"y"}`, `={"a":4}`)
	n.settle(t)
	if got := n.Totals(); got.Bad != 3 || got.RowsIn != 5 || got.RowsOut != 3 {
		t.Errorf("%+v, with those of a query that was replaced", got)
	}
	n.run(t, s, `DROP STREAM o;`)
	if got := n.Totals(); got.Bad != 3 || got.RowsIn != 5 || got.RowsOut != 3 {
		t.Errorf("%+v, with those of a query that has ended", got)
	}
	// Bad at a step within, in a query that writes to the source of another.
	n.run(t, s, `CREATE STREAM times (a INTEGER, ts BIGINT) WITH (KAFKA_TOPIC='times', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');
		INSERT INTO times SELECT a, CAST(0 - a AS BIGINT) AS ts FROM src;`)
	n.settle(t)
	if got := n.Totals(); got.Bad != 3+2+3 || got.RowsOut != 3 {
		t.Errorf("%+v, want two more that can't be read, and three that can't be written", got)
	}
}
