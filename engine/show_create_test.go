package engine

import (
	"reflect"
	"strings"
	"testing"

	"weir/catalog"
	"weir/parser"
)

// created is what SHOW CREATE answers.
func created(t *testing.T, n *node, what string) *ShowCreate {
	t.Helper()
	var out *ShowCreate
	err := n.Execute(t.Context(), NewSession(), "SHOW CREATE "+what+";", func(_ parser.Stmt, r Result) error {
		out = r.(*ShowCreate)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What SHOW CREATE prints makes the same thing on an engine that knows nothing of it, whose settings are the usual ones.
func TestShowCreateMakesTheSame(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	s := NewSession()
	n.run(t, s, `CREATE TYPE address AS STRUCT<street STRING, no INT>;
		CREATE STREAM s (k STRING KEY, a INT, home address, happened STRING, w BYTES HEADER('it''s'))
			WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2, RETENTION_MS=-1, TIMESTAMP='happened', TIMESTAMP_FORMAT='yyyy-MM-dd');
		ALTER STREAM s ADD COLUMN b DECIMAL(4,2), ADD COLUMN `+"`c d`"+` MAP<STRING, BIGINT>;
		CREATE STREAM pipes (a INT, b STRING) WITH (KAFKA_TOPIC='pipes', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|', PARTITIONS=1);
		SET 'ksql.persistence.default.format.value'='AVRO';
		SET 'ksql.persistence.wrap.single.values'='false';
		CREATE STREAM one (k INT KEY, v STRING) WITH (KAFKA_TOPIC='one', PARTITIONS=3);
		CREATE OR REPLACE STREAM one (k INT KEY, v STRING) WITH (KAFKA_TOPIC='one', PARTITIONS=3);
		UNSET 'ksql.persistence.default.format.value';
		UNSET 'ksql.persistence.wrap.single.values';
		CREATE TABLE t (k BIGINT PRIMARY KEY, v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', KEY_FORMAT='JSON', WINDOW_TYPE='HOPPING', WINDOW_SIZE='90 SECONDS', PARTITIONS=1);
		CREATE SOURCE TABLE kept (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='kept', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM far (k STRING KEY, v INT) WITH (KAFKA_TOPIC='far', VALUE_FORMAT='JSON', PARTITIONS=1, REPARTITION=true);
		CREATE TABLE IF NOT EXISTS counts AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		SET 'ksql.persistence.wrap.single.values'='false';
		CREATE STREAM bare WITH (VALUE_FORMAT='JSON') AS SELECT k, v FROM far;
		UNSET 'ksql.persistence.wrap.single.values';
		CREATE STREAM loose AS SELECT b, a FROM pipes WHERE a > 1;
		CREATE STREAM over AS SELECT k, a, b FROM s;
		CREATE TABLE windows WITH (LATE_STREAM='behind') AS SELECT k, COUNT(*) AS n FROM far WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 1 SECOND) GROUP BY k EMIT CHANGES;
		INSERT INTO bare WITH (QUERY_ID='more') SELECT k, v FROM far WHERE v > 1;`)
	n.run(t, s, "TERMINATE "+queryOf(t, n, "OVER").ID+";")

	m := startNode(t, t.TempDir())
	defer m.stop(t)
	check := func(what string) {
		t.Helper()
		sql := created(t, n, what).Statement
		if _, err := m.try(t, NewSession(), sql); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, sql)
		}
		_, name, _ := strings.Cut(what, " ")
		was, _ := n.Snapshot().Source(name)
		is, ok := m.Snapshot().Source(name)
		if strings.HasPrefix(what, "STREAM") || strings.HasPrefix(what, "TABLE") {
			if !ok || !reflect.DeepEqual(bareSource(n.Snapshot(), was), bareSource(m.Snapshot(), is)) {
				t.Errorf("%s is %+v\nand was %+v\nby %s", what, is, was, sql)
			}
			if a, b := created(t, m, what).Statement, sql; a != b {
				t.Errorf("%s\nis shown as\n%s", b, a)
			}
			before, _ := n.cluster.Topic(t.Context(), was.Topic)
			after, _ := m.cluster.Topic(t.Context(), was.Topic)
			if len(before.Partitions) != len(after.Partitions) {
				t.Errorf("%s has %d partitions, had %d", what, len(after.Partitions), len(before.Partitions))
			}
		}
	}
	for _, what := range []string{"TYPE ADDRESS", "STREAM S", "STREAM PIPES", "STREAM ONE", "TABLE T", "TABLE KEPT", "STREAM FAR", "TABLE COUNTS", "STREAM BARE", "STREAM LOOSE",
		"STREAM OVER", "TABLE WINDOWS", "QUERY MORE"} {
		check(what)
	}
	if a, b := n.Snapshot().Types()["ADDRESS"], m.Snapshot().Types()["ADDRESS"]; !a.Equal(b) {
		t.Errorf("the type is %s, was %s", b, a)
	}
	if len(m.Queries()) != len(n.Queries()) {
		t.Errorf("there are %s, were %s", ids(m), ids(n))
	}
	var all []string
	for _, src := range n.Snapshot().Sources() {
		all = append(all, created(t, n, strings.ToUpper(src.Kind())+" `"+src.Name+"`").Statement)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	for i, src := range n.Snapshot().Sources() {
		if again := created(t, n, strings.ToUpper(src.Kind())+" `"+src.Name+"`").Statement; again != all[i] {
			t.Errorf("after a restart\n%s\nis\n%s", all[i], again)
		}
	}
	if got := created(t, n, "STREAM BEHIND").Statement; strings.Contains(got, "SELECT") || !strings.Contains(got, "WINDOWSTART") && !strings.Contains(got, "BIGINT") {
		t.Errorf("the stream of late rows is not declared over its topic: %s", got)
	}
}

// bareSource is what a statement says of a stream or table.
func bareSource(cat *catalog.Snapshot, src *catalog.Source) catalog.Source {
	out := *src
	_, running := cat.Query(src.Query)
	out.SQL, out.Before, out.Query, out.Materialized = "", nil, "", src.Materialized && running
	if running {
		out.Query = "some"
	}
	return out
}

// Names that the registry tells by an id are left to it, unless some were added since.
func TestShowCreateByID(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.run(t, NewSession(), `CREATE STREAM a (k STRING KEY, v INT, w STRING) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='AVRO', PARTITIONS=1);
		CREATE STREAM b (k STRING KEY) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1);`)
	if got, want := created(t, n, "STREAM b").Statement, "CREATE STREAM B (K STRING KEY) WITH (KAFKA_TOPIC = 'a', PARTITIONS = 1, KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO', VALUE_SCHEMA_ID = 1);"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	n.run(t, NewSession(), `ALTER STREAM b ADD x INT;`)
	if got, want := created(t, n, "STREAM b").Statement, "CREATE STREAM B (K STRING KEY, V INTEGER, W STRING, X INTEGER) WITH (KAFKA_TOPIC = 'a', PARTITIONS = 1, KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestShowCreateConnector(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.run(t, NewSession(), `CREATE SOURCE CONNECTOR IF NOT EXISTS demo WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='5', 'rows'='1');
		CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE SINK CONNECTOR hook WITH ('connector.class'='http', 'topics'='s', 'url'='http://me:geheim@127.0.0.1:1/x?token=geheim', 'headers.Authorization'='Bearer geheim', 'headers.X-Key'='${env:HOME}');`)
	if got, want := created(t, n, "CONNECTOR demo").Statement, "CREATE SOURCE CONNECTOR DEMO WITH (`connector.class` = 'datagen', `quickstart` = 'clicks', `rate` = '5', `rows` = '1');"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got := created(t, n, "CONNECTOR hook")
	want := "CREATE SINK CONNECTOR HOOK WITH (`connector.class` = 'http', `topics` = 's', `url` = 'http://me:[hidden]@127.0.0.1:1/x?token=[hidden]', " +
		"`headers.Authorization` = '[hidden]', `headers.X-Key` = '${env:HOME}');"
	if got.Statement != want {
		t.Errorf("got  %s\nwant %s", got.Statement, want)
	}
	told := "What is secret of 'url', 'headers.Authorization' is not shown: put it in place of [hidden], best as ${env:NAME} or ${file:PATH}."
	if len(got.Warnings) != 1 || got.Warnings[0].Message != told {
		t.Errorf("the warnings are %v", got.Warnings)
	}
}

func TestShowCreateRefuses(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.run(t, NewSession(), `CREATE STREAM clicks (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE TYPE address AS STRUCT<a INT>;`)
	for sql, want := range map[string]string{
		"SHOW CREATE STREAM click;":     "Could not find STREAM/TABLE 'CLICK' in the Metastore\nDid you mean CLICKS?",
		"SHOW CREATE TABLE clicks;":     "CLICKS is a stream: write SHOW CREATE STREAM",
		"SHOW CREATE TYPE adress;":      "Type ADRESS does not exist.\nDid you mean ADDRESS?",
		"SHOW CREATE FUNCTION len;":     "LEN is a function of Weir's own: DESCRIBE FUNCTION LEN tells of it",
		"SHOW CREATE FUNCTION nothing;": "Function NOTHING does not exist.",
		"SHOW CREATE CONNECTOR x;":      "Connector 'X' does not exist.",
		"SHOW CREATE QUERY x;":          "Query with id:X does not exist. SHOW QUERIES lists them.",
		"SHOW CREATE clicks;":           "expected STREAM, TABLE, TYPE, FUNCTION, CONNECTOR or QUERY, found 'clicks'",
	} {
		_, err := n.try(t, NewSession(), sql)
		if err == nil || !strings.Contains(told(err), want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
}
