package ast

// Walk calls visit for e and, where it answers true, for what is below e, parents first, left to right. A nil e is skipped.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	each := func(list ...Expr) {
		for _, x := range list {
			Walk(x, visit)
		}
	}
	switch e := e.(type) {
	case *ColumnRef, *NullLit, *BoolLit, *IntLit, *BigintLit, *DecimalLit, *DoubleLit, *StringLit, *TypeLit, *UnitLit:
	case *Unary:
		each(e.X)
	case *Binary:
		each(e.L, e.R)
	case *Comparison:
		each(e.L, e.R)
	case *Logical:
		each(e.L, e.R)
	case *Not:
		each(e.X)
	case *IsNull:
		each(e.X)
	case *Between:
		each(e.X, e.Low, e.High)
	case *In:
		each(e.X)
		each(e.List...)
	case *Like:
		each(e.X, e.Pattern)
	case *Case:
		each(e.Operand)
		for _, w := range e.Whens {
			each(w.Cond, w.Result)
		}
		each(e.Else)
	case *Cast:
		each(e.X)
	case *Call:
		each(e.Args...)
	case *Lambda:
		each(e.Body)
	case *Subscript:
		each(e.X, e.Index)
	case *Deref:
		each(e.X)
	case *ArrayCtor:
		each(e.Elems...)
	case *MapCtor:
		for _, m := range e.Entries {
			each(m.Key, m.Value)
		}
	case *StructCtor:
		for _, f := range e.Fields {
			each(f.Value)
		}
	}
}

// Exprs calls visit for the expressions of a query that stand highest, in the order of the text; ON conditions come
// with FROM. Use Walk to go below.
func (q *Query) Exprs(visit func(Expr)) {
	for _, item := range q.Select {
		switch item := item.(type) {
		case *ExprItem:
			visit(item.X)
		case *StructAllItem:
			visit(item.X)
		case *AllItem:
		}
	}
	conditions(q.From, visit)
	if q.Where != nil {
		visit(q.Where)
	}
	for _, list := range []*ExprList{q.GroupBy, q.PartitionBy} {
		if list != nil {
			for _, x := range list.Items {
				visit(x)
			}
		}
	}
	if q.Having != nil {
		visit(q.Having)
	}
	for _, item := range q.OrderBy {
		visit(item.X)
	}
}

func conditions(s Source, visit func(Expr)) {
	if j, ok := s.(*Join); ok {
		conditions(j.Left, visit)
		conditions(j.Right, visit)
		visit(j.On)
	}
}

// Tables calls visit for the tables of a source, left to right.
func Tables(s Source, visit func(*Table)) {
	switch s := s.(type) {
	case *Table:
		visit(s)
	case *Join:
		Tables(s.Left, visit)
		Tables(s.Right, visit)
	}
}
