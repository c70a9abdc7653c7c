package cli

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests run this binary again as the program itself.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_PROGRAM") != "" {
		os.Exit(Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

const helloScript = `
CREATE STREAM greetings (id INT KEY, name STRING) WITH (KAFKA_TOPIC='greetings', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE TABLE counts AS SELECT name, COUNT(*) AS n FROM greetings GROUP BY name;
SELECT id, name FROM greetings EMIT CHANGES;
INSERT INTO greetings VALUES (1, 'world'); INSERT INTO greetings VALUES (2, 'moon'); INSERT INTO greetings VALUES (3, 'world');
SELECT * FROM counts WHERE name = 'world';
`

const pipelineScript = `CREATE STREAM posted (k STRING KEY, n INT) WITH (KAFKA_TOPIC='posted', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO posted VALUES ('a', 1);
`

// call runs a command line in this process.
func call(ctx context.Context, stdin string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(ctx, args, strings.NewReader(stdin), &out, &err)
	return status, out.String(), err.String()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCommandLine(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	cases := []struct {
		args           string
		status         int
		stdout, stderr string
	}{
		{"version", 0, "weir " + Version, ""},
		{"--version", 0, "weir " + Version, ""},
		{"help", 0, "weir reset", ""},
		{"--help", 0, "weir run FILE", ""},
		{"-h", 0, "Example:", ""},
		{"help", 0, "weir check [DIR]", ""},
		{"help check", 0, "weir check ./data", ""},
		{"help run", 0, "weir run hello.sql", ""},
		{"run --help", 0, "Ctrl-C commits", ""},
		{"help rnu", 2, "", "Did you mean weir run?"},
		{"serve", 2, "", "Did you mean weir server?"},
		{"x.sql", 2, "", "weir run x.sql"},
		{"server --datadir x", 2, "", "Did you mean --data-dir?"},
		{"server x", 2, "", `unexpected argument "x"`},
		{"run", 2, "", "weir run FILE"},
		{"run nope.sql", 1, "", "cannot read the script"},
		{"run nope.sql --output xml", 2, "", "expected TABULAR, VERTICAL, JSON, JSONL or CSV"},
		{"cli ftp://x", 2, "", "http://host:port"},
		{"cli -e x -f y", 2, "", "exclude each other"},
		{"cli localhost:1 -e SHOW", 1, "", "cannot reach the server"},
		{"submit", 2, "", "weir submit FILE"},
		{"submit nope.sql", 1, "", "cannot read the file"},
		{"submit x --output vertical", 2, "", "expected TABULAR, JSON, JSONL or CSV"},
		{"submit x --set y", 2, "", "expected name=value"},
		{"submit x ftp://y", 1, "", "cannot read the file"},
		{"submit - ftp://y", 2, "", "http://host:port"},
		{"submit - localhost:1", 1, "", "cannot reach the server"},
		{"export --force", 2, "", "expected a query"},
		{"export x -o x.csv --with y", 2, "", "expected name=value"},
		{"export x -o x.csv --timeout -1s", 2, "", "expected a duration such as 10s"},
		{"export x -o x.csv localhost:1", 1, "", "cannot reach the server"},
		{"reset --set x", 2, "", "expected name=value"},
		{"-e x -f y", 2, "", "exclude each other"},
		{"-e x --timeout -1s", 2, "", "expected a duration such as 10s"},
		{"-e x -d y", 2, "", "expected name=value"},
	}
	for _, c := range cases {
		status, stdout, stderr := call(t.Context(), "", strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("weir %s: %d\n%s\n%s", c.args, status, stdout, stderr)
		}
	}
}

func TestParseFlags(t *testing.T) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	keep := fs.Bool("keep", false, "")
	dir := fs.String("dir", "", "")
	rest, err := parseFlags(fs, []string{"a", "--keep", "b", "--dir", "d", "--", "--c"})
	if err != nil || !*keep || *dir != "d" || fmt.Sprint(rest) != "[a b --c]" {
		t.Errorf("%v %v %q %v", rest, *keep, *dir, err)
	}
}

func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	name := writeFile(t, filepath.Join(t.TempDir(), "hello.sql"), helloScript+"CREATE STREAM waves (id INT) WITH (KAFKA_TOPIC='waves', VALUE_FORMAT='JSON');\n")
	status, out, errs := call(t.Context(), "", "run", name)
	if status != 0 || errs != "" {
		t.Fatalf("%d\n%s\n%s", status, out, errs)
	}
	for _, want := range []string{"CREATE STREAM greetings", "Stream created\n" + strings.Repeat(" ", 41) + "Topic waves did not exist: it was made with 4 partitions.", "Created query with ID CTAS_COUNTS_", "kcat -b 127.0.0.1:", " -t COUNTS -C -o beginning -e",
		"|ID|NAME|\n", "|1|world|\n", "|2|moon|\n", "|3|world|\n", "|NAME|N|\n|world|2|\n", "Done: all input is used up and committed. ", "3 shown, 0 late, 0 bad"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRunTwice(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "rows.csv"), "1,a\n2,b\n3,a\n")
	name := writeFile(t, filepath.Join(dir, "load.sql"), `
CREATE STREAM rows (id INT, name STRING) WITH (KAFKA_TOPIC='rows', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
CREATE SOURCE CONNECTOR loading WITH ('connector.class'='file', 'path'='rows.csv', 'format'='csv', 'topic'='rows');
CREATE TABLE counts AS SELECT name, COUNT(*) AS n FROM rows GROUP BY name;
INSERT INTO rows VALUES (4, 'a');
CREATE OR REPLACE TABLE counts AS SELECT name, COUNT(*) AS n FROM rows GROUP BY name HAVING COUNT(*) > 0;
SELECT * FROM counts WHERE name = 'a';`)
	for i, want := range []string{"LOADING: 3 rows loaded", "unchanged"} {
		status, out, errs := call(t.Context(), "", "run", name, "--data-dir", filepath.Join(dir, "data"), "--output", "tabular")
		if status != 0 || !strings.Contains(out, want) || !strings.Contains(out, "|a|3|") {
			t.Errorf("run %d: %d\n%s\n%s", i+1, status, out, errs)
		}
	}
}

// However a file is carried out, a mistake in it has its place in the file.
func TestPlacesInFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	file := writeFile(t, filepath.Join(dir, "made.sql"),
		"CREATE STREAM a (k STRING KEY, n INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);\nCREATE STREAM b AS\n  SELECT nope FROM a EMIT CHANGES;\n")
	inserts := writeFile(t, filepath.Join(dir, "inserts.sql"),
		"CREATE STREAM a (k STRING KEY, n INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);\n\n  INSERT INTO a VALUES ('x', 'y');\n")
	const column = ", line 3, column 10: SELECT column 'NOPE' cannot be resolved.\n    SELECT nope FROM a EMIT CHANGES;\n           ^\n"
	const value = ", line 3, column 3: Failed to insert values into 'A'. Column `N`: not a valid INTEGER: \"y\"\n"
	for _, c := range []struct{ name, args, want string }{
		{"run", "run " + file, "weir: " + file + column},
		{"run, a value", "run " + inserts, "weir: " + inserts + value},
		{"-f", "--data-dir " + filepath.Join(dir, "f") + " -f " + file, "weir: " + file + column},
		{"-f, a value", "--data-dir " + filepath.Join(dir, "v") + " -f " + inserts, "weir: " + inserts + value},
		{"import", "import ksqldb " + writeFile(t, filepath.Join(dir, "import.sql"), "SHOW TABLES;\n\n  SELECT 'open;\n"), "weir: " + filepath.Join(dir, "import.sql") + ", line 3, column 10: Syntax error: the quote is never closed; close it with '\n    SELECT 'open;\n           ^\n"},
		{"RUN SCRIPT", "--data-dir " + filepath.Join(dir, "s"), "weir: " + file + column},
		{"-e", "--data-dir " + filepath.Join(dir, "e") + " -e", "weir: line 1, column 15: NOPE does not exist.\n  SELECT * FROM nope;\n                ^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args, stdin := strings.Fields(c.args), ""
			switch c.name {
			case "RUN SCRIPT":
				stdin = "RUN SCRIPT '" + file + "';\n"
			case "-e":
				args = append(args, "SELECT * FROM nope;")
			}
			if status, out, errs := call(t.Context(), stdin, args...); status != 1 || !strings.HasSuffix(errs, c.want) {
				t.Errorf("%d\n%s\n%s\nwant %s", status, out, errs, c.want)
			}
		})
	}
}

func TestRunFails(t *testing.T) {
	dir := t.TempDir()
	cases := map[string]struct{ sql, want string }{
		"syntax, before anything is done": {"CREATE STREAM a (v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);\n\nSELEC;", "s.sql, line 3, column 1: Syntax error: Unknown statement 'SELEC'\n"},
		"statement":                       {"SHOW STREAMS;\nSELECT * FROM nope EMIT CHANGES;", "s.sql, line 2, column 15: NOPE does not exist.\n  SELECT * FROM nope EMIT CHANGES;\n                ^\n"},
		"connector":                       {"CREATE SOURCE CONNECTOR c WITH ('connector.class'='file', 'path'='nope.csv', 'topic'='t');", "nope.csv"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, out, errs := call(t.Context(), "", "run", writeFile(t, filepath.Join(dir, "s.sql"), c.sql))
			if status != 1 || !strings.Contains(errs, c.want) || strings.Contains(out, "Stream created") {
				t.Errorf("%d\n%s\n%s", status, out, errs)
			}
		})
	}
}

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	mu  sync.Mutex
	out strings.Builder
	eof chan struct{}
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), eof: make(chan struct{})}
	p.Env = append(os.Environ(), "TEST_AS_PROGRAM=1", "WEIR_LISTEN=127.0.0.1:0", "WEIR_KAFKA_LISTEN=127.0.0.1:0", "WEIR_REGISTRY_LISTEN=127.0.0.1:0")
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	go func() {
		defer close(p.eof)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.out.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
	}()
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// await waits for a text in the output, and returns what follows it up to the next blank or line break.
func (p *process) await(t *testing.T, text string) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, rest, ok := strings.Cut(p.text(), text); ok {
			return strings.FieldsFunc(rest+" ", func(r rune) bool { return r == ' ' || r == '\n' })[0]
		}
	}
	t.Fatalf("%q did not come:\n%s", text, p.text())
	return ""
}

// interrupted sends Ctrl-C and expects the status that tells of it.
func (p *process) interrupted(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.eof
	if _ = p.Wait(); p.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("ended with %v:\n%s", p.ProcessState, p.text())
	}
}

// stop sends a signal and expects a clean end.
func (p *process) stop(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	<-p.eof
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v:\n%s", err, p.text())
	}
}

func TestServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, "server", "--data-dir", dir, "--log-level", "warn")
	p.await(t, "Ready.")
	url := p.await(t, "HTTP API         ")
	if status, out, errs := call(t.Context(), helloScript[:strings.Index(helloScript, "SELECT id")]+"SHOW TABLES;\n", "cli", url); status != 0 || !strings.Contains(out, "COUNTS") {
		t.Errorf("%d\n%s\n%s", status, out, errs)
	}
	if status, _, errs := call(t.Context(), "", "reset", "-y", "--data-dir", dir); status != 1 || !strings.Contains(errs, "in use") {
		t.Errorf("reset: %d %s", status, errs)
	}
	p.stop(t, syscall.SIGTERM)

	// What it made is there at the next start, and in a shell.
	if status, out, errs := call(t.Context(), "SHOW QUERIES;\nSHOW FOO;\n", "--data-dir", dir); status != 1 || !strings.Contains(out, "CTAS_COUNTS_") || !strings.Contains(errs, "weir: line 2, column 6: Syntax error: ") {
		t.Errorf("%d\n%s\n%s", status, out, errs)
	}
}

func TestRunIsStopped(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "s.sql"), `
CREATE STREAM clicks (page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE SOURCE CONNECTOR clicks WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='50');
SELECT * FROM clicks EMIT CHANGES;`)
	p := startProcess(t, "run", filepath.Join(dir, "s.sql"))
	p.await(t, "CLICKS has no end")
	p.await(t, "|/")
	p.stop(t, os.Interrupt)
	if !strings.Contains(p.text(), "\nStopped. ") {
		t.Errorf("no summary:\n%s", p.text())
	}

	// What has an end and has not come to it is not whole.
	writeFile(t, filepath.Join(dir, "slow.sql"), `
CREATE STREAM clicks (page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE SOURCE CONNECTOR clicks WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='50', 'rows'='1000000');
SELECT * FROM clicks EMIT CHANGES;`)
	p = startProcess(t, "run", filepath.Join(dir, "slow.sql"))
	p.await(t, "|/")
	p.interrupted(t)
	p = startProcess(t, "--data-dir", filepath.Join(dir, "d"), "-e", "SHOW STREAMS; PRINT default_ksql_processing_log;")
	p.await(t, "KSQL_PROCESSING_LOG")
	p.interrupted(t)

	writeFile(t, filepath.Join(dir, "keep.sql"), helloScript)
	p = startProcess(t, "run", filepath.Join(dir, "keep.sql"), "--keep")
	p.await(t, "Serving.")
	url := p.await(t, "HTTP API         ")
	if status, out, errs := call(t.Context(), "", "cli", url, "-e", "SELECT * FROM counts WHERE name='moon'", "--output", "json"); status != 0 || !strings.Contains(out, `["moon",1]`) {
		t.Errorf("%d\n%s\n%s", status, out, errs)
	}
	p.stop(t, syscall.SIGTERM)
}

// Statements of the command line run on an engine of the program's own, too.
func TestShellExecutes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, name := range []string{"LISTEN", "KAFKA_LISTEN", "REGISTRY_LISTEN"} {
		t.Setenv("WEIR_"+name, "127.0.0.1:0")
	}
	script := filepath.Join(t.TempDir(), "s.sql")
	writeFile(t, script, "CREATE STREAM ${name} (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO ${name} VALUES ('a', 1);")
	for _, c := range []struct {
		args   []string
		status int
		out    string
		err    string
	}{
		{[]string{"-f", script, "-d", "name=s"}, 0, "Stream created", ""},
		{[]string{"-e", "SELECT * FROM s", "--output", "csv"}, 0, "K,V\na,1\n", ""},
		{[]string{"-e", "SELECT * FROM s", "--output", "jsonl"}, 0, `{"K":"a","V":1}` + "\n", ""},
		{[]string{"-e", "SELECT * FROM s", "--output", "vertical"}, 0, "K | a\nV | 1\n", ""},
		{[]string{"-e", "SELECT * FROM nope"}, 1, "", "NOPE does not exist"},
		{[]string{"-e", "SELECT * FROM s EMIT CHANGES", "--timeout", "300ms"}, 1, "", "not done within the --timeout of 300ms"},
	} {
		status, out, errs := call(t.Context(), "", append([]string{"--data-dir", dir}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.err) {
			t.Errorf("%q: %d\n%s\n%s", c.args, status, out, errs)
		}
	}
}

// Every command's help has an example, and each of them works.
func TestExamples(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	writeFile(t, "hello.sql", helloScript)
	writeFile(t, "pipeline.sql", pipelineScript)
	server := startProcess(t, "server", "--data-dir", "elsewhere", "--log-level", "error")
	t.Setenv("WEIR_URL", server.await(t, "HTTP API         "))
	if status, _, errs := call(t.Context(), "", "cli", "-e", "CREATE STREAM hits (page STRING, n INT) WITH (KAFKA_TOPIC='hits', VALUE_FORMAT='JSON', PARTITIONS=1);"); status != 0 {
		t.Fatal(errs)
	}
	for _, name := range []string{"LISTEN", "KAFKA_LISTEN", "REGISTRY_LISTEN"} {
		t.Setenv("WEIR_"+name, "127.0.0.1:0")
	}
	for _, c := range commands() {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		c.flags(fs)
		if help := c.help(fs); c.example == "" || !strings.Contains(help, c.example) || !strings.Contains(help, c.summary) {
			t.Errorf("%s: the help is\n%s", c.title(), help)
			continue
		}
		t.Run(c.title(), func(t *testing.T) {
			stdin, line := "", c.example
			if left, right, piped := strings.Cut(line, " | "); piped {
				stdin, line = strings.Trim(strings.TrimPrefix(left, "echo "), `"`), right
			}
			args := shellWords(line)
			if args[0] != "weir" {
				t.Fatalf("%s runs another program", c.example)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out untilReady
			if c.name == "server" { // it runs until it is told to end
				out.ready = cancel
			}
			var errs bytes.Buffer
			if status := run(ctx, args[1:], strings.NewReader(stdin), &out, &errs); status != 0 || out.text.Len()+errs.Len() == 0 {
				t.Errorf("%d\n%s\n%s", status, &out.text, &errs)
			}
		})
	}
	server.stop(t, syscall.SIGTERM)
}

// untilReady calls ready, where it is not nil, once a server says that it is.
type untilReady struct {
	text  bytes.Buffer
	ready func()
}

func (u *untilReady) Write(p []byte) (int, error) {
	if u.text.Write(p); u.ready != nil && strings.Contains(u.text.String(), "Ready.") {
		u.ready()
	}
	return len(p), nil
}

// shellWords splits a command line at blanks outside of double quotes.
func shellWords(line string) []string {
	quoted := false
	words := strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' || r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for i := range words {
		words[i] = strings.Trim(words[i], `"'`)
	}
	return words
}
