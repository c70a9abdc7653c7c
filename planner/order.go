package planner

import (
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// orderBy adds what a query is ordered by to its items, behind those that are shown: a column of the result by its name or
// number, or another expression.
func (b *builder) orderBy(q *ast.Query, sel *selection) ([]plan.Order, error) {
	shown := len(sel.items)
	var order []plan.Order
	for _, o := range q.OrderBy {
		col, err := orderColumn(o, sel.items[:shown])
		if err != nil {
			return nil, err
		}
		if col < 0 {
			col = len(sel.items)
			sel.items = append(sel.items, item{x: sel.bare(o.X), key: -1, pos: o.Pos()})
		}
		order = append(order, plan.Order{Column: col, Desc: o.Desc})
	}
	return order, nil
}

// orderColumn is the shown column that is meant; -1 for none.
func orderColumn(o ast.OrderItem, items []item) (int, error) {
	switch x := o.X.(type) {
	case *ast.IntLit:
		if x.Value < 1 || int(x.Value) > len(items) {
			return 0, at(o.Pos(), "ORDER BY %d: the result has the columns 1 to %d.", x.Value, len(items))
		}
		return int(x.Value) - 1, nil
	case *ast.ColumnRef:
		for i, it := range items {
			if x.Qualifier == "" && it.name == x.Name {
				return i, nil
			}
		}
	default: // about these alone
	}
	return -1, nil
}

// lookupItems resolves the items of a pull query over a table, with its GROUP BY.
func (b *builder) lookupItems(q *ast.Query, sel *selection, l *plan.Lookup) error {
	sc := sel.scopes[0]
	if q.GroupBy == nil {
		if q.Having != nil {
			return at(q.Having.Pos(), "HAVING requires a GROUP BY clause.")
		}
		for _, c := range sc.src.Schema.With(types.KeyColumn) {
			sel.key = append(sel.key, keyPart{x: &ast.ColumnRef{Name: c.Name}, name: c.Name, t: c.Type})
		}
		r := b.resolver(sel, "SELECT")
		for i := range sel.items {
			x, err := r.expr(sel.items[i].x)
			if err != nil {
				return err
			}
			sel.items[i].expr = x
		}
		return nil
	}
	// The rows of the answer are a bounded stream: nothing is ever taken back, and no topic holds them.
	rows := *sc.src
	rows.IsTable, rows.Value.Format = false, formats.JSON
	sc.src, sc.scan = &rows, &plan.Scan{Source: &rows, Cols: sc.scan.Cols, Slots: sc.scan.Slots}
	sel.in = sc.scan
	if err := b.aggregate(q, sel); err != nil {
		return err
	}
	for n := sel.in; n != plan.Node(sc.scan); n = n.Inputs()[0] {
		if _, ok := n.(*plan.Repartition); !ok {
			l.Steps = append(l.Steps, n)
		}
	}
	return nil
}
