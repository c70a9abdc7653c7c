package repl

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/engine"
	"weir/server/wire"
)

// knowing is a backend with a stream, a table and what belongs to them.
type knowing struct{ recorder }

func (k *knowing) Execute(_ context.Context, s Script, d Display) error {
	field := func(name string) wire.Field { return wire.Field{Name: name, Schema: wire.Schema{Type: "STRING"}} }
	switch s.Text {
	case "SHOW STREAMS; SHOW TABLES;":
		_ = d.Entity(&wire.Streams{Streams: []wire.Source{{Name: "CLICKS"}}})
		return d.Entity(&wire.Tables{Tables: []wire.Source{{Name: "clicks_by_page"}}})
	case "DESCRIBE CLICKS;":
		return d.Entity(&wire.SourceDescriptionEntity{Source: wire.SourceDescription{Fields: []wire.Field{field("USER_ID"), field("PAGE")}}})
	case "SHOW FUNCTIONS;":
		return d.Entity(&engine.FunctionNames{Functions: []engine.FunctionName{{Name: "SUBSTRING"}, {Name: "SUM"}}})
	case "DESCRIBE FUNCTION SUBSTRING;":
		return d.Entity(&wire.FunctionDescription{Name: "SUBSTRING", Functions: []wire.Variant{{Arguments: []wire.Argument{{Name: "text", Type: "STRING"}}, Returns: "STRING"}}})
	case "SHOW QUERIES;":
		return d.Entity(&wire.Queries{Queries: []wire.RunningQuery{{ID: "CTAS_HITS_3"}}})
	case "SHOW TOPICS;":
		return d.Entity(&wire.Topics{Topics: []wire.Topic{{Name: "orders-raw"}}})
	case "SHOW CONNECTORS;":
		return d.Entity(&wire.Connectors{Connectors: []wire.ConnectorLine{{Name: "DEMO"}}})
	}
	return nil
}

func (k *knowing) Aside(map[string]string) Backend { return k }

func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hits.sql"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		line string
		want []string // the first ones that are offered; "-" for none
	}{
		{"SELECT * FROM ", []string{"CLICKS ", "`clicks_by_page` "}},
		{"SELECT * FROM CLIC", []string{"KS "}},
		{"select * from clic", []string{"ks "}},
		{"SELECT 1; SELECT * FROM CLICKS c WHERE us", []string{"er_id "}},
		{"SELECT * FROM CLICKS c WHERE c.", []string{"PAGE ", "USER_ID "}},
		{"SELECT * FROM CLICKS WHERE CLICKS.p", []string{"age "}},
		{"ALTER STREAM ", []string{"CLICKS ", "`clicks_by_page` "}},
		{"ALTER STREAM clicks ", []string{"ADD COLUMN ", "RENAME TO "}},
		{"alter table clicks re", []string{"name to "}},
		{"SELECT subs", []string{"tring("}},
		{"sele", []string{"ct "}},
		{"SELECT ", []string{"-"}},
		{"x(", []string{"-"}},
		{"zzz", []string{"-"}},
		{"DESCRIBE ", []string{"CLICKS ", "CONNECTOR ", "FUNCTION "}},
		{"DESCRIBE FUNCTION ", []string{"SUBSTRING ", "SUM "}},
		{"DROP TABLE ", []string{"CLICKS "}},
		{"CREATE TABLE ", []string{"-"}},
		{"TERMINATE CTAS", []string{"_HITS_3 "}},
		{"EXPLAIN C", []string{"REATE ", "TAS_HITS_3 "}},
		{"PRINT ord", []string{"ers-raw "}},
		{"DROP CONNECTOR ", []string{"DEMO "}},
		{"SET 'auto.off", []string{"set.reset'"}},
		{"SET 'auto.offset.reset'='", []string{"earliest'", "latest'"}},
		{"CREATE STREAM s (a INT) WITH (", []string{"CLEANUP_POLICY=", "FORMAT="}},
		{"CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='", []string{"orders-raw'"}},
		{"CREATE STREAM s (a INT) WITH (VALUE_FORMAT='AV", []string{"RO'"}},
		{"CREATE SOURCE CONNECTOR c WITH ('connector.class'='da", []string{"tagen'"}},
		{"CREATE SOURCE CONNECTOR c WITH (", []string{"'connector.class' = '"}},
		{"CREATE SOURCE CONNECTOR c WITH ('connector.class'='datagen', 'quickstart'='cl", []string{"icks'"}},
		{"CREATE SOURCE CONNECTOR c WITH ('connector.class'='datagen', 'quick", []string{"start'"}},
		{"CREATE STREAM s FROM ", []string{"FILE ", "TOPIC "}},
		{"CREATE STREAM s FROM TOPIC 'ord", []string{"ers-raw'"}},
		{"CREATE STREAM s FROM FILE '" + dir + "/hi", []string{"ts.sql'"}},
		{"CREATE STREAM s AS SELECT * FROM ", []string{"CLICKS "}},
		{"COPY (SELECT * FROM ", []string{"CLICKS "}},
		{"COPY (SELECT 1) TO '" + dir + "/hi", []string{"ts.sql'"}},
		{"COPY (SELECT 1) TO 'x' WITH (", []string{"COMPRESSION=", "DELIMITER=", "FORMAT=", "HEADER="}},
		{"COPY (SELECT 1) TO 'x' WITH (FORMAT='p", []string{"arquet'"}},
		{"run script '" + dir + "/hi", []string{"ts.sql'"}},
		{"help creat", []string{"e "}},
		{"output js", []string{"on ", "onl "}},
		{"SELECT 1 -- FROM ", []string{"-"}},
		{"SELECT /* FROM ", []string{"-"}},
	}
	for _, c := range cases {
		got, _ := (&completer{catalog: catalog{backend: new(knowing)}}).Do([]rune(c.line), len([]rune(c.line)))
		var texts []string
		for _, g := range got {
			texts = append(texts, string(g))
		}
		if c.want[0] == "-" && len(texts) == 0 || len(texts) >= len(c.want) && slices.Equal(texts[:len(c.want)], c.want) {
			continue
		}
		t.Errorf("%q: got %q, want %q", c.line, texts[:min(len(texts), 6)], c.want)
	}
}

// What was entered in the lines above counts, and an opened bracket shows how the function is called.
func TestCompletionOverLines(t *testing.T) {
	var hints []string
	c := &completer{catalog: catalog{backend: new(knowing)}, begun: func() string { return "SELECT * FROM clicks\n" }, hint: func(s string) { hints = append(hints, s) }}
	if got, n := c.Do([]rune("WHERE pa"), 8); len(got) == 0 || n != 2 || !strings.HasPrefix(string(got[0]), "ge") {
		t.Errorf("got %q", got)
	}
	if got, _ := c.Do([]rune("WHERE SUBSTRING("), 16); len(got) != 0 || !slices.Equal(hints, []string{"SUBSTRING(text STRING) -> STRING"}) {
		t.Errorf("got %q, hints %q", got, hints)
	}
}

func FuzzCompletion(f *testing.F) {
	f.Add("SELECT * FROM x AS y JOIN 'a")
	f.Add("CREATE STREAM ( WITH ( WITH = .")
	f.Add("FROM FROM JOIN . ( /* '")
	f.Fuzz(func(t *testing.T, s string) {
		r := []rune(s)
		(&completer{catalog: catalog{backend: new(knowing)}}).Do(r, len(r))
		if strings.Contains(oneLine(s), "\n") && !strings.Contains(s, "'") {
			t.Errorf("%q is not one line", oneLine(s))
		}
	})
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT a,\n  b -- both\nFROM s;\n": "SELECT a,   b /* both */ FROM s;",
		"SELECT '--x' /* a\nb */;":          "SELECT '--x' /* a b */;",
		"SELECT 1; -- */ done":              "SELECT 1; /* * / done */",
	} {
		if got := oneLine(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPrompts(t *testing.T) {
	for begun, want := range map[string]string{"": "weir> ", "SELECT\n": "    > ", "SELECT 'a\n": "   '> ", "SELECT /* a\n": "   *> "} {
		if got := promptFor(begun); got != want {
			t.Errorf("%q: %q", begun, got)
		}
	}
}
