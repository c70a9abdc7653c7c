package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/cli"
)

// cells are the values of a row, between bars.
func cells(line string) string {
	var out []string
	for _, c := range strings.Split(line, "|") {
		out = append(out, strings.TrimSpace(c))
	}
	return strings.Join(out, "|")
}

// tables are the rows below each head of a table in the answers of a page, which are indented.
func tables(text string) (rows []string) {
	rule := regexp.MustCompile(`^    -[-+]+$`)
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case rule.MatchString(line):
			inside = true
		case !strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "    ("):
			inside = false
		case inside:
			rows = append(rows, cells(line))
		}
	}
	return rows
}

// The statements of the tutorial, in their order, answer as it says.
func TestTutorial(t *testing.T) {
	data, err := os.ReadFile("tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		script.WriteString(m[1] + "\n")
	}
	file := filepath.Join(t.TempDir(), "tutorial.sql")
	if err := os.WriteFile(file, []byte(script.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"weir", "run", file}, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("ended with %d:\n%s%s", code, out.String(), errs.String())
	}
	var got, columns []string
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "SELECT"):
			columns = nil
		case !strings.HasPrefix(line, "|"):
		case columns == nil:
			columns = strings.Split(strings.Trim(line, "|"), "|")
		default:
			values := strings.Split(strings.Trim(line, "|"), "|")
			for i, name := range columns {
				if ms, err := strconv.ParseInt(values[i], 10, 64); err == nil && slices.Contains([]string{"ROWTIME", "WINDOWSTART"}, name) {
					values[i] = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000") // as terminals have it
				}
			}
			got = append(got, strings.Join(values, "|"))
		}
	}
	if want := tables(string(data)); len(want) < 15 || !slices.Equal(got, want) {
		t.Errorf("answers\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
