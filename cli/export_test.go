package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

const exportScript = `CREATE STREAM s (k STRING KEY, n BIGINT, d DECIMAL(6, 2)) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT k, SUM(n) AS n FROM s GROUP BY k;
INSERT INTO s VALUES ('a', 9223372036854775806, 1.50);
INSERT INTO s (k) VALUES ('');
INSERT INTO s VALUES ('a', 1, NULL);
`

// A script's files have all rows, those of a query that goes on included, and lie beside it.
func TestCopyInScript(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	name := writeFile(t, filepath.Join(dir, "x.sql"), exportScript+`COPY (SELECT * FROM s EMIT CHANGES) TO 'live.csv';
COPY (SELECT * FROM t) TO 't.jsonl';
COPY (SELECT k, n FROM s EMIT CHANGES LIMIT 2) TO 'two.parquet';
COPY (SELECT 1 AS one) TO 'one.csv' WITH (HEADER=FALSE);
SELECT k FROM s EMIT CHANGES LIMIT 1;
`)
	status, out, errs := call(t.Context(), "", "run", name)
	if status != 0 || errs != "" {
		t.Fatalf("%d\n%s\n%s", status, out, errs)
	}
	for _, want := range []string{
		"COPY (SELECT * FROM t) TO 't.jsonl'      Copied 2 rows (49 B) to " + filepath.Join(dir, "t.jsonl") + ".\n",
		"Copied 3 rows (43 B) to " + filepath.Join(dir, "live.csv") + ".\n", "Copied 2 rows (", "1 shown",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	for file, want := range map[string]string{
		"live.csv": "K,N,D\na,9223372036854775806,1.50\n\"\",,\na,1,\n", "t.jsonl": `{"K":"a","N":9223372036854775807}` + "\n" + `{"K":"","N":0}` + "\n", "one.csv": "1\n",
	} {
		if got := readFile(t, filepath.Join(dir, file)); got != want && (file != "t.jsonl" || len(got) != len(want)) {
			t.Errorf("%s has\n%s", file, got)
		}
	}
	data := []byte(readFile(t, filepath.Join(dir, "two.parquet")))
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil || f.NumRows() != 2 {
		t.Error(f, err)
	}
	status, _, errs = call(t.Context(), "", "run", name)
	want := "weir: " + name + ", line 6, column 1: " + filepath.Join(dir, "live.csv") + " is there already: name another file, or say OVERWRITE=TRUE (weir export --force) to replace it\n"
	if status != 1 || errs != want {
		t.Errorf("%d\n%s", status, errs)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// An engine of the program's own, and a server, give the same files. The server itself writes none.
func TestExport(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"LISTEN", "KAFKA_LISTEN", "REGISTRY_LISTEN"} {
		t.Setenv("WEIR_"+name, "127.0.0.1:0")
	}
	server := startProcess(t, "server", "--data-dir", "data", "--log-level", "error")
	url := server.await(t, "HTTP API         ")
	t.Setenv("WEIR_URL", url)
	writeFile(t, "x.sql", exportScript)
	if status, out, errs := call(t.Context(), "", "cli", "-f", "x.sql"); status != 0 {
		t.Fatalf("%d\n%s\n%s", status, out, errs)
	}
	writeFile(t, "there.csv", "mine")
	const all = "K,N,D\na,9223372036854775806,1.50\n\"\",,\na,1,\n"
	for _, c := range []struct {
		args           []string
		status         int
		stdout, stderr string
		file, want     string
	}{
		{[]string{"s", "-o", "s.csv"}, 0, "", "Copied 3 rows (43 B) to s.csv.\n", "s.csv", all},
		{[]string{"s", "-o", "s.csv"}, 1, "", "weir: s.csv is there already: name another file, or say OVERWRITE=TRUE (weir export --force) to replace it\n", "s.csv", all},
		{[]string{"SELECT k, n FROM s EMIT CHANGES LIMIT 2;", "--set", "auto.offset.reset=earliest", "--force", "--out", "there.csv", "--with", "null_as=NULL"}, 0, "",
			"Copied 2 rows (34 B) to there.csv.\n", "there.csv", "K,N\na,9223372036854775806\n\"\",NULL\n"},
		{[]string{"SELECT k FROM s -- all", "-o", "-", "--format", "jsonl"}, 0, "{\"K\":\"a\"}\n{\"K\":\"\"}\n{\"K\":\"a\"}\n", "Copied 3 rows (29 B).\n", "", ""},
		{[]string{"SELECT * FROM s EMIT CHANGES", "-o", "all.csv", "--set", "auto.offset.reset=earliest", "--timeout", "2s"}, 0, "", "Copied 3 rows (43 B) to all.csv.\n", "all.csv", all},
		{[]string{"SELECT k FROM s EMIT CHANGES LIMIT 9", "-o", "nine.csv", "--set", "auto.offset.reset=earliest", "--timeout", "2s"}, 1, "",
			"Copied 3 rows (9 B) to nine.csv.\nweir: not done within the --timeout of 2s\n", "nine.csv", "K\na\n\"\"\na\n"},
		{[]string{"SELECT x FROM s", "-o", "x.csv"}, 1, "", "", "", ""},
		{[]string{"s", "-o", "x.xls"}, 2, "", "weir: the name x.xls does not tell the format: end it with .csv, .tsv, .jsonl, .ndjson or .parquet, or name one: FORMAT='csv', 'jsonl' or 'parquet'\nFor help: weir export --help\n", "", ""},
		{[]string{"SHOW TABLES", "-o", "x.csv"}, 2, "", "weir: expected one SELECT, or the name of a stream or table, got \"SHOW TABLES\"\nFor help: weir export --help\n", "", ""},
		{[]string{"s"}, 2, "", "weir: expected a file: -o FILE, or -o - for the standard output\nFor help: weir export --help\n", "", ""},
		{nil, 2, "", "weir: expected a query, or the name of a stream or table: weir export 'SELECT ...' -o FILE\nFor help: weir export --help\n", "", ""},
	} {
		status, stdout, stderr := call(t.Context(), "", append([]string{"export"}, c.args...)...)
		if status != c.status || stdout != c.stdout || stderr != c.stderr && c.stderr != "" {
			t.Errorf("weir export %q: %d\n%s\n%s", c.args, status, stdout, stderr)
		}
		if c.file != "" && readFile(t, c.file) != c.want {
			t.Errorf("weir export %q: %s", c.args, readFile(t, c.file))
		}
	}
	copies := "COPY (SELECT * FROM s) TO 'a.csv'; DEFINE f='b'; COPY (SELECT k\nFROM s) TO '${f}.csv' WITH (HEADER=FALSE);"
	if status, out, errs := call(t.Context(), "", "cli", "-e", copies); status != 0 || readFile(t, "a.csv") != all || readFile(t, "b.csv") != "a\n\"\"\na\n" {
		t.Errorf("%d\n%s\n%s", status, out, errs)
	}
	_, _, errs := call(t.Context(), "", "cli", "-e", "SHOW TABLES;\n COPY (SELECT k,\n  x FROM s) TO 'c.csv';")
	if !strings.Contains(errs, "Line: 3, Col: 3") {
		t.Error(errs)
	}
	for path, media := range map[string]string{"/sql": "application/sql", "/ksql": "application/json", "/query-stream": "application/json", "/query": "application/json"} {
		body := "COPY (SELECT * FROM s) TO 'served.csv';"
		switch path {
		case "/ksql", "/query":
			body = fmt.Sprintf(`{"ksql": %q}`, body)
		case "/query-stream":
			body = fmt.Sprintf(`{"sql": %q}`, body)
		default: // as it is
		}
		resp, err := http.Post(url+path, media, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		_, _ = text.ReadFrom(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK || !strings.Contains(text.String(), "a server writes none for its clients. Use weir export") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text.String())
		}
	}
	for _, f := range []string{"x.csv", "c.csv", "served.csv", "data/served.csv"} {
		if _, err := os.Stat(f); err == nil {
			t.Errorf("%s is there", f)
		}
	}
	if left, err := filepath.Glob("*.tmp"); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
	server.stop(t, syscall.SIGTERM)
}

// Ctrl-C ends a query that goes on, and the file has what came; a look-up leaves none.
func TestExportInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	script := exportScript + "SET 'auto.offset.reset'='earliest';\nCOPY (SELECT k FROM s EMIT CHANGES) TO 'k.csv';"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if found, err := filepath.Glob("k.csv.*.tmp"); err == nil && len(found) > 0 {
				time.Sleep(2 * time.Second)
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	status, out, errs := call(ctx, "", "--data-dir", "d", "-e", script)
	if status != 0 || readFile(t, "k.csv") != "K\na\n\"\"\na\n" || !strings.HasSuffix(out, string(filepath.Separator)+"k.csv.\n") || !strings.Contains(out, "Copied 3 rows (9 B) to ") {
		t.Errorf("%d\n%s\n%s", status, out, errs)
	}
}
