package engine

import (
	"strings"
	"testing"
)

// What was renamed is made by SHOW CREATE as it stands, and can be made again under the old name.
func TestRename(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	const script = `CREATE STREAM s (a INT KEY, b INT KEY, v INT) WITH (KAFKA_TOPIC='s', FORMAT='AVRO', PARTITIONS=1);
		ALTER STREAM s RENAME TO t;
		ALTER STREAM t ADD COLUMN w INT;`
	n.run(t, NewSession(), script)
	n.run(t, NewSession(), "CREATE STREAM made AS SELECT * FROM t;")
	n.run(t, NewSession(), "TERMINATE "+queryOf(t, n, "MADE").ID+"; ALTER STREAM made RENAME TO is_made;")
	check := func(when string) {
		t.Helper()
		for what, want := range map[string]string{
			"STREAM t": "CREATE STREAM T (A INTEGER KEY, B INTEGER KEY, V INTEGER, W INTEGER) WITH (KAFKA_TOPIC = 's', PARTITIONS = 1, KEY_FORMAT = 'AVRO', " +
				"KEY_SCHEMA_FULL_NAME = 'io.confluent.ksql.avro_schemas.SKey', VALUE_FORMAT = 'AVRO');",
			"STREAM is_made": "CREATE STREAM IS_MADE (A INTEGER KEY, B INTEGER KEY, V INTEGER, W INTEGER) WITH (KAFKA_TOPIC = 'MADE', PARTITIONS = 1, KEY_FORMAT = 'AVRO', " +
				"KEY_SCHEMA_FULL_NAME = 'io.confluent.ksql.avro_schemas.MadeKey', VALUE_FORMAT = 'AVRO');",
		} {
			if got := created(t, n, what).Statement; got != want {
				t.Errorf("%s, %s:\ngot  %s\nwant %s", when, what, got, want)
			}
		}
	}
	check("at once")
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	check("after a restart")
	// A script that was carried out does nothing again.
	again := NewSession()
	again.SkipUnchanged = true
	n.run(t, again, script)
	if _, there := n.Snapshot().Source("S"); there {
		t.Error("a script that was carried out has made its stream again under the old name")
	}
	n.run(t, NewSession(), "CREATE STREAM s (x INT) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON', PARTITIONS=1);")
	// A file that fails takes the new name back.
	err := n.ExecuteWhole(t.Context(), NewSession(), "ALTER STREAM s RENAME TO later; ASSERT TOPIC nowhere TIMEOUT 1 MILLISECOND;", noResult)
	if err == nil || n.Snapshot().Has("stream", "LATER") || !n.Snapshot().Has("stream", "S") {
		t.Errorf("%v", err)
	}
	// Statements of one text are planned with the names that those before give.
	if _, err := n.Validate(NewSession(), "ALTER STREAM s RENAME TO u; CREATE STREAM s AS SELECT * FROM u;"); err != nil {
		t.Error(err)
	}
}

// What connectors name is not renamed, nor what is made at each start.
func TestRenameRefused(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	s.BaseDir = t.TempDir()
	n.run(t, s, `CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM t (v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE SINK CONNECTOR one WITH ('connector.class'='file', 'from'='T, s', 'path'='{topic}.jsonl');
		CREATE SINK CONNECTOR two WITH ('connector.class'='file', 'topics'='s', 'path'='two.jsonl');`)
	for sql, want := range map[string]string{
		"ALTER STREAM s RENAME TO u;": "Cannot rename stream 'S': connectors name it in their property 'from'.\n  ONE\n" +
			"DROP CONNECTOR these first; created again with the new name, they begin anew.",
		"ALTER STREAM ksql_processing_log RENAME TO u;": "KSQL_PROCESSING_LOG is made at each start, under this name. A stream of another name over the same topic can be created beside it.",
	} {
		if _, err := n.try(t, NewSession(), sql); err == nil || told(err) != want {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
	if got := n.run(t, s, "DROP CONNECTOR one; ALTER STREAM s RENAME TO u;"); !strings.Contains(got, "Stream S is named U now.") {
		t.Error(got)
	}
}
