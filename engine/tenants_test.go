package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/exec/changes"
	"weir/parser"
	"weir/tenants"
)

// principals opens a file with two, of which the first one has limits, and gives a session of each.
func principals(t *testing.T, limits string) (all *tenants.Tenants, bound, free *Session) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "principals.json")
	text := `{"principals": [{"name": "bound", "token": "bound-0123456789", "limits": {` + limits + `}}, {"name": "free", "token": "free-0123456789ab"}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := tenants.Open(path, tenants.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(all.Close)
	bound, free = NewSession(), NewSession()
	bound.Principal, free.Principal = all.Find("bound-0123456789"), all.Find("free-0123456789ab")
	return all, bound, free
}

// TestTenantQueries: what a principal has made and what it has open are at most as many as it may have, over a restart too, and nobody else meets that.
func TestTenantQueries(t *testing.T) {
	all, bound, free := principals(t, `"queries": 2`)
	dir := t.TempDir()
	n := startBy(t, dir, Options{Tenants: all})
	n.run(t, free, `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	refused := func(sql string) {
		t.Helper()
		_, err := n.try(t, bound, sql)
		var e *Error
		if !errors.As(err, &e) || e.Kind != Limited || !strings.Contains(err.Error(), "principal bound has 2 queries, and may have 2") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	open := func(s *Session) *Rows {
		t.Helper()
		var rows *Rows
		if err := n.Execute(t.Context(), s, `SELECT * FROM s EMIT CHANGES;`, func(_ parser.Stmt, r Result) error { rows = r.(*Rows); return nil }); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	n.run(t, bound, `CREATE STREAM a AS SELECT * FROM s;`)
	push := open(bound)
	refused(`CREATE STREAM b AS SELECT * FROM s;`)
	refused(`INSERT INTO a SELECT * FROM s;`)
	refused(`SELECT * FROM s EMIT CHANGES;`)
	if _, err := n.Changes(t.Context(), ChangesOf{Name: "s", From: changes.Latest, Principal: bound.Principal}); err == nil || !strings.Contains(err.Error(), "may have 2") {
		t.Error(err)
	}
	if _, err := n.cluster.Topic(t.Context(), "B"); err == nil {
		t.Error("a statement that is refused leaves a topic")
	}
	n.run(t, bound, `CREATE OR REPLACE STREAM a AS SELECT k, v FROM s WHERE v > 0;`) // in the place of another one
	n.run(t, free, `CREATE STREAM b AS SELECT * FROM s; CREATE STREAM c AS SELECT * FROM s;`)
	open(free).Close()
	push.Close()
	until(t, "the client's query ends", func() bool { return bound.Principal.Figures().Queries == 1 })
	n.run(t, bound, `CREATE STREAM d AS SELECT * FROM s;`)

	n.stop(t)
	all, bound, free = principals(t, `"queries": 2`)
	n = startBy(t, dir, Options{Tenants: all})
	defer func() { n.stop(t) }()
	refused(`CREATE STREAM e AS SELECT * FROM s;`)
	if f := free.Principal.Figures(); f.Queries != 2 {
		t.Errorf("free: %+v", f)
	}
	n.run(t, free, `CREATE OR REPLACE STREAM d AS SELECT k, v FROM s WHERE v > 1;`) // makes it free's
	n.run(t, bound, `CREATE STREAM e AS SELECT * FROM s;`)
	refused(`CREATE STREAM f AS SELECT * FROM s;`)
	n.run(t, bound, `DROP STREAM e; CREATE STREAM f AS SELECT * FROM s;`)
}

// TestTenantState: the query that would have more state than its principal may have ends, and stays so over a restart; the principal's other one and
// the same one of somebody else go on, with all rows.
func TestTenantState(t *testing.T) {
	const keys = 20_000
	all, bound, free := principals(t, `"state_bytes": 400000`)
	dir := t.TempDir()
	n := startBy(t, dir, Options{Tenants: all})
	n.run(t, free, `CREATE STREAM s (id INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	n.run(t, bound, `CREATE TABLE large AS SELECT id, COUNT(*) AS n FROM s GROUP BY id;
		CREATE TABLE small AS SELECT id - id AS zero, COUNT(*) AS n FROM s GROUP BY id - id;`)
	n.run(t, free, `CREATE TABLE others AS SELECT id, COUNT(*) AS n FROM s GROUP BY id;
		CREATE TABLE counted AS SELECT id - id AS zero, COUNT(*) AS n FROM s GROUP BY id - id;
		CREATE SOURCE CONNECTOR rows WITH ('connector.class'='datagen', 'topic'='s', 'field.id'='sequence', 'rows'='`+fmt.Sprint(keys)+`');`)
	query := func(sink string) Query {
		t.Helper()
		list := n.Queries()
		return list[slices.IndexFunc(list, func(q Query) bool { return q.Sink == sink })]
	}
	check := func() {
		t.Helper()
		until(t, "the large query ends", func() bool { return query("LARGE").State == Failed })
		if q := query("LARGE"); !strings.Contains(q.Error, "principal bound may have 400000 bytes of state, and its queries would have ") {
			t.Error(q.Error)
		}
		for _, sink := range []string{"SMALL", "OTHERS", "COUNTED"} {
			until(t, sink+" goes on", func() bool {
				q := query(sink)
				return q.State == Running && q.Error == "" && q.Stats.Lag == 0
			})
		}
		until(t, "all rows are counted", func() bool {
			return n.run(t, free, `SELECT n FROM small WHERE zero = 0;`) == fmt.Sprintln(keys) && n.run(t, free, `SELECT n FROM others WHERE id = `+fmt.Sprint(keys)+`;`) == "1\n"
		})
		if f := bound.Principal.Figures(); f.StateBytes > 400_000 || f.StateBytes == 0 {
			t.Errorf("bound has %d bytes", f.StateBytes)
		}
	}
	check()
	n.stop(t)
	all, bound, free = principals(t, `"state_bytes": 400000`)
	n = startBy(t, dir, Options{Tenants: all})
	defer func() { n.stop(t) }()
	check()
	n.run(t, bound, `DROP TABLE large; CREATE TABLE more AS SELECT id - id AS zero, COUNT(*) AS n FROM s GROUP BY id - id;`)
	until(t, "another one finds room", func() bool { return n.run(t, free, `SELECT n FROM more WHERE zero = 0;`) == fmt.Sprintln(keys) })
}
