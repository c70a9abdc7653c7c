// Command generate writes docs/connectors.md, docs/functions.md, docs/settings.md and docs/sql.md from the tables in the code. Run it in the repository's root:
//
//	go run ./docs/generate
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// page is a file of the documentation that is made from the code.
type page struct {
	name string
	text string
}

func pages() []page {
	return []page{{"connectors.md", connectorsPage()}, {"functions.md", functionsPage()}, {"settings.md", settingsPage()}, {"sql.md", sqlPage()}}
}

func main() {
	for _, p := range pages() {
		path := filepath.Join("docs", p.name)
		if err := os.WriteFile(path, []byte(p.text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "docs/generate:", err)
			os.Exit(1)
		}
	}
}
