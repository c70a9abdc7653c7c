package engine

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
)

// stands says whether a statement has been carried out already, word for word; where it is not itself a replacement,
// whatever has replaced it since.
func (e *Engine) stands(s *Session, stmt parser.Stmt) bool {
	var name string
	replaces := false
	switch n := stmt.Node.(type) {
	case *ast.CreateSource:
		name, replaces = n.Name.Name, n.OrReplace
	case *ast.CreateAs:
		name, replaces = n.Name.Name, n.OrReplace
	case *ast.AlterSource:
		name = n.Name.Name
	case *ast.RenameSource:
		name = n.To.Name
	case *ast.InsertSelect:
		for _, q := range e.catalog.Snapshot().Queries() {
			if sameText(q.SQL, stmt.Text) {
				return true
			}
		}
		return false
	case *ast.CreateFunction:
		f, ok := e.catalog.Snapshot().Function(strings.ToUpper(n.Name.Name))
		return ok && e.modules.same(s, f, stmt.Text)
	default:
		d := defined(n)
		return d.Action == ast.Creates && e.catalog.Snapshot().Has(d.Kind, d.Name.Name)
	}
	before := func(src *catalog.Source) bool {
		return slices.ContainsFunc(src.Before, func(sql string) bool { return sameText(sql, stmt.Text) })
	}
	src, ok := e.catalog.Snapshot().Source(name)
	if !ok { // it may have another name by now
		return !replaces && slices.ContainsFunc(e.catalog.Snapshot().Sources(), before)
	}
	return sameText(src.SQL, stmt.Text) || !replaces && before(src)
}

// sameText compares statements without regard to how they are laid out.
func sameText(a, b string) bool {
	x, errX := parser.Parse(a+";", parser.Options{})
	y, errY := parser.Parse(b+";", parser.Options{})
	return errX == nil && errY == nil && len(x) == 1 && len(y) == 1 && ast.Format(x[0].Node) == ast.Format(y[0].Node)
}
