package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/answer"
	"weir/engine"
	"weir/server/wire"
)

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		`"text"`: "text", `null`: "null", `1.50`: "1.50", `{"a": 1}`: `{"a": 1}`, `"a\nb\u001b[2J"`: `a\nb\x1b[2J`, `"日本"`: "日本", ` true `: "true", `""`: "", `"\u202ex"`: `\u202ex`,
	} {
		if got := Cell(json.RawMessage(in)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	cases := []struct {
		in      string
		columns int
		want    string
	}{{"abcdef", 6, "abcdef"}, {"abcdefg", 6, "abc..."}, {"日本語です", 10, "日本語です"}, {"日本語です", 8, "日本..."}, {"abc", 2, ".."}, {"abc", 0, ""}, {"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"}}
	for _, c := range cases {
		if got := Clip(c.in, c.columns); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", c.in, c.columns, got, c.want)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("日本語です", 3)
	f.Add("plain\x00text", -1)
	f.Fuzz(func(t *testing.T, s string, columns int) {
		got := Clip(Clean(s), columns)
		if Width(got) > max(columns, 0) {
			t.Errorf("%q is wider than %d", got, columns)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q cuts a character", got)
		}
		if strings.ContainsAny(got, "\x1b\n\r\x00") {
			t.Errorf("%q steers the terminal", got)
		}
	})
}

func TestTable(t *testing.T) {
	table := Table{Headers: []string{"Name", "Text"}, Rows: [][]string{{"a", strings.Repeat("x", 30)}, {"long name", "y\nz"}}}
	if got, want := table.Text(0), " Name      | Text\n--------------------------------------------\n a         | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n long name | y\\nz\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	if got, want := table.Text(25), " Name      | Text\n-------------------------\n a         | xxxxxxxx...\n long name | y\\nz\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	if got := (Table{Headers: []string{"A"}}).Text(10); got != "(none)\n" {
		t.Errorf("got %q", got)
	}
	for _, line := range strings.Split(table.Text(3), "\n") { // too narrow for anything: it still shows minColumn of each
		if Width(line) > 2*minColumn+5 {
			t.Errorf("%q", line)
		}
	}
}

func TestEntity(t *testing.T) {
	id := "CTAS_T_1"
	steps := []wire.Step{{Step: "Filter (V > 1)", Read: 1234, Used: 1000, Made: 1000, Filtered: 234}, {Step: "Scan", Read: 1240, Used: 1234, Made: 1234, Late: 1, NullKey: 2, Bad: 3}}
	stepsText := " Step           | Read | Used | Made | Filtered | Late | Null key | Bad\n---\n" +
		" Filter (V > 1) | 1234 | 1000 | 1000 | 234      | 0    | 0        | 0\n Scan           | 1240 | 1234 | 1234 | 0        | 1    | 2        | 3\n"
	cases := []struct {
		e    answer.Entity
		want string
	}{
		{&wire.Status{Status: wire.CommandStatus{Message: "Stream created", QueryID: &id}}, "Stream created\n"},
		{&wire.WarningEntity{Common: answer.Common{Warnings: []answer.Warning{{Message: "w"}}}, Message: "exists"}, "Warning: w\nexists\n"},
		{&wire.Streams{Streams: []wire.Source{{Name: "S", Topic: "s", KeyFormat: "KAFKA", ValueFormat: "JSON"}}},
			" Stream Name | Kafka Topic | Key Format | Value Format | Windowed\n------------------------------------------------------------------\n S           | s           | KAFKA      | JSON         | false\n"},
		{&wire.Topics{Topics: []wire.Topic{{Name: "t", Replicas: []int{1, 1}}, {Name: "u", Replicas: []int{1, 2}}, {Name: "v"}}},
			" Kafka Topic | Partitions | Partition Replicas\n-----------------------------------------------\n t           | 2          | 1\n u           | 2          | 1, 2\n v           | 0          |\n"},
		{&wire.SourceDescriptionEntity{Source: wire.SourceDescription{Name: "T", Type: "TABLE", Fields: []wire.Field{{Name: "K", Type: "KEY", Schema: wire.Schema{Type: "STRING"}},
			{Name: "M", Schema: wire.Schema{Type: "MAP", Member: &wire.Schema{Type: "STRUCT", Fields: []wire.Field{{Name: "F", Schema: wire.Schema{Type: "DECIMAL", Parameters: map[string]int{"precision": 4, "scale": 2}}}}}}}}}},
			"Name: T (table)\n Field | Type\n--------------------------------------------------\n K     | STRING (primary key)\n M     | MAP<STRING, STRUCT<F DECIMAL(4, 2)>>\nFor figures and queries: DESCRIBE T EXTENDED;\n"},
		{&wire.SourceDescriptionEntity{Source: wire.SourceDescription{Name: "T", Type: "TABLE", Extended: true, Topic: "T", Statistics: "rows read: 1234", Steps: []wire.QuerySteps{{ID: id, Steps: steps}}}},
			"Name: T (table)\nTopic           : T (partitions: 0, replication: 0)\n(none)\nStatistics      : rows read: 1234\n\nRows of CTAS_T_1\n" + stepsText},
		{&wire.QueryDescriptionEntity{Query: wire.QueryDescription{ID: id, Plan: "Sink\n", Steps: steps}}, "ID              : CTAS_T_1\n\nSink\n\nRows of the steps\n" + stepsText},
		{&wire.Queries{}, "(none)\n"},
		{&engine.AssertTopic{Topic: "t", Exists: true}, "Topic t exists.\n"},
		{&wire.Unknown{Raw: json.RawMessage(`{"@type":"new"}`)}, "{\n  \"@type\": \"new\"\n}\n"},
	}
	for _, c := range cases {
		got := Entity(c.e, 0)
		// The rule's length follows from the columns'.
		if strip(got) != strip(c.want) {
			t.Errorf("%T: got\n%s\nwant\n%s", c.e, got, c.want)
		}
	}
}

func strip(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.Trim(l, "-") == "" && l != "" {
			lines[i] = "---"
		}
	}
	return strings.Join(lines, "\n")
}

func TestPrinter(t *testing.T) {
	var out bytes.Buffer
	p := &Printer{Out: &out, Format: JSON}
	meta := wire.QueryMeta{ColumnNames: []string{"A"}, ColumnTypes: []string{"STRING"}}
	steps := func() {
		for _, err := range []error{p.Header(meta), p.Row(json.RawMessage(`["<x>"]`), false), p.Message("set"), p.Entity(wire.Of(&wire.WarningEntity{Message: "w"}, "S;")), p.Line("l\x1b"), p.End()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	steps()
	want := "{\"queryId\":null,\"columnNames\":[\"A\"],\"columnTypes\":[\"STRING\"]}\n[\"<x>\"]\n{\"@type\":\"warning_entity\",\"statementText\":\"S;\",\"warnings\":[],\"message\":\"w\"}\nl\\x1b\n"
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
	out.Reset()
	p.Format = Tabular
	steps()
	if want := "|A|\n|<x>|\nset\nw\nl\\x1b\n"; out.String() != want {
		t.Errorf("got %s", out.String())
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -100: "-100"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1200: "1.2 kB", 12_345_678: "12 MB", 2_500_000_000_000_000: "2500 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s", n, got)
		}
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("xml is no format")
	}
}

// Whatever a server answers can be shown.
func FuzzEntity(f *testing.F) {
	for _, s := range []string{`{"@type":"streams"}`, `{"@type":"kafka_topics","topics":[{"replicaInfo":[]}]}`, `{"@type":"sourceDescription","sourceDescription":{"fields":[{"schema":{"type":"MAP"}}]}}`,
		`{"@type":"type_list","types":{"A":{"type":"ARRAY"}}}`, `{"@type":"properties","properties":[{"value":null}]}`, `{"@type":"x"}`, `null`} {
		f.Add(s, 40)
	}
	f.Fuzz(func(t *testing.T, s string, columns int) {
		var list wire.Entities
		if json.Unmarshal([]byte("["+s+"]"), &list) != nil {
			return
		}
		for _, e := range list {
			Entity(e, columns%500)
		}
	})
}
