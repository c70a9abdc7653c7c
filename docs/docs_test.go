// Package docs holds the documents, and the tests that hold them to the code.
package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/cli"
	"weir/settings"
)

// pages are the README and all documents, by their paths from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	out := map[string]string{}
	for _, f := range append(files, "../README.md") {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = string(data)
	}
	return out
}

// code is the text of the program.
func code(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "docs", "bench", "conformance", "examples", "scripts"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		b.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:\s]*)(?:#([^)\s]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Links lead to files, and to headings that are there.
func TestLinks(t *testing.T) {
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			data, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr != nil || err != nil && !info.IsDir() {
				t.Errorf("%s leads to %s, which is not there", page, m[1])
				continue
			}
			if m[2] == "" {
				continue
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(data), -1) {
				anchors = append(anchors, regexp.MustCompile(`[^a-z0-9_ -]`).ReplaceAllString(strings.ToLower(h[1]), ""))
			}
			if !slices.Contains(anchors, strings.ReplaceAll(m[2], "-", " ")) && !slices.ContainsFunc(anchors, func(a string) bool { return strings.ReplaceAll(a, " ", "-") == m[2] }) {
				t.Errorf("%s leads to %s#%s: there is no such heading", page, m[1], m[2])
			}
		}
	}
}

// Every flag, variable and setting of Weir's that a page names is there.
func TestNames(t *testing.T) {
	var help, errs bytes.Buffer
	for _, command := range []string{"", "server", "run", "cli", "submit", "export", "import", "migrate", "check", "reset", "ping"} {
		if code := cli.Main([]string{"weir", "help", command}[:2+min(1, len(command))], strings.NewReader(""), &help, &errs); code != 0 {
			t.Fatal(command, errs.String())
		}
	}
	var names []string
	for s := range settings.All() {
		names = append(append(names, s.About().Name), s.About().Also...)
	}
	for _, s := range settings.Flags() { // help leaves out the many that secure connections
		help.WriteString("--" + s.About().Flag + "\n")
	}
	others := regexp.MustCompile("(?m)^ *kafka-acls .*$")
	// --headers is ksqlDB's.
	flags := regexp.MustCompile("(?m)weir[^\n`]* (--[a-z][a-z-]+)|`(--[a-z][a-z-]+)")
	property := regexp.MustCompile("`(weir\\.[a-z.]+)[`= ]")
	for page, text := range pages(t) {
		for _, m := range flags.FindAllStringSubmatch(others.ReplaceAllString(text, ""), -1) {
			if flag := m[1] + m[2]; flag != "--headers" && !strings.Contains(help.String(), flag+" ") && !strings.Contains(help.String(), flag+"\n") {
				t.Errorf("%s: there is no flag %s", page, flag)
			}
		}
		for _, m := range property.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names, m[1]) && !slices.Contains([]string{"weir.json", "weir.lock", "weir.file", "weir.line", "weir.lines"}, m[1]) {
				t.Errorf("%s: there is no setting %s", page, m[1])
			}
		}
	}
}

// The messages of troubleshooting.md are the program's, and the metrics of operations.md the server's.
func TestMessagesAndMetrics(t *testing.T) {
	text := code(t)
	verb := regexp.MustCompile(`%[+#.0-9]*[a-z]`)
	plain := verb.ReplaceAllString(text, "…") // as pages write what differs
	quoted := 0
	for line := range strings.Lines(pages(t)["troubleshooting.md"]) {
		message, ok := strings.CutPrefix(strings.TrimSpace(line), "> ")
		if !ok {
			continue
		}
		quoted++
		for _, part := range strings.Split(message, "…") {
			if part = strings.Trim(part, " '\"()"); part != "" && !strings.Contains(plain, part) {
				t.Errorf("troubleshooting.md quotes %q: no message has %q", message, part)
			}
		}
	}
	if quoted < 15 {
		t.Errorf("only %d messages", quoted)
	}
	metric := regexp.MustCompile("`weir_(query|connector|http)_([a-z_]+)`")
	for page, p := range pages(t) {
		for _, m := range metric.FindAllStringSubmatch(p, -1) {
			if !strings.Contains(text, `"weir_`+m[1]+"_"+m[2]+`"`) && !regexp.MustCompile(`(perQuery|perConnector|httpMetric)\("`+m[2]+`"`).MatchString(text) {
				t.Errorf("%s: there is no metric %s", page, m[0])
			}
		}
	}
}
