package planner

import (
	"slices"

	"weir/parser/ast"
	"weir/planner/plan"
)

// keyTerm takes the terms of an ON apart: the equality that brings rows together, and the others. Beside a table it is one that
// names the table's key, of two tables rather one that names both; else it is the first. A condition of one term is given as it is: whoever
// takes it further says what is wrong with it.
func keyTerm(on ast.Expr, left, right *side) (key *ast.Comparison, rest []ast.Expr) {
	terms := conjuncts(on)
	best, rank := -1, -1
	for i, x := range terms {
		cmp, ok := x.(*ast.Comparison)
		if !ok || cmp.Op != ast.Eq {
			continue
		}
		leftX, rightX, across := acrossSides(cmp, right)
		score := 0
		switch {
		case !across && len(terms) > 1:
			continue
		case !across:
		case right.in.Table() && right.holds(rightX) && left.holds(leftX):
			score = 2
		case right.in.Table() && right.holds(rightX):
			score = 1
		}
		if score > rank {
			best, rank = i, score
		}
	}
	if best < 0 {
		return nil, nil
	}
	return terms[best].(*ast.Comparison), slices.Concat(terms[:best], terms[best+1:])
}

// acrossSides says whether an equality is one of the source on the right with a source on the left.
func acrossSides(cmp *ast.Comparison, right *side) (leftX, rightX ast.Expr, ok bool) {
	l, one := onlySource(cmp.L)
	r, other := onlySource(cmp.R)
	joined := right.scopes[0].alias
	switch {
	case !one || !other || (l == joined) == (r == joined):
		return nil, nil, false
	case l == joined:
		return cmp.R, cmp.L, true
	}
	return cmp.L, cmp.R, true
}

// conjuncts are the terms of a condition that AND connects.
func conjuncts(x ast.Expr) []ast.Expr {
	if l, ok := x.(*ast.Logical); ok && l.Op == ast.And {
		return append(conjuncts(l.L), conjuncts(l.R)...)
	}
	return []ast.Expr{x}
}

// match resolves the terms beside the equality over joined rows; nil where there are none.
func (c *condition) match() (plan.Expr, error) {
	if len(c.rest) == 0 {
		return nil, nil
	}
	if c.left.in.Table() && c.at.Kind == ast.FullJoin {
		return nil, at(c.rest[0].Pos(), "A FULL JOIN of tables takes the equality of their keys alone: two rows of one key that don't fulfil %s would be two rows "+
			"of the result with one key. Use LEFT or RIGHT JOIN, or put it into WHERE.", ast.Quoted(c.rest[0]))
	}
	all := c.rest[0]
	for _, x := range c.rest[1:] {
		all = &ast.Logical{Op: ast.And, L: all, R: x}
	}
	r := &resolver{env: c.j.b.env, clause: joinOn, column: columnIn(slices.Concat(c.left.scopes, c.right.scopes), joinOn)}
	return r.boolean(all)
}
