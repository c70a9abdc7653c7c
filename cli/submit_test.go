package cli

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file is sent and answered, and a mistake in it has its place in the file.
func TestSubmit(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"LISTEN", "KAFKA_LISTEN", "REGISTRY_LISTEN"} {
		t.Setenv("WEIR_"+name, "127.0.0.1:0")
	}
	server := startProcess(t, "server", "--data-dir", "data", "--log-level", "error")
	t.Setenv("WEIR_URL", server.await(t, "HTTP API         "))
	writeFile(t, "pipeline.sql", pipelineScript)
	writeFile(t, "query.sql", "SHOW TABLES;\nSELECT k, n FROM posted EMIT CHANGES LIMIT 1;\n")
	writeFile(t, "wrong.sql", "CREATE STREAM made (a INT) WITH (KAFKA_TOPIC='made', VALUE_FORMAT='JSON', PARTITIONS=1);\nASSERT TOPIC nope TIMEOUT 1 MILLISECOND;\n")
	const tables = "SHOW TABLES\n(none)\n\n"
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string
	}{
		{"pipeline.sql", 0, "CREATE STREAM posted                    Stream created\nINSERT INTO posted                      done\n", ""},
		{"pipeline.sql", 1, "", "weir: pipeline.sql, line 1, column 15: Cannot add stream 'POSTED': A stream with the same name already exists\n" +
			"  CREATE STREAM posted (k STRING KEY, n INT) WITH (KAFKA_TOPIC='posted', VALUE_FORMAT='JSON', PA…\n                ^\nNothing of it has been carried out.\n"},
		{"query.sql --set auto.offset.reset=earliest --output csv", 0, "K,N\na,1\n", ""},
		{"query.sql --set auto.offset.reset=earliest --output jsonl", 0, `{"K":"a","N":1}` + "\n", ""},
		{"query.sql --set auto.offset.reset=earliest --output json", 0, `[{"K":"a","N":1}]` + "\n", ""},
		{"wrong.sql --output json", 1, "", "weir: wrong.sql, line 2, column 1: Topic nope does not exist\nThese had been carried out, and were undone:\n  wrong.sql, line 1, column 1: CREATE STREAM made\n"},
		{"-", 0, "(none)\n", ""},
	} {
		status, stdout, stderr := call(t.Context(), "SHOW TABLES", append([]string{"submit"}, strings.Fields(c.args)...)...)
		if status != c.status || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("weir submit %s: %d\n%s\n%s", c.args, status, stdout, stderr)
		}
	}
	status, stdout, _ := call(t.Context(), "", "submit", filepath.Join(".", "query.sql"), "--set", "auto.offset.reset=earliest")
	if status != 0 || !strings.HasPrefix(stdout, tables+"SELECT k, n FROM posted EMIT CHANGES LIMIT 1\n K ") {
		t.Errorf("%d\n%s", status, stdout)
	}
	server.stop(t, syscall.SIGTERM)
}
