package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the house's plan: which folder may import which others of ours. A folder that is not in it fails.
var mayImport = map[string]string{
	"":                     "cli",
	"types":                "",
	"fault":                "",
	"parser/ast":           "",
	"parser/suggest":       "",
	"parser":               "parser/ast parser/suggest",
	"settings":             "parser/suggest",
	"disk":                 "",
	"tenants":              "answer",
	"security":             "settings",
	"kafka":                "security",
	"kafka/embedded":       "disk",
	"kafka/faulty":         "", // for tests: no folder may import it
	"registry":             "disk parser/suggest registry/protoschema security",
	"registry/protoschema": "",
	"formats/jsontext":     "types",
	"functions":            "types parser/suggest settings formats/jsontext",
	"formats":              "types registry registry/protoschema parser/suggest formats/jsontext",
	"catalog":              "types",
	"planner/plan":         "types parser/ast functions formats registry catalog",
	"planner":              "types parser parser/ast parser/suggest settings functions formats registry catalog planner/plan",
	"exec/state":           "",
	"exec/window":          "",
	"exec/eval":            "types functions planner/plan",
	"exec/op":              "types functions planner/plan exec/eval exec/state exec/window",
	"exec/task":            "types functions formats registry kafka catalog planner/plan exec/eval exec/op exec/state",
	"exec/assignment":      "kafka exec/op exec/state exec/task",
	"exec/commit":          "types kafka exec/assignment exec/state exec/task",
	"exec/worker":          "fault functions kafka exec/assignment exec/commit exec/op exec/state exec/task",
	"exec/local":           "fault types functions kafka planner/plan exec/op exec/pull exec/state exec/task",
	"exec/changes":         "fault types kafka exec/task",
	"exec/replay":          "kafka",
	"exec/pull":            "fault types functions planner/plan exec/eval exec/op exec/state exec/task",
	"connectors/connector": "types parser/suggest",
	"connectors/encode":    "types formats connectors/connector",
	"connectors/filesink":  "disk settings connectors/connector connectors/encode",
	"connectors/file":      "disk types kafka parser/suggest settings connectors/connector formats",
	"connectors/datagen":   "types kafka parser/suggest connectors/connector",
	"connectors/web":       "connectors/connector",
	"connectors/httppoll":  "kafka connectors/connector connectors/web",
	"connectors/httpsink":  "types formats/jsontext connectors/connector connectors/encode connectors/web",
	"connectors/s3sink":    "types parser/suggest connectors/connector connectors/encode",
	"connectors/postgres":  "types formats/jsontext connectors/connector",
	"connectors/tcp":       "kafka connectors/connector",
	"connectors/connect":   "security",
	"connectors":           "fault disk types kafka parser/suggest settings connectors/connector connectors/file connectors/filesink connectors/httpsink connectors/httppoll connectors/postgres connectors/s3sink connectors/tcp connectors/datagen",
	"wasm":                 "types settings functions",
	"sample":               "types parser/ast formats",
	"answer":               "",
	"engine":               "fault sample answer disk wasm types parser parser/ast parser/suggest settings functions formats registry kafka catalog tenants connectors connectors/connect connectors/connector planner planner/plan exec/changes exec/commit exec/eval exec/local exec/pull exec/replay exec/state exec/task exec/worker",
	"server/wire":          "answer engine",
	"server/entity":        "answer types parser parser/ast formats catalog connectors connectors/connect planner/plan exec/op exec/worker engine server/wire",
	"server":               "fault answer parser parser/ast settings catalog tenants connectors planner/plan engine server/entity server/render server/wire",
	"server/render":        "answer server/wire",
	"migrate/project":      "parser parser/ast parser/suggest",
	"migrate/ksqldb":       "parser parser/ast settings kafka",
	"cli/export":           "answer disk types formats parser parser/ast parser/suggest server/wire",
	"cli/repl":             "cli/export answer parser parser/ast parser/suggest settings formats connectors connectors/connector planner engine server/entity server/wire server/render",
	"cli":                  "answer parser parser/ast parser/suggest settings security kafka kafka/embedded registry connectors connectors/connector exec/commit exec/state tenants engine server server/wire migrate/ksqldb migrate/project server/render cli/export cli/repl",
}

// skipImports are folders of tests and tools, which may look at everything.
var skipImports = []string{"conformance", "bench", "docs", "examples"}

func TestImportsPointDown(t *testing.T) {
	imports := map[string]map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); d.IsDir() && path != "." && err == nil {
			return filepath.SkipDir // a module of its own
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		if imports[dir] == nil {
			imports[dir] = map[string]string{}
		}
		for _, im := range f.Imports {
			name, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			if rest, ok := strings.CutPrefix(name, "weir/"); ok {
				imports[dir][rest] = path
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, uses := range imports {
		top, _, _ := strings.Cut(dir, "/")
		if slices.Contains(skipImports, top) {
			continue
		}
		allowed, known := mayImport[dir]
		if !known {
			t.Errorf("%s is not in the table of folders: say in arch_test.go what it may import", dir)
			continue
		}
		for use, file := range uses {
			if !slices.Contains(strings.Fields(allowed), use) {
				t.Errorf("%s imports %s, which %s may not", file, use, dir)
			}
		}
	}
}

// TestOnlyTheParserKnowsTiDB keeps the parser's workings inside it.
func TestOnlyTheParserKnowsTiDB(t *testing.T) {
	for _, dir := range []string{"catalog", "planner", "exec", "engine", "server", "cli", "functions", "formats"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(src), "github.com/pingcap/") {
				t.Errorf("%s imports TiDB's parser", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestArchitectureNamesTheFolders keeps ARCHITECTURE.md from telling of folders that are gone, or leaving new ones out.
func TestArchitectureNamesTheFolders(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^ {4}([a-z/]+)/ ").FindAllStringSubmatch(string(text), -1) {
		named[m[1]] = true
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("ARCHITECTURE.md names the folder %s, which is not there", m[1])
		}
	}
	dirs, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if d.IsDir() && !strings.HasPrefix(d.Name(), ".") && !named[d.Name()] {
			t.Errorf("ARCHITECTURE.md does not name the folder %s", d.Name())
		}
	}
}
