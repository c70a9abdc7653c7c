package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/functions"
)

func TestPagesAreFresh(t *testing.T) {
	for _, p := range pages() {
		got, err := os.ReadFile(filepath.Join("..", p.name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != p.text {
			t.Errorf("docs/%s is not what the code says: run go run ./docs/generate", p.name)
		}
	}
}

func TestEveryFunctionIsOnThePage(t *testing.T) {
	text := functionsPage()
	for _, f := range functions.Standard().All() {
		if !strings.Contains(text, "\n### "+f.Name+"\n") {
			t.Errorf("%s, of the category %s, is missing", f.Name, f.Category)
		}
	}
}
