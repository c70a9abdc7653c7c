package planner

import (
	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// top puts the list of the first rows on top of a table: ORDER BY ... LIMIT of a query that goes on. Each partition ranks
// its own rows; what is in its list is ranked again in one place. With EMIT FINAL both are done once, when the window closes; see aggregation.finish.
func (b *builder) top(q *ast.Query, sel *selection, order []plan.Order, shown int) error {
	if !sel.in.Table() {
		return at(q.OrderBy[0].Pos(), "ORDER BY needs the rows of a table: GROUP BY something, or use a table as the source.")
	}
	if q.Limit == nil || q.Limit.N <= 0 {
		return at(q.OrderBy[0].Pos(), "ORDER BY needs a LIMIT above zero here: a table is kept of the first rows only.")
	}
	window := plan.WindowOf(sel.in)
	if window == nil && plan.Windowed(sel.in) != nil {
		return at(q.OrderBy[0].Pos(), "ORDER BY is not supported over a source that is windowed already: use it where the windows are made.")
	}
	local := &plan.Top{In: sel.in, Step: "Top", Limit: q.Limit.N}
	for _, o := range order {
		local.Order = append(local.Order, plan.TopOrder{Expr: sel.items[o.Column].expr, Desc: o.Desc})
	}
	sel.items = sel.items[:shown]
	for _, k := range sel.key {
		x, err := b.keyColumn(sel, k)
		if err != nil {
			return err
		}
		local.Key = append(local.Key, x)
	}
	shuffle := &plan.Repartition{In: local, Step: "Top-OrderBy", Serde: catalog.Serde{Format: formats.Kafka}}
	shuffle.Key = []plan.Expr{&plan.Literal{Value: types.BigintValue(0), T: types.TBigint}}
	if window != nil {
		n := len(sel.in.Layout())
		local.Window = topWindow(window, emitsFinal(q))
		local.Window.Start, local.Window.End = n-2, n-1
		if !local.Final() { // those are short, and go out in their order
			shuffle.Key = []plan.Expr{&plan.Column{Slot: n - 2, Name: types.WindowStart, T: types.TBigint}}
		}
	}
	shuffle.Columns = types.Schema{{Name: types.WindowStart, Type: types.TBigint, Role: types.KeyColumn}}
	all := *local
	all.In, all.Step = shuffle, "Top-All"
	if window != nil && !local.Final() {
		// Another partition may be behind by any time, and only the first rows of each are kept: a day more costs little.
		all.Window = &plan.TopWindow{Start: local.Window.Start, End: local.Window.End, Keep: window.Grace + keepLists}
	}
	sel.in, sel.ranked = &all, true
	return nil
}

// topWindow says when a list closes: with its window, of a session a millisecond after no row can join it any more.
func topWindow(w *plan.Window, final bool) *plan.TopWindow {
	out := &plan.TopWindow{Keep: w.Grace}
	if final {
		out.Final, out.Behind = true, w.Size+w.Grace
		if w.Kind == ast.SessionWindow {
			out.Keep += w.Size + 1
		}
	}
	return out
}

// emitsFinal says whether a query puts out results once, when their windows close.
func emitsFinal(q *ast.Query) bool { return q.Emit != nil && q.Emit.Kind == ast.EmitFinal }

// keepLists is how long lists, and rows kept for pull queries, outlast the retention of their windows, in milliseconds of
// stream time.
const keepLists = 24 * 60 * 60 * 1000

// keyColumn is a part of the key, over the rows of the table.
func (b *builder) keyColumn(sel *selection, k keyPart) (plan.Expr, error) {
	if sel.grouped {
		for i, s := range sel.in.Layout() {
			if s.Name == k.name {
				return &plan.Column{Slot: i, Name: s.Name, T: s.Type}, nil
			}
		}
	}
	return b.resolver(sel, "ORDER BY").expr(k.x)
}
