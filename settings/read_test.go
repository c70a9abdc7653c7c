package settings

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// parsed calls a function for each file of product code below a folder.
func parsed(t *testing.T, dir string, visit func(path string, f *ast.File)) {
	t.Helper()
	skip := []string{"settings", "conformance", "bench", "docs", "examples", "scripts", "testdata"}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (slices.Contains(skip, d.Name()) || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			visit(path, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// defined are the variables of this package that hold settings.
func defined(t *testing.T) []string {
	t.Helper()
	var out []string
	parsed(t, ".", func(_ string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
				return true
			}
			if call, ok := spec.Values[0].(*ast.CallExpr); ok {
				if fun, ok := call.Fun.(*ast.Ident); ok && fun.Name == "define" {
					out = append(out, spec.Names[0].Name)
				}
			}
			return true
		})
	})
	return out
}

// A setting that nothing reads would be a promise that nothing keeps.
func TestEachIsRead(t *testing.T) {
	vars := defined(t)
	if len(vars) != len(single) {
		t.Errorf("%d settings are defined, %d stand in the table", len(vars), len(single))
	}
	vars = append(vars, "KafkaSecurity", "RegistrySecurity", "ConnectSecurity") // whose names package security knows; a test of it compares
	if len(Families()) != 3 {
		t.Error("a family of settings is not looked for here")
	}
	places := map[string][]string{}
	parsed(t, "..", func(path string, f *ast.File) {
		if !slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"weir/settings"` }) {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if name := reads(n); name != "" && !slices.Contains(places[name], path) {
				places[name] = append(places[name], path)
			}
			return true
		})
	})
	for _, name := range vars {
		if len(places[name]) == 0 {
			t.Errorf("nothing reads settings.%s: call its In, Or or Look where it matters, or take it out of the table", name)
		}
		t.Logf("%s: %s", name, strings.Join(places[name], ", "))
	}
}

// reads is the variable of a call such as settings.CommitInterval.In(config); asking for the default, In(nil), does not count.
func reads(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	if arg, ok := call.Args[0].(*ast.Ident); ok && arg.Name == "nil" {
		return ""
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"In", "Or", "Look"}, method.Sel.Name) {
		return ""
	}
	of, ok := method.X.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := of.X.(*ast.Ident); !ok || pkg.Name != "settings" {
		return ""
	}
	return of.Sel.Name
}
