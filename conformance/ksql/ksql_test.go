package main

import (
	"encoding/json"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"weir/conformance/serdes"
)

// TestRatchet runs ksqlDB's cases from the folder that WEIR_KSQL_CASES names. The number that passes may not fall below
// the one in ratchet.txt; where it rises, the file is to rise with it.
func TestRatchet(t *testing.T) { ratchet(t, "ratchet.txt", load) }

// TestRestRatchet does so with the cases that are sent to a server over HTTP.
func TestRestRatchet(t *testing.T) { ratchet(t, "ratchet_rest.txt", loadRest) }

func ratchet(t *testing.T, name string, load func(dir string) ([]file, error)) {
	t.Helper()
	dir := os.Getenv("WEIR_KSQL_CASES")
	if dir == "" {
		t.Skip("WEIR_KSQL_CASES names no folder with ksqlDB's cases")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	files, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := runAll(files, regexp.MustCompile(""))
	switch {
	case got.passed < want:
		t.Errorf("%d cases pass, there were %d: run `go run ./conformance/ksql -v` on the folder before and after", got.passed, want)
	case got.passed > want:
		t.Logf("%d cases pass, %d more than %s says: write the number into it", got.passed, got.passed-want, name)
	}
}

func TestExpand(t *testing.T) {
	got, err := expand(json.RawMessage(`{"name":"n","statements":["a {FORMAT}"],"format":["X","Y"],"config":["1"],"properties":{"p":"{CONFIG}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Name != "n - Y - 1" || got[1].Statements[0] != "a Y" || got[1].settings["p"] != "1" {
		t.Errorf("got %+v", got)
	}
	if _, err := expand(json.RawMessage(`{"name":"n"}`)); err == nil {
		t.Error("a case without statements was taken")
	}
}

// A case that names a topic inside of a query says nothing of that topic, but of all else.
func TestInternalNames(t *testing.T) {
	for kind, want := range map[string]func(*tally) bool{
		"stream": func(r *tally) bool { return r.passed == 0 && r.failed == 0 && r.internal == 1 },
		"table":  func(r *tally) bool { return r.passed == 0 && r.failed == 1 && r.internal == 0 },
	} {
		cases, err := expand(json.RawMessage(`{"name":"n","statements":["CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');","CREATE STREAM o AS SELECT * FROM s;"],
			"post":{"sources":[{"name":"S","type":"` + kind + `"}],"topics":{"topics":[{"name":"` + internalPrefix + `CSAS_0-x-changelog"}]}}}`))
		if err != nil || len(cases) != 1 {
			t.Fatal(cases, err)
		}
		got := runAll([]file{{name: "f", cases: []runnable{cases[0]}}}, regexp.MustCompile(""))
		if !want(got) {
			t.Errorf("a %s: %d passed, %d failed, %d not applicable: %v", kind, got.passed, got.failed, got.internal, got.files[0].fails)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		expected string
		actual   any
		same     bool
	}{
		{`1`, json.Number("1"), true},
		{`1.0`, json.Number("1.0"), true},
		{`1.0`, json.Number("1.00"), false}, // decimals keep their scale
		{`1`, json.Number("1.0"), false},
		{`1.5`, int64(1), true}, // cut to an integer
		{`1.0000000001`, 1.0, true},
		{`"1.50"`, serdes.Decimal{Unscaled: big.NewInt(15), Scale: 1}, true},
		{`"AQ=="`, []byte{1}, true},
		{`{"a":1}`, map[string]any{"A": int64(1)}, true},
		{`{"a":1}`, map[string]any{"A": int64(1), "B": nil}, false},
		{`{"a":null}`, map[string]any{"B": nil}, true},
		{`[1,"x",null]`, []any{int64(1), "x", nil}, true},
		{`[1]`, []any{}, false},
		{`null`, nil, true},
		{`null`, "", false},
		{`true`, true, true},
	} {
		expected, err := serdes.ParseJSON([]byte(c.expected))
		if err != nil {
			t.Fatal(err)
		}
		if d := (comparer{}).diff("x", expected, c.actual); (d == "") != c.same {
			t.Errorf("%s and %s: %q", c.expected, serdes.Show(c.actual), d)
		}
	}
}
