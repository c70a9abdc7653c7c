package parser

import (
	"reflect"
	"strings"
	"testing"

	"weir/parser/ast"
)

// checkPositions asserts that every node's place holds what the node says.
func checkPositions(t testing.TB, src string, node any) {
	t.Helper()
	visitNodes(reflect.ValueOf(node), func(n ast.Node) {
		pos := n.Pos()
		if !pos.IsValid() || pos.Offset >= len(src) {
			t.Errorf("%s: %T has the place %+v", src, n, pos)
			return
		}
		before := src[:pos.Offset]
		line := strings.Count(before, "\n") + 1
		col := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		if pos.Line != line || pos.Col != col {
			t.Errorf("%s: %T at offset %d is at %d:%d, not %s", src, n, pos.Offset, line, col, pos)
		}
		here := strings.ToUpper(src[pos.Offset:])
		for _, want := range beginsWith(n) {
			if strings.HasPrefix(here, want) {
				return
			}
		}
		if beginsWith(n) != nil {
			t.Errorf("%s: %T at %s begins with %q, want one of %q", src, n, pos, here[:min(len(here), 10)], beginsWith(n))
		}
	})
}

func beginsWith(n ast.Node) []string {
	name := func(s string) []string { return []string{strings.ToUpper(s), "`", `"`} }
	not := func(not bool, word string) []string {
		if not {
			word = "NOT"
		}
		return []string{word}
	}
	switch n := n.(type) {
	case *ast.ColumnRef:
		if n.Qualifier != "" {
			return name(n.Qualifier)
		}
		return name(n.Name)
	case *ast.Call:
		return name(n.Name)
	case *ast.Table:
		return name(n.Name)
	case *ast.Binary:
		return []string{n.Op.String()}
	case *ast.Unary:
		return []string{n.Op.String()}
	case *ast.Logical:
		return []string{n.Op.String()}
	case *ast.Comparison:
		return []string{strings.Fields(n.Op.String())[0], "!="}
	case *ast.Not:
		return []string{"NOT"}
	case *ast.IsNull:
		return []string{"IS"}
	case *ast.Between:
		return not(n.Not, "BETWEEN")
	case *ast.In:
		return not(n.Not, "IN")
	case *ast.Like:
		return not(n.Not, "LIKE")
	case *ast.Case:
		return []string{"CASE"}
	case *ast.Cast:
		return []string{"CAST"}
	case ast.When:
		return []string{"WHEN"}
	case *ast.ArrayCtor:
		return []string{"ARRAY"}
	case *ast.MapCtor:
		return []string{"MAP"}
	case *ast.StructCtor:
		return []string{"STRUCT"}
	case *ast.StringLit:
		return []string{"'"}
	case *ast.DecimalLit:
		return []string{n.Text, "-"}
	case *ast.Query:
		return []string{"SELECT"}
	case *ast.Join:
		return []string{"JOIN", "INNER", "LEFT", "RIGHT", "FULL"}
	case *ast.Window:
		return []string{"WINDOW"}
	case *ast.Emit:
		return []string{"EMIT"}
	case *ast.ExprList:
		return []string{"GROUP", "PARTITION"}
	case *ast.Limit:
		return []string{"LIMIT"}
	}
	return nil
}

// visitNodes finds all nodes below v. A name that is absent is none.
func visitNodes(v reflect.Value, visit func(ast.Node)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok && v.Kind() == reflect.Pointer {
			visit(n)
			v = v.Elem()
			for i := range v.NumField() {
				visitNodes(v.Field(i), visit)
			}
			return
		}
		visitNodes(v.Elem(), visit)
	case reflect.Slice:
		for i := range v.Len() {
			visitNodes(v.Index(i), visit)
		}
	case reflect.Struct:
		if _, ok := v.Interface().(ast.At); ok || v.IsZero() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok {
			visit(n)
		}
		for i := range v.NumField() {
			visitNodes(v.Field(i), visit)
		}
	}
}
