package ksqldb

import (
	"slices"

	"weir/parser/ast"
)

// inOrder puts statements in an order in which each comes after those that it needs, and otherwise in theirs. One that was replaced stands late
// in a command topic, behind what reads it.
func inOrder(list []*Statement) []*Statement {
	out := make([]*Statement, 0, len(list))
	done := map[*Statement]bool{}
	for len(out) < len(list) {
		next := -1
		for i, s := range list {
			if !done[s] && !slices.ContainsFunc(list, func(o *Statement) bool { return o != s && !done[o] && needs(list, s, o) }) {
				next = i
				break
			}
		}
		if next < 0 { // a circle: the server says what is wrong with it
			next = slices.IndexFunc(list, func(s *Statement) bool { return !done[s] })
		}
		done[list[next]] = true
		out = append(out, list[next])
	}
	return out
}

// needs says whether a statement has to come after another one.
func needs(list []*Statement, s, other *Statement) bool {
	switch {
	case other.Kind == kindQuery:
		return false
	case other.Kind == ast.KindType:
		return s.node != nil && usesType(s.node, other.Name)
	case s.alters != "" && s.alters == other.Name:
		return other.alters == "" || slices.Index(list, other) < slices.Index(list, s)
	case !slices.Contains(names(s.node), other.Name):
		return false
	}
	// A column that was added behind a reader is not one of those that its * stands for.
	return other.alters == "" || slices.Index(list, other) < slices.Index(list, s)
}

// names are those of the streams and tables that a statement reads, or writes without making them.
func names(n ast.Statement) []string {
	var out []string
	from := func(q *ast.Query) { ast.Tables(q.From, func(t *ast.Table) { out = append(out, t.Name) }) }
	switch n := n.(type) {
	case *ast.CreateAs:
		from(n.Query)
	case *ast.InsertSelect:
		out = append(out, n.Target.Name)
		from(n.Query)
	default: // others read nothing
	}
	return out
}
