package examples

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/cli"
)

var rewrite = flag.Bool("rewrite", false, "write what is shown into expected.txt")

// settled turns the rows that an example shows, below their header, into those that are the same in every run.
var settled = map[string]func(rows []string) []string{
	"clicks-per-minute": lastOfEach,
	"clicks":            sorted,
	"visitors":          lastOfEach,
	"visitors-errors":   lastOfFirst,
	// Batches are read side by side.
	"cheapest-flight": sorted,
	"flights":         sorted,
}

// lastOfEach keeps the last count of each key: how often a count is seen on its way, and which key is first, depends on when commits fall.
func lastOfEach(rows []string) []string {
	last := map[string]string{}
	for _, r := range rows {
		last[r[:strings.LastIndexByte(r[:len(r)-1], '|')]] = r
	}
	var out []string
	for _, r := range last {
		out = append(out, r)
	}
	return sorted(out)
}

// lastOfFirst keeps the last row of each value in the first column.
func lastOfFirst(rows []string) []string {
	last := map[string]string{}
	for _, r := range rows {
		key, _, _ := strings.Cut(r[1:], "|")
		last[key] = r
	}
	return sorted(slices.Collect(maps.Values(last)))
}

// inOrder says that rows below this header stand in an order of their own.
func inOrder(header string) bool { return strings.HasSuffix(header, "|BAR|") }

func sorted(rows []string) []string {
	slices.Sort(rows)
	return rows
}

// TestScripts runs each example as `weir run` does, and compares the rows that it shows with expected.txt beside it; those of a second script, as
// visitors-errors.sql, with expected-errors.txt.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	// What needs a database is run where there is one, and what a page shows has a test of its own.
	scripts = slices.DeleteFunc(scripts, func(s string) bool {
		return strings.HasSuffix(s, "-postgres.sql") || strings.HasSuffix(s, "-live.sql")
	})
	if len(scripts) < 4 {
		t.Fatalf("only %d examples: %v", len(scripts), scripts)
	}
	for _, script := range scripts {
		t.Run(script, func(t *testing.T) {
			t.Parallel() // they mostly wait
			var out, errs bytes.Buffer
			if code := cli.Main([]string{"weir", "run", script}, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
				t.Fatalf("ended with %d:\n%s%s", code, out.String(), errs.String())
			}
			if !strings.Contains(out.String(), "Done: all input is used up and committed.") {
				t.Errorf("no summary:\n%s", out.String())
			}
			dir := filepath.Dir(script)
			what, expected := dir, "expected.txt"
			if second, ok := strings.CutPrefix(strings.TrimSuffix(filepath.Base(script), ".sql"), dir+"-"); ok {
				what, expected = dir+"-"+second, "expected-"+second+".txt"
			}
			var rows, block []string
			end := func() {
				if settle := settled[what]; settle != nil && len(block) > 0 && !inOrder(block[0]) {
					block = append(block[:1], settle(block[1:])...)
				}
				rows, block = append(rows, block...), nil
			}
			for line := range strings.Lines(out.String()) {
				switch {
				case strings.HasPrefix(line, "|"):
					block = append(block, strings.TrimSuffix(line, "\n"))
				case strings.HasPrefix(line, "SELECT"):
					end() // other notes may stand between the rows of a query
				}
			}
			end()
			got := strings.Join(rows, "\n") + "\n"
			name := filepath.Join(dir, expected)
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := readFile(t, name); got != want {
				t.Errorf("shows\n%s\nwant\n%s", got, want)
			}
		})
	}
}
