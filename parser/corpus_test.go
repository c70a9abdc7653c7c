package parser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"weir/parser/ast"
)

// corpusCase is a case of a folder of ksqlDB's cases, which the environment variable WEIR_KSQL_CASES names.
type corpusCase struct {
	Name       string
	Statements []string
	Format     []string
	Config     []string
	Expected   *struct{ Message string } `json:"expectedException"`
	Error      *struct{ Message string } `json:"expectedError"`

	together bool // the statements are one text; otherwise each is sent on its own
}

func (c corpusCase) message() string {
	switch {
	case c.Expected != nil:
		return c.Expected.Message
	case c.Error != nil:
		return c.Error.Message
	}
	return ""
}

// corpus reads all cases, one for each of their formats. Names are file/name/format.
func corpus(t testing.TB) []corpusCase {
	dir := os.Getenv("WEIR_KSQL_CASES")
	if dir == "" {
		t.Skip("WEIR_KSQL_CASES names no folder of ksqlDB's cases")
	}
	var files []string
	for _, sub := range []string{"query", "rest"} {
		found, err := filepath.Glob(filepath.Join(dir, sub, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skipf("no cases in %s", dir)
	}
	var out []corpusCase
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Tests []corpusCase }
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, c := range file.Tests {
			base := strings.TrimSuffix(filepath.Base(f), ".json") + "/" + c.Name
			if len(c.Format) == 0 {
				c.Format = []string{""}
			}
			for _, format := range c.Format {
				e := c
				e.Name, e.Statements = base, nil
				e.together = strings.HasSuffix(filepath.Dir(f), "query")
				if format != "" {
					e.Name += "/" + format
				}
				for _, s := range c.Statements {
					e.Statements = append(e.Statements, strings.ReplaceAll(s, "{FORMAT}", format))
				}
				out = append(out, e)
			}
		}
	}
	return out
}

// refused are the cases with a statement that ksqlDB's grammar refuses as well, and why.
var refused = map[string]string{
	"asserts/should not parse RUN SCRIPT":     "RUN SCRIPT is for test scripts",
	"cast/to null":                            "NULL is no type",
	"elements/table with key column":          "a table's key is a PRIMARY KEY",
	"elements/stream with primary key column": "a stream's key is a KEY",
	"group-by/with groupings (stream->table)": "a list in brackets is no item of GROUP BY",
	"in/empty": "IN needs a value",
	"key-schemas/fail on STRING with parameter":                      "a type's parameter is a number",
	"key-schemas/fail on INTEGER with parameter":                     "a type's parameter is a number",
	"key-schemas/fail on DOUBLE with parameter":                      "a type's parameter is a number",
	"key-schemas/fail on INT with parameter":                         "a type's parameter is a number",
	"key-schemas/fail on BOOLEAN with parameter":                     "a type's parameter is a number",
	"key-schemas/fail on BIGINT with parameter":                      "a type's parameter is a number",
	"key-schemas/fail on VARCHAR(STRING) with parameter":             "a column has one type",
	"literals/BIGINT literal positive overflow":                      "the number fits no type",
	"literals/BIGINT literal negative overflow":                      "the number fits no type",
	"literals/DOUBLE literal positive overflow":                      "the number fits no type",
	"literals/DOUBLE literal negative overflow":                      "the number fits no type",
	"null/NULL column":                                               "NULL is no type",
	"null/NULL element type":                                         "NULL is no type",
	"null/NULL value type":                                           "NULL is no type",
	"pull-queries-with-limit-clause/error on non-integer limit/JSON": "LIMIT takes a whole number",
	"pull-queries-with-limit-clause/error on string limit/JSON":      "LIMIT takes a number",
}

func TestCorpus(t *testing.T) {
	cases := corpus(t)
	var got []string
	statements := 0
	for _, c := range cases {
		for _, s := range c.Statements {
			statements++
			list, err := Parse(s, Options{TestStatements: strings.HasPrefix(s, "ASSERT")})
			if err != nil {
				got = append(got, c.Name)
				if _, ok := refused[c.Name]; !ok {
					t.Errorf("%s: %v", c.Name, err)
				}
				continue
			}
			for _, stmt := range list {
				checkFormat(t, stmt.Node)
				checkPositions(t, s, stmt.Node)
			}
		}
	}
	sort.Strings(got)
	for name, why := range refused {
		if i := sort.SearchStrings(got, name); i == len(got) || got[i] != name {
			t.Errorf("%s is not refused any more: %s", name, why)
		}
	}
	t.Logf("%d statements of %d cases, %d refused", statements, len(cases), len(got))
}

// TestCorpusScripts reads the scripts of the folder, test statements included.
func TestCorpusScripts(t *testing.T) {
	corpus(t)
	files, err := filepath.Glob(filepath.Join(os.Getenv("WEIR_KSQL_CASES"), "sql", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Parse(string(data), Options{TestStatements: true})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
		for _, stmt := range list {
			checkFormat(t, stmt.Node)
			checkPositions(t, string(data), stmt.Node)
		}
	}
}

var (
	linePrefix = regexp.MustCompile(`(?i)line:? \d+(:|, Col: )\d+`)
	resolved   = regexp.MustCompile(`cannot be resolved|is ambiguous`) // found by the planner, not by the parser
)

// TestCorpusErrors compares texts and places with those that the cases expect. As ksqlDB does, it reads the statements of a case at once,
// one on a line.
func TestCorpusErrors(t *testing.T) {
	checked := 0
	for _, c := range corpus(t) {
		want := c.message()
		if _, ok := refused[c.Name]; !ok && (!linePrefix.MatchString(want) || resolved.MatchString(want)) {
			continue
		}
		text := strings.Join(c.Statements, "\n")
		if !c.together {
			text = c.Statements[len(c.Statements)-1]
		}
		_, err := Parse(text, Options{})
		if err == nil && strings.Contains(text, "ORDER BY") {
			continue // ours to have; where it makes no sense the planner says so
		}
		if err == nil {
			t.Errorf("%s: no error, want %q", c.Name, want)
			continue
		}
		checked++
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got\n%v\nwant\n%s", c.Name, err, want)
		}
	}
	t.Logf("%d errors", checked)
}

// checkFormat asserts the law of ast.Format.
func checkFormat(t testing.TB, node ast.Statement) {
	t.Helper()
	text := ast.Format(node)
	again, err := Parse(text+";", Options{TestStatements: true})
	if err != nil {
		t.Errorf("printed as %s\n%v", text, err)
		return
	}
	if len(again) != 1 {
		t.Errorf("printed as %d statements: %s", len(again), text)
		return
	}
	if a, b := tree(node), tree(again[0].Node); a != b {
		t.Errorf("printed as %s\nwas  %s\ngot  %s", text, a, b)
	}
}
