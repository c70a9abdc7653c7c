package planner

import (
	"slices"

	"weir/parser/ast"
	"weir/planner/plan"
)

// keyTerms takes the terms of an ON apart: the equalities that bring rows together, and the others. Where the key of the right side
// has several columns, and there is an equality for each, these are it: beside a table always, between streams where they
// name the left side's key too. Else it is one equality.
func keyTerms(on ast.Expr, left, right *side) (key []*ast.Comparison, rest []ast.Expr) {
	terms := conjuncts(on)
	by := right
	if right.in.Table() && left.in.Table() && len(left.parts) == len(right.parts) {
		by = left // in the order of its key, so that its rows may stay where they are
	}
	if key, rest = severalTerms(terms, by, left, right); key == nil && by != right {
		key, rest = severalTerms(terms, right, left, right)
	}
	if key == nil {
		return keyTerm(terms, left, right)
	}
	return key, rest
}

// severalTerms are the equalities that name the whole key of a side, which has several columns, in its order; nil where they
// don't, or don't bring rows together.
func severalTerms(terms []ast.Expr, by, left, right *side) (key []*ast.Comparison, rest []ast.Expr) {
	if len(by.parts) < 2 {
		return nil, nil
	}
	key = make([]*ast.Comparison, len(by.parts))
	lefts, rights := make([]ast.Expr, len(key)), make([]ast.Expr, len(key))
	for _, x := range terms {
		if cmp, ok := x.(*ast.Comparison); ok && cmp.Op == ast.Eq {
			if leftX, rightX, across := acrossSides(cmp, right); across {
				part := right.part(rightX)
				if by == left {
					part = left.part(leftX)
				}
				if part >= 0 && key[part] == nil {
					key[part], lefts[part], rights[part] = cmp, leftX, rightX
					continue
				}
			}
		}
		rest = append(rest, x)
	}
	if slices.Contains(key, nil) || !right.covers(rights) || !right.in.Table() && !left.covers(lefts) {
		return nil, nil
	}
	return key, rest
}

// keyTerm is the equality that brings rows together, and the other terms. Beside a table it is one that names the table's key, of two
// tables rather one that names both; else it is the first. A condition of one term is given as it is: whoever takes it further
// says what is wrong with it.
func keyTerm(terms []ast.Expr, left, right *side) (key []*ast.Comparison, rest []ast.Expr) {
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
	return []*ast.Comparison{terms[best].(*ast.Comparison)}, slices.Concat(terms[:best], terms[best+1:])
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
