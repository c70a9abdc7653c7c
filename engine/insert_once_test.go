package engine

import (
	"fmt"
	"testing"
)

// A script's rows are written once, however often it runs and wherever it died.
func TestInsertOnce(t *testing.T) { onBrokers(t, insertOnce) }

func insertOnce(t *testing.T, n *node, prefix string) {
	create := fmt.Sprintf(`CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='%ss', VALUE_FORMAT='JSON', PARTITIONS=2);`, prefix)
	script := create + `INSERT INTO s VALUES ('x', 1); INSERT INTO s (a) VALUES (2); INSERT INTO s VALUES ('x', 1);`
	run := func(name, sql string) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%v", r)
			}
		}()
		s := NewSession()
		s.SkipUnchanged, s.Script = true, name
		_, err = n.try(t, s, sql)
		return err
	}
	rows := func() int { return len(readAll(t, n.cluster, prefix+"s")) }
	for i, c := range []struct {
		script, sql, dieAt string
		want               int
	}{
		{"a.sql", script, "", 3},
		{"a.sql", script, "", 3},
		{"a.sql", create + `INSERT INTO s VALUES ('new', 0);` + script[len(create):] + `INSERT   INTO s VALUES ('x',1);`, "", 5},
		{"b.sql", script, "", 8},
		{"a.sql", create + `INSERT INTO s VALUES ('y', 1);`, "insert journaled", 8},
		{"a.sql", create + `INSERT INTO s VALUES ('y', 1);`, "", 9},
		{"a.sql", create + `INSERT INTO s VALUES ('z', 1);`, "insert written", 10},
		{"a.sql", create + `INSERT INTO s VALUES ('z', 1);`, "", 10},
		{"a.sql", create + `INSERT INTO s VALUES ('p', 1), ('p', 1), ('q', 2);`, "", 13},
		{"a.sql", create + `INSERT INTO s VALUES ('p', 1), ('p', 1), ('q', 2);`, "", 13},
		{"a.sql", create + `INSERT INTO s VALUES ('p', 2), ('q', 3);`, "insert written", 14},
		{"a.sql", create + `INSERT INTO s VALUES ('p', 2), ('q', 3);`, "", 15},
		{"a.sql", `DROP STREAM s DELETE TOPIC;` + script, "", 3},
	} {
		n.opt.FailPoint = func(name string) {
			if name == c.dieAt {
				panic("dead at " + name)
			}
		}
		if err := run(c.script, c.sql); (err != nil) != (c.dieAt != "") {
			t.Fatalf("run %d: %v", i+1, err)
		}
		if got := rows(); got != c.want {
			t.Errorf("run %d: %d rows, want %d", i+1, got, c.want)
		}
	}
}

// A script that stands is not carried out again, though later statements of it have changed what earlier ones made.
func TestScriptStands(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	const script = `CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		ALTER STREAM s ADD COLUMN b INT;
		CREATE STREAM t AS SELECT k, a FROM s;
		CREATE OR REPLACE STREAM t AS SELECT k, a, b FROM s;
		CREATE SOURCE TABLE l (k STRING PRIMARY KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');
		INSERT INTO t SELECT k, b AS a, a AS b FROM s;`
	for i, sql := range []string{script, script, script + `CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT, c INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`} {
		s := NewSession()
		s.SkipUnchanged, s.Script = true, "s.sql"
		n.run(t, s, sql)
		want := []int{7, 7, 8}[i]
		if next := n.log.nextID(); next != want {
			t.Errorf("run %d: the next command is number %d, want %d", i+1, next, want)
		}
	}
}
