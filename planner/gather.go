package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"weir/functions"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// gathering is a join of streams grouped by the rows of the left one, with final results: one row of each left row, with aggregates over what
// matches it, when no match can come any more. Unlike groups that go on changing, these are rows of a stream, and nothing is kept of them.
type gathering struct {
	b    *builder
	sel  *selection
	node *plan.StreamJoin
	list aggregateList
	// loose are the columns of the right side that stand outside of aggregates.
	loose    []string
	loosePos ast.Pos
}

// gathers says whether a query groups a join of two streams by the rows of the left one, which their partition and offset name.
func gathers(q *ast.Query) bool {
	left := gathersFor(q)
	if left == "" || q.GroupBy == nil || len(q.GroupBy.Items) != 2 || q.Window != nil || !emitsFinal(q) {
		return false
	}
	var names []string
	for _, x := range q.GroupBy.Items {
		if ref, ok := x.(*ast.ColumnRef); ok && ref.Qualifier == left {
			names = append(names, ref.Name)
		}
	}
	slices.Sort(names)
	return slices.Equal(names, []string{types.RowOffset, types.RowPartition})
}

// gathersFor is the alias of the left one of two streams that a query joins; empty where it does not.
func gathersFor(q *ast.Query) string {
	if join, ok := q.From.(*ast.Join); ok && join.Within != nil {
		if left, ok := join.Left.(*ast.Table); ok {
			return cmp.Or(left.Alias.Name, left.Name)
		}
	}
	return ""
}

// gatherHint tells of the groups that have final results without windows.
func gatherHint(q *ast.Query) string {
	left := gathersFor(q)
	if left == "" {
		return ""
	}
	return fmt.Sprintf("\nOf two joined streams, GROUP BY %[1]s.%[2]s, %[1]s.%[3]s makes one row of each row of the left one.", left, types.RowPartition, types.RowOffset)
}

// equalities makes all equalities of the two sides the key: it need not be that of any source, and rows of other keys are not looked at.
func (c *condition) equalities() {
	rest := c.rest
	c.rest = nil
	for _, x := range rest {
		if cmp, ok := x.(*ast.Comparison); ok && cmp.Op == ast.Eq && c.keyed(cmp) {
			c.terms = append(c.terms, cmp)
		} else {
			c.rest = append(c.rest, x)
		}
	}
}

// keyed says whether an equality is one of the two sides whose values are equal where their bytes are.
func (c *condition) keyed(term *ast.Comparison) bool {
	leftX, rightX, ok := acrossSides(term, c.right)
	if !ok {
		return false
	}
	left, err := c.key(c.left, []ast.Expr{leftX})
	right, bad := c.key(c.right, []ast.Expr{rightX})
	return err == nil && bad == nil && left[0].Type().Equal(right[0].Type()) && left[0].Type().Kind != types.Null && !left[0].Type().Contains(types.Map)
}

// narrow filters the left side by WHERE, and the right one by the terms of ON that speak of it alone, before rows are sent anywhere.
func (c *condition) narrow() error {
	if where := c.j.query.Where; where != nil {
		for _, x := range conjuncts(where) {
			of, err := qualified(x, c.j.scopes, "WHERE")
			if err != nil {
				return err
			}
			if alias, ok := onlySource(of); alias != "" && (!ok || alias != c.left.scopes[0].alias) {
				return at(x.Pos(), "WHERE chooses rows of %s here, each of which is a group. Which rows of %s belong to it is said by ON: put %s there",
					c.left.scopes[0].alias, c.right.scopes[0].alias, ast.Quoted(of))
			}
		}
		if err := c.left.filter(c.j.b, where, "WHERE"); err != nil {
			return err
		}
	}
	rest := c.rest
	c.rest = nil
	for _, x := range rest {
		if alias, ok := onlySource(x); !ok || alias != c.right.scopes[0].alias {
			c.rest = append(c.rest, x)
		} else if err := c.right.filter(c.j.b, x, joinOn); err != nil {
			return err
		}
	}
	return nil
}

func (s *side) filter(b *builder, cond ast.Expr, clause string) error {
	r := &resolver{env: b.env, clause: clause, column: columnIn(s.scopes, clause)}
	x, err := r.condition(cond)
	if err == nil {
		s.in = &plan.Filter{In: s.in, Cond: x}
	}
	return err
}

// gather resolves what stands above the grouping.
func (b *builder) gather(q *ast.Query, sel *selection) error {
	g := &gathering{b: b, sel: sel, node: sel.in.(*plan.StreamJoin)}
	g.list.at = len(g.node.Slots)
	g.node.Gather.Slides = g.node.Match == nil
	sel.joinKeys()
	var ex exploding
	if err := b.streamItems(sel, g.resolver("SELECT"), &ex); err != nil {
		return err
	}
	var having plan.Expr
	if q.Having != nil {
		var err error
		if having, err = g.resolver("HAVING").condition(sel.bare(q.Having)); err != nil {
			return err
		}
	}
	switch {
	case len(g.list.aggs) == 0:
		return at(q.GroupBy.Pos(), "GROUP BY requires aggregate functions in either the SELECT or HAVING clause.")
	case len(g.loose) > 0:
		return at(g.loosePos, "%s is of the rows that belong to a row of %s: it can only be an argument of an aggregate here", strings.Join(g.loose, ", "), sel.scopes[0].alias)
	}
	g.node.Gather.Aggs = g.list.aggs
	g.node.Slots = append(g.node.Slots, g.list.slots()...)
	if having != nil {
		sel.in = &plan.Filter{In: sel.in, Cond: having, Having: true}
	}
	ex.put(sel)
	return nil
}

// resolver resolves against the rows that the join makes: the left row, the key and the aggregates.
func (g *gathering) resolver(clause string) *resolver {
	r := &resolver{env: g.b.env, clause: clause, joined: true}
	r.column = func(ref *ast.ColumnRef) (plan.Expr, error) {
		if i := g.sel.keyIndex(ref); i >= 0 {
			return g.sel.joined.parts[i].column(), nil
		}
		x, err := g.sel.columns(clause)(ref)
		if err != nil {
			return nil, err
		}
		if !g.ofLeft(x) && (ref.Qualifier != "" || g.sel.scopes[1].has(ref.Name)) {
			g.loose = append(g.loose, ast.Quoted(ref))
			if g.loosePos == (ast.Pos{}) {
				g.loosePos = ref.Pos()
			}
		}
		return x, nil
	}
	r.special = func(e ast.Expr) (plan.Expr, error) {
		if call, ok := e.(*ast.Call); ok {
			if f := g.b.env.Functions.Aggregate(call.Name); f != nil {
				return g.call(call, f)
			}
		}
		return nil, nil
	}
	return r
}

// ofLeft says whether a column is the left side's.
func (g *gathering) ofLeft(x plan.Expr) bool {
	c, ok := x.(*plan.Column)
	return ok && c.Slot < len(g.node.Left.Layout())
}

func (g *gathering) call(call *ast.Call, f *functions.Aggregate) (plan.Expr, error) {
	in := g.sel.columns("SELECT")
	column := func(ref *ast.ColumnRef) (plan.Expr, error) {
		x, err := in(ref)
		if err == nil && g.ofLeft(x) {
			g.node.Gather.Slides = false
		}
		return x, err
	}
	time := &ast.ColumnRef{At: call.At, Qualifier: g.sel.scopes[1].alias, Name: types.RowTime}
	x, bound, err := g.list.add(g.b.resolver(g.sel, "SELECT"), column, call, f, functions.Adding, time)
	if err == nil && !(bound.Exact && bound.CanUndo) {
		g.node.Gather.Slides = false
	}
	return x, err
}
