package parser

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/parser/ast"
)

var rewrite = flag.Bool("rewrite", false, "write what is answered into the golden files")

const (
	answerMark = "\n----\n"
	blockMark  = "\n====\n"
)

// TestGolden answers every text of testdata/*.golden with its tree and positions, or with the error. Files that begin with expr hold
// expressions, files that begin with script test statements.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			blocks := strings.Split(strings.TrimSuffix(string(data), "\n"), blockMark)
			for i, block := range blocks {
				src, want, ok := strings.Cut(block, answerMark)
				got := answer(t, filepath.Base(file), src)
				if *rewrite {
					blocks[i] = src + answerMark + got
				} else if !ok || got != want {
					t.Errorf("%s\ngot\n%s\nwant\n%s", src, got, want)
				}
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(strings.Join(blocks, blockMark)+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func answer(t *testing.T, file, src string) string {
	if strings.HasPrefix(file, "expr") {
		e, err := ParseExpr(src, Options{})
		if err != nil {
			return err.Error()
		}
		checkExprFormat(t, e)
		checkPositions(t, src, e)
		return treeWithPositions(e) + "\n" + ast.Format(e)
	}
	list, err := Parse(src, Options{TestStatements: strings.HasPrefix(file, "script")})
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, s := range list {
		checkFormat(t, s.Node)
		checkPositions(t, src, s.Node)
		out = append(out, treeWithPositions(s.Node), ast.Format(s.Node))
	}
	return strings.Join(out, "\n")
}

func checkExprFormat(t testing.TB, e ast.Expr) {
	t.Helper()
	text := ast.Format(e)
	again, err := ParseExpr(text, Options{})
	if err != nil {
		t.Errorf("printed as %s\n%v", text, err)
	} else if a, b := tree(e), tree(again); a != b {
		t.Errorf("printed as %s\nwas  %s\ngot  %s", text, a, b)
	}
}
