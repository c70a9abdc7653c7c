package planner

import (
	"strings"
	"testing"

	"weir/catalog"
	"weir/functions"
	"weir/parser"
	"weir/planner/plan"
)

// planAll plans statements one after another; the last one's plan and error are the answer.
func planAll(t *testing.T, sql string) (p *Plan, running map[string]*plan.Query, err error) {
	t.Helper()
	stmts, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := catalog.New()
	running = map[string]*plan.Query{}
	for i, s := range stmts {
		env := &Env{Catalog: all.Snapshot(), Functions: functions.Standard(), Config: map[string]string{}, NextID: i + 1,
			Partitions: func(string) (int32, bool) { return 1, true }, Running: func(id string) *plan.Query { return running[id] }}
		if p, err = Build(s.Node, s.Text, env); err != nil {
			if i < len(stmts)-1 {
				t.Fatal(err)
			}
			return nil, running, err
		}
		if err := all.Apply(p.Change); err != nil {
			t.Fatal(err)
		}
		if p.Query != nil && i < len(stmts)-1 {
			running[p.Query.ID] = p.Query
		}
	}
	return p, running, nil
}

const replaceSources = `CREATE STREAM s (k STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');
	CREATE TABLE u (id STRING PRIMARY KEY, a INT, b INT) WITH (KAFKA_TOPIC='u', VALUE_FORMAT='JSON');`

func TestReplaceSource(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{`CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT, c INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`, ""},
		{`CREATE OR REPLACE STREAM s (a INT, k STRING KEY, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`, ""},
		{`CREATE OR REPLACE STREAM n (k STRING KEY, a INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');`, ""},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, b INT, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`,
			"(The following columns are changed, missing or reordered: [`A` INTEGER, `B` INTEGER])"},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`, "[`B` INTEGER])"},
		{`CREATE OR REPLACE STREAM s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`, "Key columns must be identical. The following key columns are changed, missing or reordered: [`K` STRING KEY]"},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, l INT KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON');`,
			"(Key columns must be identical. The following key columns are changed, missing or reordered: [`L` INTEGER KEY])"},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='DELIMITED');`, "value format = JSON which is not upgradeable to DELIMITED"},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC='z', VALUE_FORMAT='JSON');`, "topic = s which is not upgradeable to z"},
		{`CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT, t BIGINT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', TIMESTAMP='T');`, "timestamp column = none which is not upgradeable to T"},
		{`CREATE OR REPLACE TABLE s (k STRING PRIMARY KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');`, "type = KSTREAM which is not upgradeable to KTABLE"},
	} {
		p, _, err := planAll(t, replaceSources+c.sql)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.sql, err, c.want)
		}
		if err == nil && !strings.Contains(c.sql, " n ") && len(p.Change.PutSource.Before) != 1 {
			t.Errorf("%s: the statement before it is not remembered", c.sql)
		}
	}
}

// What a replaced query has stored, or has on its way, comes first and in the same order in the new one.
func TestReplaceLayout(t *testing.T) {
	for _, c := range []struct{ sql, stored, scanned string }{
		{`CREATE TABLE t AS SELECT b, id FROM u; CREATE OR REPLACE TABLE t AS SELECT id, b, a FROM u;`, "B ID (headers) A", ""},
		{`CREATE TABLE t AS SELECT id, b FROM u; CREATE OR REPLACE TABLE t AS SELECT id, b FROM u WHERE a > 1;`, "ID B (headers)", "(headers) A ID B"},
		{`CREATE TABLE t AS SELECT id, b FROM u WHERE a > 1; CREATE OR REPLACE TABLE t AS SELECT id, b, a FROM u WHERE b > 1 AND a > 2;`,
			"ID B (headers) A", "(headers) A ID B"},
		{`CREATE TABLE t AS SELECT id, b FROM u WHERE a > 1; CREATE OR REPLACE TABLE t AS SELECT id, b FROM u;`, "ID B (headers)", "(headers) A ID B"},
		{`CREATE TABLE t AS SELECT a, SUM(b) AS n FROM s WHERE b > 1 AND a > 1 GROUP BY a; CREATE OR REPLACE TABLE t AS SELECT a, SUM(b) AS n FROM s WHERE a > 2 GROUP BY a;`,
			"", "B A"},
	} {
		p, _, err := planAll(t, replaceSources+c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		sink := p.Query.Root.(*plan.Sink)
		if got := slotNames(sink.Layout()); c.stored != "" && (got != c.stored || !sink.Materialize) {
			t.Errorf("%s: stores %q, want %q", c.sql, got, c.stored)
		}
		plan.Walk(sink, func(n plan.Node) bool {
			scan, ok := n.(*plan.Scan)
			if !ok || c.scanned == "" {
				return true
			}
			if got := slotNames(scan.Slots); got != c.scanned || scan.Source.IsTable && !scan.Materialize {
				t.Errorf("%s: scans %q, want %q", c.sql, got, c.scanned)
			}
			return true
		})
		keys := sink.Target.Schema[0].Name
		if got := sink.Layout()[sink.KeySlots[0]].Name; got != keys {
			t.Errorf("%s: the key is taken from %s, want %s", c.sql, got, keys)
		}
	}
}

func slotNames(l plan.Layout) string {
	names := make([]string, len(l))
	for i, s := range l {
		names[i] = s.Name
	}
	return strings.Join(names, " ")
}
