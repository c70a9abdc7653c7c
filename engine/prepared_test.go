package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/parser"
	"weir/types"
)

// A query by key that comes after others like it is answered as if it were the first, whatever its key.
func TestPrepared(t *testing.T) {
	n, s := startNode(t, t.TempDir()), NewSession()
	defer n.stop(t)
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		CREATE TABLE w WITH (KAFKA_TOPIC='w') AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY k;`)
	keys := []string{"a", "b", "it''s", `back\slash`, `\`, "--", "/*", "${x}", "ü", "", "a;", `"`, "`", "tab\there", "1"}
	for _, k := range keys {
		n.pour(t, "s", []string{unquoted(k) + `={"v":1}`})
	}
	n.settle(t)
	var texts []string
	for _, k := range append(keys, "nobody", "open", "\xff") {
		texts = append(texts, "SELECT * FROM t WHERE k = '"+k+"';", "SELECT n + 1 AS m, k FROM t WHERE k='"+k+"' LIMIT 1;", "  SELECT n FROM t WHERE '"+k+"' = k; -- as ever",
			"SELECT n FROM w WHERE k = '"+k+"';", "SELECT n FROM t WHERE k = '"+k+"' AND n > 0;", "SELECT '"+k+"' AS c, n FROM t;", "SELECT n FROM t WHERE k LIKE '"+k+"';",
			"SELECT n FROM t WHERE k = '"+k+"' EMIT CHANGES LIMIT 0;", "SELECT n, nope FROM t WHERE k = '"+k+"';", "SELECT n FROM t WHERE k = '"+k+"", "SELECT n FROM t WHERE n = '"+k+"';")
	}
	for round := range 2 {
		for _, text := range texts {
			want := n.asked(NewSession(), text)
			s := NewSession()
			if _, err := n.Validate(s, text); err != nil {
				if got := fmt.Sprintf("error %v", err); got != want {
					t.Errorf("round %d: %s\nchecked: %s\nwant: %s", round, text, got, want)
				}
				continue
			}
			if got := n.asked(s, text); got != want {
				t.Errorf("round %d: %s\nanswered: %s\nwant: %s", round, text, got, want)
			}
		}
	}
}

func unquoted(k string) string {
	if k == "it''s" {
		return "it's"
	}
	return k
}

// asked is an answer as text.
func (n *node) asked(s *Session, text string) string {
	out := ""
	err := n.Execute(context.Background(), s, text, func(stmt parser.Stmt, r Result) error {
		rows := r.(*Rows)
		defer rows.Close()
		out = fmt.Sprintf("%s: %v %d\n", stmt.Text, rows.Columns, rows.Limit)
		for {
			row, err := rows.Next(context.Background())
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			for i, v := range row.Values {
				out += types.Text(v, rows.Columns[i].Type) + "|"
			}
			out += "\n"
		}
	})
	if err != nil {
		return fmt.Sprintf("error %v", err)
	}
	return out
}

// Which queries are prepared, and that they are forgotten with the catalog, by which they were planned.
func TestPreparedFor(t *testing.T) {
	n, s := startNode(t, t.TempDir()), NewSession()
	defer n.stop(t)
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	n.pour(t, "s", []string{`a={"v":1}`, `c={"v":1}`, `c={"v":1}`, `c={"v":1}`})
	n.settle(t)
	check := func(s *Session, text string) {
		t.Helper()
		if _, err := n.Validate(s, text); err != nil {
			t.Fatal(err)
		}
	}
	check(NewSession(), "SELECT * FROM t WHERE k = 'a';")
	for text, want := range map[string]bool{
		"SELECT * FROM t WHERE k = 'b';":            true,
		"SELECT * FROM t WHERE k = '';":             true,
		"SELECT * FROM t WHERE k = 'it''s';":        false,
		`SELECT * FROM t WHERE k = '\';`:            false,
		"SELECT * FROM t WHERE k = '${a}';":         false,
		"SELECT n FROM t WHERE k = 'b';":            false, // there was none like it
		"SET 'a'='b'; SELECT * FROM t WHERE k='b';": false,
	} {
		if got := n.preparedAs(NewSession(), text) != nil; got != want {
			t.Errorf("%s is prepared: %v", text, got)
		}
	}
	other := NewSession()
	other.Properties["ksql.query.pull.table.scan.enabled"] = "false"
	if n.preparedAs(other, "SELECT * FROM t WHERE k = 'b';") != nil {
		t.Error("what one session has set is taken for another's")
	}
	for i := range maxPrepared + 10 {
		check(NewSession(), fmt.Sprintf("SELECT n AS n%d FROM t WHERE k = 'a';", i))
	}
	kept := 0
	n.prepared.Load().known.Range(func(any, any) bool { kept++; return true })
	if kept > maxPrepared {
		t.Errorf("%d queries are kept, at most %d should be", kept, maxPrepared)
	}
	const again = "SELECT n AS n265 FROM t WHERE k = 'b';"
	if n.preparedAs(NewSession(), again) == nil {
		t.Error("the last one is not kept")
	}
	s = NewSession()
	check(s, "SELECT n AS n265 FROM t WHERE k = 'c';")
	n.run(t, NewSession(), "CREATE STREAM other (k STRING KEY) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON', PARTITIONS=1);")
	if got := n.asked(s, "SELECT n AS n265 FROM t WHERE k = 'c';"); got != n.asked(NewSession(), "SELECT n AS n265 FROM t WHERE k = 'c';") || !strings.Contains(got, "3|") {
		t.Errorf("planned anew by another catalog, a prepared query is answered as %s", got)
	}
	check(NewSession(), "SELECT n AS n265 FROM t WHERE k = 'a';")
	s = NewSession()
	check(s, again)
	n.run(t, NewSession(), "DROP TABLE t; CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) + 1 AS m FROM s GROUP BY k;")
	if n.preparedAs(NewSession(), again) != nil {
		t.Error("what an earlier catalog had is still kept")
	}
	if got, want := n.asked(s, again), n.asked(NewSession(), again); got != want {
		t.Errorf("checked before the table was another one: %s, want %s", got, want)
	}
}
