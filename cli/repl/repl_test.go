package repl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/server/render"
	"weir/server/wire"
)

// recorder is a backend that notes what it is given.
type recorder struct {
	got  []Script
	fail error
}

func (r *recorder) Execute(_ context.Context, s Script, d Display) error {
	r.got = append(r.got, s)
	return errors.Join(r.fail, d.Message("done"))
}
func (r *recorder) Aside(map[string]string) Backend { return r }
func (r *recorder) About(context.Context) string    { return "nowhere" }

func newTest(b Backend) (*REPL, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return &REPL{Backend: b, Version: "1", Err: io.Discard, Printer: &render.Printer{Out: out, Format: render.Tabular}}, out
}

func TestPipe(t *testing.T) {
	script := filepath.Join(t.TempDir(), "s.sql")
	if err := os.WriteFile(script, []byte("SHOW TYPES;"), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, in string
		want     []string // texts of the scripts
		out      string   // in the output
	}{
		{"one line", "SHOW STREAMS;\n", []string{"SHOW STREAMS;\n"}, "done"},
		{"several lines", "SELECT 'a;\nb' -- x;\n FROM s;\n", []string{"SELECT 'a;\nb' -- x;\n FROM s;\n"}, "done"},
		{"two in a line", "A; B;\n", []string{"A; B;\n"}, ""},
		{"no semicolon at the end", "SHOW STREAMS -- x", []string{"SHOW STREAMS -- x\n\n;"}, ""},
		{"comments only", "-- nothing\n/* or\n this */\n", nil, ""},
		{"commands", "output json\nOUTPUT;\nversion\nexit\nA;\n", nil, "Answers are shown as JSON.\nAnswers are shown as JSON.\nWeir 1. nowhere\n"},
		{"help", "help;\n", nil, "run script"},
		{"help for a statement", "help create stream\n", nil, "CREATE [OR REPLACE] [SOURCE] STREAM"},
		{"help for a clause", "help window session\n", nil, "Windows that end with a gap"},
		{"help for words further on", "help insert values\n", nil, "Writes a record for each row"},
		{"rows column by column", "SELECT 1\\G\n", []string{"SELECT 1;\n"}, ""},
		{"the letter G in a text", "SELECT '\\G\n';\n", []string{"SELECT '\\G\n';\n"}, ""},
		{"columns wide", "set cli column-width 10;\nSET CLI WRAP ON;\n\\x\n", nil, "COLUMN-WIDTH is 10.\nWRAP is ON.\nRows are shown column by column.\n"},
		{"describe", "\\d clicks\n\\d\n\\q\nA;\n", []string{"DESCRIBE clicks;", "SHOW STREAMS; SHOW TABLES;"}, ""},
		{"a command's word in a statement", "SELECT\nhelp\nFROM s;\n", []string{"SELECT\nhelp\nFROM s;\n"}, ""},
		{"script", "run script '" + script + "'\n", []string{"SHOW TYPES;"}, "done"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := new(recorder)
			r, out := newTest(b)
			if err := r.Pipe(t.Context(), strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range b.got {
				got = append(got, s.Text)
			}
			if !slices.Equal(got, c.want) || !strings.Contains(out.String(), c.out) {
				t.Errorf("got %q, %s", got, out)
			}
			if c.name == "script" && b.got[0].BaseDir != filepath.Dir(script) {
				t.Errorf("the script's folder is %q", b.got[0].BaseDir)
			}
		})
	}
	r, _ := newTest(&recorder{fail: errors.New("broken")})
	if err := r.Pipe(t.Context(), strings.NewReader("A;\nB;\n")); err == nil || len(r.Backend.(*recorder).got) != 1 {
		t.Errorf("a failure has to end the pipe: %v", err)
	}
	for _, bad := range []string{"output xml\n", "run script 'nope.sql'\n", "spool off\n", "spool\n", "help nonsense\n", "help create nonsense\n", "\\z\n", "\\e\n", "set cli wrap maybe;\n", "set cli column-width -1;\n", "set cli x y;\n"} {
		r, _ := newTest(new(recorder))
		if err := r.Pipe(t.Context(), strings.NewReader(bad)); err == nil {
			t.Errorf("%q went well", bad)
		}
	}
}

func TestSpool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.txt")
	r, out := newTest(new(recorder))
	if err := r.Pipe(t.Context(), strings.NewReader("spool '"+file+"'\nA;\nspool off\nB;\n")); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Count(string(data), "done\n") != 1 || strings.Count(out.String(), "done\n") != 2 {
		t.Errorf("%v, file %q, screen %q", err, data, out)
	}
}

// stub answers as a server does, and notes what it is asked.
type stub struct{ asked []string }

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, r.URL.Path+" "+string(body))
	switch {
	case strings.Contains(string(body), "BROKEN"), r.URL.Path == "/is_valid_property/bad":
		w.WriteHeader(400)
		json.NewEncoder(w).Encode(wire.Statement(wire.BadStatement, "no such thing", "X;", nil))
	case r.URL.Path == "/ksql":
		json.NewEncoder(w).Encode(wire.Entities{wire.Of(&wire.WarningEntity{Message: "answered"}, "X;")})
	case strings.Contains(string(body), "PRINT"):
		io.WriteString(w, "Key format: JSON\n{\"not\":\"meta\"}\n[not json\n")
	case r.URL.Path == "/query-stream":
		io.WriteString(w, `{"queryId":"q","columnNames":["A"],"columnTypes":["INTEGER"]}`+"\n[1]\n[2]\n")
		if strings.Contains(string(body), "GONE") {
			io.WriteString(w, "[null,{\"tombstone\":true}]\n")
		}
		if strings.Contains(string(body), "LATE") {
			json.NewEncoder(w).Encode(wire.Generic(wire.ServerError, "broke down"))
		}
	default:
		io.WriteString(w, "true")
	}
}

func TestRemote(t *testing.T) {
	cases := []struct{ name, sql, out, err, asked string }{
		{"statement", "SHOW STREAMS;", "answered\n", "", `/ksql {"ksql":"SHOW STREAMS;"}`},
		{"places stay", "SHOW STREAMS;\n SHOW TABLES;", "answered\n", "", `/ksql {"ksql":"\n SHOW TABLES;"}`},
		{"rows", "select a from s emit changes;", "|A|\n|1|\n|2|\n", "", "/query-stream"},
		{"a row that goes", "SELECT a FROM GONE EMIT CHANGES;", "|2|\n|<deleted>|\n", "", ""},
		{"print", "PRINT t;", "Key format: JSON\n{\"not\":\"meta\"}\n[not json\n", "", "/query-stream"},
		{"error", "BROKEN;", "", "no such thing", ""},
		{"error among the rows", "SELECT late FROM LATE EMIT CHANGES;", "|2|\n", "broke down", ""},
		{"set", "SET 'a'='1'; SHOW TYPES;", "Successfully changed", "", `/ksql {"ksql":"             SHOW TYPES;","streamsProperties":{"a":"1"}}`},
		{"set nothing", "SET 'bad'='1';", "", "no such thing", ""},
		{"unset", "SET 'a'='1'; UNSET 'a'; SHOW TYPES;", "", "", `/ksql {"ksql":"                        SHOW TYPES;"}`},
		{"variables", "DEFINE x='1'; SHOW VARIABLES; DESCRIBE ${x};", " x             | 1\n", "", `"sessionVariables":{"x":"1"}`},
		{"undefine", "UNDEFINE x;", "", "never defined", ""},
		{"incomplete", "SHOW STREAMS", "", "missing ';'", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := new(stub)
			srv := httptest.NewServer(s)
			defer srv.Close()
			remote, err := NewRemote(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			r, out := newTest(remote)
			err = remote.Execute(t.Context(), Script{Text: c.sql}, r.Printer)
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if !strings.Contains(out.String(), c.out) || !strings.Contains(strings.Join(s.asked, "\n"), c.asked) {
				t.Errorf("got %q after %q", out, s.asked)
			}
		})
	}
	for _, bad := range []string{"", "ftp://x", "http://", "::"} {
		if _, err := NewRemote(bad); err == nil {
			t.Errorf("%q is no server", bad)
		}
	}
	remote, err := NewRemote("localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "weir server") {
		t.Errorf("got %v", err)
	}
}
