package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// A project of several versions is carried out once each, with variables and properties of each file; a statement that fails ends it, with the
// reason, and the next attempt begins with that version.
func TestMigrate(t *testing.T) {
	n := testNode(t, "", "migrate_")
	dir := filepath.Join(t.TempDir(), "project")
	config := filepath.Join(dir, "ksql-migrations.properties")
	call := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if got := run(t.Context(), append([]string{"migrate"}, args...), strings.NewReader(""), &out, &out); got != want {
			t.Fatalf("%v ends with %d, want %d: %s", args, got, want, out.String())
		}
		return out.String()
	}
	says := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%q is not in %s", w, got)
			}
		}
	}
	call(0, "new", dir, n.api)
	call(1, "new", dir, n.api)
	call(1, "-c", config, "info") // not initialized
	call(0, "-c", config, "initialize")
	for _, name := range []string{"first steps", "second", "third"} {
		call(0, "-c", config, "create", name)
	}
	call(1, "-c", config, "create", "again", "--version", "2")
	put := func(name, text string) { writeFile(t, filepath.Join(dir, "migrations", name), text) }
	put("V000001__first_steps.sql", `DEFINE field = 'v';
		CREATE STREAM ${name} (k STRING KEY, ${field} INT) WITH (KAFKA_TOPIC='${name}', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO ${name} VALUES ('a', 1);`)
	put("V000002__second.sql", "SET 'auto.offset.reset'='earliest';\nCREATE STREAM big AS SELECT * FROM s WHERE v > 0;\nCREATE STREAM nope AS SELECT * FROM missing;")
	put("V000003__third.sql", "CREATE TABLE counts AS SELECT k, COUNT(*) AS n FROM big GROUP BY k;")
	says(call(0, "-c", config, "apply", "--all", "--dry-run", "-d", "name=s"), "Version 1, first steps", "CREATE STREAM ${name}", "3 migrations would be applied")
	call(2, "-c", config, "apply")
	says(call(1, "-c", config, "apply", "-a", "-d", "name=s"), "Version 2, second", "line 3", "MISSING does not exist")
	says(call(0, "-c", config, "info"), "Current version: 2", "MIGRATED", "ERROR", "MISSING does not exist", "PENDING")
	call(0, "-c", config, "validate")
	// The statements before the one that failed have been carried out, as there.
	put("V000002__second.sql", "CREATE STREAM IF NOT EXISTS big AS SELECT * FROM s WHERE v > 0;")
	says(call(0, "-c", config, "apply", "--next"), "1 migration was applied")
	says(call(0, "-c", config, "apply", "--until", "3"), "Version 3, third")
	says(call(0, "-c", config, "apply", "--all"), "0 migrations were applied")
	call(1, "-c", config, "apply", "--version", "2")
	call(0, "-c", config, "validate")
	put("V000001__first_steps.sql", "-- another one\n")
	says(call(1, "-c", config, "validate"), "was changed since version 1")
	call(0, "-c", config, "destroy-metadata")
	if _, there := n.engine.Snapshot().Source("COUNTS"); !there {
		t.Error("what was carried out has gone with the metadata")
	}
	if _, there := n.engine.Snapshot().Source("MIGRATION_EVENTS"); there {
		t.Error("the metadata is still there")
	}
}
