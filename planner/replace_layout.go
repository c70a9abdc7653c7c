package planner

import (
	"weir/parser/ast"
	"weir/planner/plan"
)

// seed takes the columns up first that the query to be replaced reads, in its order: rows that it has stored, or has on
// their way between stages, are then rows of the new query whose last columns may be missing.
func (b *builder) seed(sc *scope) {
	if b.replaces == nil {
		return
	}
	var old *plan.Scan
	moved := false
	plan.Walk(b.replaces.run.Root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			if n.Source.Name == sc.src.Name {
				old = n
			}
		case *plan.Repartition:
			moved = true
		default: // about these alone
		}
		return true
	})
	if old == nil || !old.Materialize && !moved {
		return
	}
	for i, c := range old.Cols {
		if c.Kind != plan.ScanColumn {
			sc.col(c, old.Slots[i].Name, old.Slots[i].Type)
		} else if at := sc.src.Schema.Find(old.Source.Schema[c.Column].Name); at >= 0 {
			sc.schemaCol(at)
		}
	}
	// Rows that are kept once stay kept: a store that came back later would hold what has changed since.
	if old.Materialize {
		sc.materialize()
	}
}

// align puts the columns that a replaced query's sink has stored where they were, and new ones behind them.
func (t *takeover) align(pos ast.Pos, s *plan.Sink) error {
	old, ok := t.run.Root.(*plan.Sink)
	if !ok || !old.Materialize {
		return nil
	}
	p := s.In.(*plan.Project)
	to := make([]int, len(p.Slots)) // where each slot goes
	for i := range to {
		to[i] = -1
	}
	next := len(old.Layout())
	for i, was := range old.Layout() {
		from := -1
		for j, slot := range p.Slots {
			if slot.Name == was.Name && slot.Type.Equal(was.Type) {
				from = j
			}
		}
		if from < 0 {
			return differ(pos, "TableSink", "stored columns", was.Name+" "+was.Type.String(), "none")
		}
		to[from] = i
	}
	for i := range to {
		if to[i] < 0 {
			to[i] = next
			next++
		}
	}
	moved := &plan.Project{In: p.In, Exprs: make([]plan.Expr, next), Slots: make(plan.Layout, next)}
	for i, slot := range to {
		moved.Exprs[slot], moved.Slots[slot] = p.Exprs[i], p.Slots[i]
	}
	s.In = moved
	for _, list := range [][]int{s.KeySlots, s.ValueSlots} {
		for i := range list {
			list[i] = to[list[i]]
		}
	}
	for _, slot := range []*int{&s.TimeSlot, &s.HeaderSlot} {
		if *slot >= 0 {
			*slot = to[*slot]
		}
	}
	return nil
}
