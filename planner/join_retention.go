package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
)

// retention is for how long the windows of a source may change, in milliseconds of stream time from their start, or a session's
// end: what the statement says that makes the windows; for topics of others, ksqlDB's default grace period. 0 without windows.
func (b *builder) retention(src *catalog.Source) int64 {
	if src.Windowed == nil {
		return 0
	}
	w, final := b.windowClause(src, nil)
	if w != nil {
		if win, err := windowOf(w, final); err == nil {
			return win.Retention
		}
	}
	return max(defaultGrace, src.Windowed.Size)
}

// windowClause finds the clause that makes the windows of a source, which may have them from what it is made from.
func (b *builder) windowClause(src *catalog.Source, seen []string) (w *ast.Window, final bool) {
	stmts, err := parser.Parse(strings.TrimSuffix(strings.TrimSpace(src.SQL), ";")+";", parser.Options{})
	if err != nil || len(stmts) != 1 {
		return nil, false
	}
	as, ok := stmts[0].Node.(*ast.CreateAs)
	if !ok {
		return nil, false
	}
	if w := as.Query.Window; w != nil {
		return w, emitsFinal(as.Query)
	}
	ast.Tables(as.Query.From, func(t *ast.Table) {
		from, ok := b.env.Catalog.Source(t.Name)
		if ok && w == nil && from.Windowed != nil && !slices.Contains(seen, t.Name) {
			w, final = b.windowClause(from, append(seen, t.Name))
		}
	})
	return w, final
}
