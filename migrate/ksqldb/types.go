package ksqldb

import "weir/parser/ast"

// expand is a type without names of other types. What is not known stays.
func expand(t *ast.Type, known map[string]*ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	if t.Kind == ast.TypeCustom {
		if is, ok := known[t.Name]; ok {
			return is
		}
		return t
	}
	out := *t
	out.Key, out.Elem = expand(t.Key, known), expand(t.Elem, known)
	out.Fields = append([]ast.Field(nil), t.Fields...)
	for i := range out.Fields {
		out.Fields[i].Type = expand(out.Fields[i].Type, known)
	}
	return &out
}

// eachType calls visit for the types that a statement names, each of which may be replaced.
func eachType(n ast.Statement, visit func(**ast.Type)) {
	casts := func(q *ast.Query) {
		q.Exprs(func(e ast.Expr) {
			ast.Walk(e, func(e ast.Expr) bool {
				if c, ok := e.(*ast.Cast); ok {
					visit(&c.Type)
				}
				return true
			})
		})
	}
	switch n := n.(type) {
	case *ast.CreateSource:
		for i := range n.Columns {
			visit(&n.Columns[i].Type)
		}
	case *ast.AlterSource:
		for i := range n.Add {
			visit(&n.Add[i].Type)
		}
	case *ast.CreateType:
		visit(&n.Type)
	case *ast.CreateAs:
		casts(n.Query)
	case *ast.InsertSelect:
		casts(n.Query)
	default: // others name none
	}
}

// customs are the names of types that a type has in it.
func customs(t *ast.Type) []string {
	if t == nil {
		return nil
	}
	if t.Kind == ast.TypeCustom {
		return []string{t.Name}
	}
	out := append(customs(t.Key), customs(t.Elem)...)
	for _, f := range t.Fields {
		out = append(out, customs(f.Type)...)
	}
	return out
}

func usesType(n ast.Statement, name string) bool {
	uses := false
	eachType(n, func(t **ast.Type) {
		for _, c := range customs(*t) {
			uses = uses || c == name
		}
	})
	return uses
}

// pinTypes writes types out that a statement names and that are gone by now, or are others: there they count as they were at its time.
func (f *folding) pinTypes(s *Statement) {
	changed := false
	eachType(s.node, func(t **ast.Type) {
		for _, name := range customs(*t) {
			was, is := s.types[name], f.types[name]
			if was != nil && (is == nil || ast.Format(was) != ast.Format(is)) {
				changed = true
			}
		}
	})
	if !changed {
		return
	}
	eachType(s.node, func(t **ast.Type) { *t = expand(*t, s.types) })
	s.SQL = ast.Format(s.node)
	s.Differences = append(s.Differences, "it names a type that was dropped or changed since: the type is written out")
}
