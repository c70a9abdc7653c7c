package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seeds are the texts of the golden files.
func seeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.golden")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(data), blockMark) {
			src, _, _ := strings.Cut(block, answerMark)
			if strings.HasPrefix(filepath.Base(file), "expr") {
				src = "SELECT " + src + " FROM s;"
			}
			f.Add(src)
		}
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		list, err := Parse(src, Options{TestStatements: true})
		if err != nil {
			e, ok := err.(*Error)
			switch {
			case !ok:
				t.Fatalf("%T is not an *Error", err)
			case e.Kind == Bug:
				t.Fatalf("%q: %v", src, err)
			case !e.Pos.IsValid() || e.Pos.Offset > len(src):
				t.Fatalf("%q: the error is at %+v", src, e.Pos)
			}
			_ = e.Error()
			return
		}
		for _, s := range list {
			checkFormat(t, s.Node)
			checkPositions(t, src, s.Node)
		}
	})
}

func FuzzSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		p := Split(src)
		at := 0
		for _, s := range append(p.Statements, p.Rest) {
			if s.Text == "" {
				continue
			}
			if s.Pos.Offset < at || !strings.HasPrefix(src[s.Pos.Offset:], s.Text) {
				t.Fatalf("%q: piece %+v is not where it says", src, s)
			}
			at = s.Pos.Offset + len(s.Text)
			// What is cut out stands on its own.
			again := Split(s.Text)
			if whole := len(again.Statements) == 1 && again.Rest.Text == ""; whole == (again.Open != Complete) {
				t.Fatalf("%q: piece %q is split as %+v", src, s.Text, again)
			}
		}
		if (p.Open == Complete) != (p.Rest.Text == "") {
			t.Fatalf("%q: open %d with the rest %q", src, p.Open, p.Rest.Text)
		}
		if out, err := Substitute(src, nil); err == nil && !strings.Contains(src, "${") && out != src {
			t.Fatalf("%q was substituted to %q", src, out)
		}
		if list, err := Parse(src, Options{}); err == nil && (len(list) != len(p.Statements) || p.Open != Complete) {
			t.Fatalf("%q: %d statements, split into %+v", src, len(list), p)
		}
	})
}
