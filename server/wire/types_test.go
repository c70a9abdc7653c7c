package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Whatever embeds Common is an entity, and has its @type: otherwise it would be written without one, and not be read.
func TestEntitiesHaveTypes(t *testing.T) {
	known := map[string]bool{"Unknown": true}
	for _, e := range entityTypes {
		known[reflect.TypeOf(e).Elem().Name()] = true
	}
	var files []string
	for _, folder := range []string{".", "../../engine"} {
		list, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, list...)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok && embedsCommon(s) {
				found++
				if !known[spec.Name.Name] {
					t.Errorf("%s of %s is in no list of entities: add it to that of its file, or to engine.Messages", spec.Name.Name, file)
				}
			}
			return true
		})
	}
	if found != len(known) {
		t.Errorf("found %d entities, want %d", found, len(known))
	}
}

func embedsCommon(s *ast.StructType) bool {
	for _, field := range s.Fields.List {
		if sel, ok := field.Type.(*ast.SelectorExpr); ok && len(field.Names) == 0 && sel.Sel.Name == "Common" {
			return true
		}
	}
	return false
}
