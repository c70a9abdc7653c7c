package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"weir/connectors/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is an Output that keeps what the source emits, as text: partition, key, value, timestamp and headers.
type memory struct {
	rows    []string
	total   int64
	bad     []string
	flushes int
	pos     func() any
	saved   []json.RawMessage // the position after each row
	stop    int               // fails after so many rows; 0 never
	seen    chan string       // where not nil, gets each row
}

var errStop = errors.New("stop")

func (m *memory) Emit(ctx context.Context, r *connector.Record) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%d|%s|%s|%d", r.Partition, r.Key, r.Value, r.Timestamp)
	for _, h := range r.Headers {
		fmt.Fprintf(&text, "|%s", h.Value)
	}
	m.rows = append(m.rows, text.String())
	pos, _ := json.Marshal(m.pos())
	m.saved = append(m.saved, pos)
	if m.seen != nil {
		select {
		case m.seen <- text.String():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if len(m.rows) == m.stop {
		return errStop
	}
	return nil
}

func (m *memory) Flush(context.Context) error { m.flushes++; return nil }
func (m *memory) Partitions(string) int32     { return 4 }
func (m *memory) SetTotal(n int64)            { m.total = n }
func (m *memory) Bad(err error)               { m.bad = append(m.bad, err.Error()) }

func openSource(dir string, pairs ...string) (connector.Reader, error) {
	all := []connector.Setting{{Name: "topic", Value: "t"}}
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, connector.Setting{Name: pairs[i], Value: pairs[i+1]})
	}
	v, err := connector.Check(Class(), all)
	if err != nil {
		return nil, err
	}
	return Class().Open(connector.Env{Name: "c", BaseDir: dir}, v)
}

func run(t *testing.T, m *memory, resume json.RawMessage, dir string, pairs ...string) error {
	t.Helper()
	s, err := openSource(dir, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	m.pos = s.Position
	return s.Run(t.Context(), m, resume)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

func folder(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.log": "one\ntwo\n\nfour", "b.log": "five\n", "z.log.gz": gzipped("zipped\n"), "packed": gzipped("x\ny\n"),
		"p.csv": "id,who,at\n1,ann,2024-01-01\n2,\"bo\nb\",2024-01-02\n3,,soon\n4\n", "q.csv": "1;x\n2;\"y;z\"\n", "head.csv": "id,who",
		"r.json": "{\"k\":\"a\",\"ts\":1000}\n\n{\"k\":7,\"ts\":2000}\n{\"ts\":null}\nnonsense\n", "empty": "",
		"fake.gz": "plain", "cut.gz": gzipped(strings.Repeat("some text\n", 1000))[:40], "open.csv": "a,\"b\nc\n", "long": strings.Repeat("x", 100) + "\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoad(t *testing.T) {
	dir := folder(t)
	for name, c := range map[string]struct {
		pairs []string
		want  []string
		bad   int
	}{
		"lines": {[]string{"path", "a.log"}, []string{"0||one|0|a.log|1|4", "1||two|0|a.log|2|4", "2|||0|a.log|3|4", "3||four|0|a.log|4|4"}, 0},
		"several, by file": {[]string{"path", "*.log*"}, []string{"0||one|0|a.log|1|4", "0||two|0|a.log|2|4", "0|||0|a.log|3|4", "0||four|0|a.log|4|4",
			"1||five|0|b.log|1|1", "2||zipped|0|z.log.gz|1|1"}, 0},
		"one, by file":  {[]string{"path", "packed", "partition.by", "file"}, []string{"0||x|0|packed|1|2", "0||y|0|packed|2|2"}, 0},
		"at most":       {[]string{"path", "*.log", "max.rows", "2", "partition.by", "round-robin"}, []string{"0||one|0|a.log|1|4", "1||two|0|a.log|2|4"}, 0},
		"loop, at most": {[]string{"path", "b.log", "loop", "true", "max.rows", "3"}, []string{"0||five|0|b.log|1|1", "0||five|0|b.log|1|1", "0||five|0|b.log|1|1"}, 0},
		"empty":         {[]string{"path", "empty"}, nil, 0},
		"whole":         {[]string{"path", "b.log", "format", "bytes"}, []string{"0||five\n|0|b.log|1|1"}, 0},
		"whole, packed": {[]string{"path", "z.log.gz", "format", "bytes"}, []string{"0||" + gzipped("zipped\n") + "|0|z.log.gz|1|1"}, 0},
		"whole, empty":  {[]string{"path", "empty", "format", "bytes"}, nil, 0},
		"only a header": {[]string{"path", "head.csv", "format", "csv", "csv.header", "true", "key", "who"}, nil, 0},
		"csv":           {[]string{"path", "q.csv", "format", "csv", "csv.delimiter", ";", "key", "2"}, []string{"2|x|1;x|0|q.csv|1|2", "2|y;z|2;\"y;z\"|0|q.csv|2|2"}, 0},
		"csv with names": {[]string{"path", "p.csv", "format", "csv", "csv.header", "true", "key", "WHO", "time.column", "at"}, []string{"1|ann|1,ann,2024-01-01|1704067200000|p.csv|1|4",
			"2|bo\nb|2,\"bo\nb\",2024-01-02|1704153600000|p.csv|2|4", "2||3,,soon|1704153600000|p.csv|3|4", "3||4|1704153600000|p.csv|4|4"}, 3},
		"json": {[]string{"path", "r.json", "format", "json", "key", "k", "time.field", "ts", "time.format", "epoch_ms"}, []string{`2|a|{"k":"a","ts":1000}|1000|r.json|1|4`,
			`2|7|{"k":7,"ts":2000}|2000|r.json|2|4`, `2||{"ts":null}|2000|r.json|3|4`, `3||nonsense|2000|r.json|4|4`}, 3},
		"regular expressions": {[]string{"path", "a.log", "key.regex", "^(.)", "time.regex", "t(w?)o", "time.format", "epoch_ms"}, []string{"2|o|one|1|a.log|1|4", "2|t|two|1|a.log|2|4",
			"2|||1|a.log|3|4", "0|f|four|1|a.log|4|4"}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			if err := run(t, &m, nil, dir, c.pairs...); err != nil {
				t.Fatal(err)
			}
			keys := strings.Contains(strings.Join(c.pairs, " "), "key")
			if len(m.rows) != len(c.want) || len(m.bad) != c.bad || m.total != int64(len(c.want)) {
				t.Fatalf("%d rows of %d, %d bad: %q %q", len(m.rows), m.total, len(m.bad), m.rows, m.bad)
			}
			for i, want := range c.want {
				got := m.rows[i]
				if keys { // where keys go is murmur2's business
					got, want = got[1:], want[1:]
				}
				if got != want {
					t.Errorf("row %d is %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// Wherever a run is interrupted, the next one goes on with the row after it.
func TestResume(t *testing.T) {
	dir := folder(t)
	for _, pairs := range [][]string{
		{"path", "*.log*"}, {"path", "packed"}, {"path", "p.csv", "format", "csv", "csv.header", "true", "key", "who"}, {"path", "b.log", "loop", "true", "max.rows", "4"},
	} {
		var all memory
		if err := run(t, &all, nil, dir, pairs...); err != nil {
			t.Fatal(err)
		}
		for i := range all.rows {
			first := memory{stop: i + 1}
			if err := run(t, &first, nil, dir, pairs...); !errors.Is(err, errStop) {
				t.Fatal(err)
			}
			var rest memory
			if err := run(t, &rest, first.saved[i], dir, pairs...); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(append(first.rows, rest.rows...), "\n"), strings.Join(all.rows, "\n"); got != want {
				t.Errorf("%q, interrupted after row %d:\n%s\nwant:\n%s", pairs, i+1, got, want)
			}
		}
	}
	first := memory{stop: 2}
	run(t, &first, nil, dir, "path", "a.log")
	write(t, filepath.Join(dir, "a.log"), "another\nfile\nof\nthis\nname\n")
	var rest memory
	if err := run(t, &rest, first.saved[1], dir, "path", "a.log"); !connector.IsUser(err) || !strings.Contains(err.Error(), "was replaced since it was loaded up to row 2") {
		t.Errorf("a replaced file: %v", err)
	}
	if err := run(t, &rest, json.RawMessage(`{`), dir, "path", "a.log"); !connector.IsUser(err) {
		t.Errorf("a damaged position: %v", err)
	}
}

func TestFilesThatFail(t *testing.T) {
	dir := folder(t)
	for want, pairs := range map[string][]string{
		"there is no file " + dir + "/missing":                                 {"path", "missing"},
		"no file matches " + dir + "/*.nothing":                                {"path", "*.nothing"},
		"sub is a directory: name the files in it":                             {"path", "sub"},
		"fake.gz is not a gzip file, though":                                   {"path", "fake.gz"},
		"cut.gz is a damaged gzip file":                                        {"path", "cut.gz"},
		"open.csv, line 1: a quote is not closed":                              {"path", "open.csv", "format", "csv"},
		"line 1: the row is longer than 50 bytes":                              {"path", "long", "max.line.bytes", "50"},
		"no column 'whom' (did you mean 'who'?). Its columns are: id, who, at": {"path", "p.csv", "format", "csv", "csv.header", "true", "key", "whom"},
		"a.log, line 1: the file is longer than 5 bytes":                       {"path", "a.log", "format", "bytes", "max.line.bytes", "5"},
		"packed is a gzip file: it cannot be followed":                         {"path", "packed", "follow", "true"},
	} {
		var m memory
		if err := run(t, &m, nil, dir, pairs...); !connector.IsUser(err) || !strings.Contains(err.Error(), want) || len(m.rows) > 0 {
			t.Errorf("%q: %v after %d rows, want %q", pairs, err, len(m.rows), want)
		}
	}
}

func TestPropertiesThatFail(t *testing.T) {
	for _, c := range []struct {
		want  string
		pairs []string
	}{
		{"needs the property 'path'", nil},
		{"property 'path' is empty", []string{"path", ""}},
		{"has no property 'pth'. Did you mean 'path'? Its properties are: connector.class, csv.delimiter,", []string{"pth", "x"}},
		{"expected lines or csv or json or msgpack or bytes, got 'jsn'; did you mean 'json'?", []string{"path", "x", "format", "jsn"}},
		{"a [ is not closed", []string{"path", "[x"}},
		{"expected true or false", []string{"path", "x", "follow", "yes"}},
		{"expected a whole number", []string{"path", "x", "max.rows", "many"}},
		{"a number from 1", []string{"path", "x", "partitions", "0"}},
		{"is for 'format'='csv', and the format is 'lines'", []string{"path", "x", "csv.header", "true"}},
		{"there is 'key.regex'", []string{"path", "x", "key", "a"}},
		{"the file needs a header", []string{"path", "x", "format", "csv", "key", "a"}},
		{"numbered from 1", []string{"path", "x", "format", "csv", "key", "0"}},
		{"missing closing )", []string{"path", "x", "key.regex", "(a"}},
		{"in parentheses", []string{"path", "x", "time.regex", "a"}},
		{"one ASCII character", []string{"path", "x", "format", "csv", "csv.delimiter", "||"}},
		{"expected max, a number of rows", []string{"path", "x", "speed", "fast"}},
		{"say where it is with 'time.column'", []string{"path", "x", "speed", "x60"}},
		{"property 'time.format'", []string{"path", "x", "time.regex", "(a)", "time.format", "QQ"}},
		{"when a file is whole cannot be told", []string{"path", "x", "format", "bytes", "follow", "true"}},
		{"a whole file has the header weir.file", []string{"path", "x", "format", "bytes", "key", "a"}},
		{"exclude each other", []string{"path", "x", "loop", "true", "follow", "true"}},
	} {
		if _, err := openSource("", c.pairs...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.pairs, err, c.want)
		}
	}
}

func TestSpeed(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), "1000\n2000\n2500\nbad\n7000\n")
	for speed, want := range map[string]time.Duration{"40": 100 * time.Millisecond, "x60": 100 * time.Millisecond, "max": 0} {
		synctest.Test(t, func(t *testing.T) { // its clock goes on only while the source sleeps
			var m memory
			begin := time.Now()
			if err := run(t, &m, nil, dir, "path", "f", "speed", speed, "time.regex", `(\d+)`, "time.format", "epoch_ms"); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took != want || want > 0 && m.flushes == 0 {
				t.Errorf("speed %s took %v with %d flushes, want %v", speed, took, m.flushes, want)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.log")
	write(t, path, "a\nb\nhal")
	m := &memory{seen: make(chan string)}
	s, err := openSource(dir, "path", "*.log", "follow", "true")
	if err != nil {
		t.Fatal(err)
	}
	m.pos = s.Position
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error)
	go func() { done <- s.Run(ctx, m, nil) }()
	expect := func(rows ...string) {
		t.Helper()
		for _, want := range rows {
			select {
			case got := <-m.seen:
				if got != want {
					t.Fatalf("got %q, want %q", got, want)
				}
			case err := <-done:
				t.Fatalf("the source ended: %v", err)
			}
		}
	}
	add := func(path, text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	expect("0||a|0|f.log|1", "0||b|0|f.log|2")
	add(path, "f\nc\n")
	expect("0||half|0|f.log|3", "0||c|0|f.log|4")
	add(path, "last")
	if err := os.Rename(path, filepath.Join(dir, "f.log.1")); err != nil {
		t.Fatal(err)
	}
	write(t, path, "new\n")
	expect("0||last|0|f.log|5", "0||new|0|f.log|1")
	write(t, path, "x\n") // emptied and written again
	expect("0||x|0|f.log|1")
	add(filepath.Join(dir, "g.log"), "other\n")
	expect("1||other|0|g.log|1")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the source ended with %v", err)
	}

	// Another run goes on where this one was, also if a file was replaced in between.
	add(path, "y\n")
	write(t, filepath.Join(dir, "g.log"), "rotated\n")
	again := &memory{stop: 2}
	if err := run(t, again, m.saved[len(m.saved)-1], dir, "path", "*.log", "follow", "true"); !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	if got := strings.Join(again.rows, " "); got != "0||y|0|f.log|2 1||rotated|0|g.log|1" {
		t.Errorf("resumed with %s", got)
	}
}
