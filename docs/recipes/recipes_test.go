// Package recipes holds the scripts of docs/recipes.md, and the test that runs them and writes the page.
package recipes

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/cli"
)

var rewrite = flag.Bool("rewrite", false, "write docs/recipes.md")

const intro = `# Recipes

Twenty jobs, each a script that runs as it stands, with its records in it, and what it prints:

    weir run docs/recipes/05-top.sql

Where Weir can't do a job well, the recipe says so. The page is made of [the scripts](recipes) and of what they print, by
` + "`go test ./docs/recipes -rewrite`" + `; the same test compares it.

`

// recipe is a script: a title, a text about it, and the statements.
type recipe struct{ file, title, about, sql string }

func read(t *testing.T, file string) recipe {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, about := []string{}, []string{}
	rest := string(data)
	for strings.HasPrefix(rest, "--") {
		line, after, _ := strings.Cut(rest, "\n")
		head, rest = append(head, strings.TrimPrefix(strings.TrimPrefix(line, "--"), " ")), after
	}
	if len(head) < 3 || head[1] != "" {
		t.Fatalf("%s begins with a title, an empty line of comment, and a text", file)
	}
	about = append(about, head[2:]...)
	return recipe{file, head[0], strings.Join(about, "\n"), strings.TrimSpace(rest)}
}

// printed is what a script prints for people: the answers of its queries, and of what is no definition.
func printed(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"weir", "run", filepath.Join(dir, file)}, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("ended with %d:\n%s%s", code, out.String(), errs.String())
	}
	if !strings.Contains(out.String(), "Done: all input is used up and committed.") {
		t.Errorf("no summary:\n%s", out.String())
	}
	var b strings.Builder
	for line := range strings.Lines(out.String()) {
		word, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(line, "|") || word == "DROP" || word == "PAUSE" || word == "RESUME" {
			b.WriteString("    " + line)
		} else if word == "SELECT" && b.Len() > 0 {
			b.WriteByte('\n')
		}
	}
	made, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range made {
		data, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\nand in `out/%s`\n\n", filepath.Base(m))
		for line := range strings.Lines(string(data)) {
			b.WriteString("    " + line)
		}
	}
	return b.String()
}

// Each recipe prints what the page says.
func TestPage(t *testing.T) {
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) != 20 {
		t.Fatalf("%d recipes, %v", len(files), err)
	}
	sections := make([]string, len(files))
	index := ""
	t.Run("run", func(t *testing.T) {
		for i, file := range files {
			r := read(t, file)
			title := fmt.Sprintf("%d. %s", i+1, r.title)
			index += fmt.Sprintf("- [%s](#%s)\n", title, anchor(title))
			t.Run(file, func(t *testing.T) {
				t.Parallel() // they mostly wait
				sections[i] = fmt.Sprintf("\n## %s\n\n%s\n\n```sql\n%s\n```\n\nprints\n\n%s", title, r.about, r.sql, printed(t, file))
			})
		}
	})
	if t.Failed() {
		return
	}
	page := intro + index + strings.Join(sections, "")
	name := filepath.Join("..", "recipes.md")
	if *rewrite {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != page {
		for i, s := range sections {
			if !strings.Contains(string(data), s) {
				t.Errorf("docs/recipes.md has otherwise than what %s prints, or says:\n%s", files[i], s)
			}
		}
		t.Error("docs/recipes.md is not what the scripts make: run go test ./docs/recipes -rewrite, and read the difference")
	}
}

// anchor is what a title is called in links.
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return b.String()
}
