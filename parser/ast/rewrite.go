package ast

// Rewrite returns e with every node replaced by what change makes of it, children first. A node whose children stay the
// same is handed over as it is, otherwise a copy of it; e itself is never altered. The first error ends it.
func Rewrite(e Expr, change func(Expr) (Expr, error)) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	r := rewriter{change: change}
	out := r.expr(e)
	return out, r.err
}

type rewriter struct {
	change func(Expr) (Expr, error)
	err    error
}

func (r *rewriter) expr(e Expr) Expr {
	if e == nil || r.err != nil {
		return e
	}
	below := r.children(e)
	if r.err != nil {
		return e
	}
	out, err := r.change(below)
	if err != nil {
		r.err = err
		return e
	}
	return out
}

func (r *rewriter) list(list []Expr) ([]Expr, bool) {
	var out []Expr
	for i, x := range list {
		y := r.expr(x)
		if y != x && out == nil {
			out = append(make([]Expr, 0, len(list)), list[:i]...)
		}
		if out != nil {
			out = append(out, y)
		}
	}
	if out == nil {
		return list, false
	}
	return out, true
}

// copied is c, a changed copy of e, unless nothing changed.
func copied[T any](e *T, c T, changed bool) *T {
	if !changed {
		return e
	}
	return &c
}

func (r *rewriter) children(e Expr) Expr {
	switch e := e.(type) {
	case *ColumnRef, *NullLit, *BoolLit, *IntLit, *BigintLit, *DecimalLit, *DoubleLit, *StringLit, *TypeLit, *UnitLit:
		return e
	case *Unary:
		c := *e
		c.X = r.expr(e.X)
		return copied(e, c, c.X != e.X)
	case *Binary:
		c := *e
		c.L, c.R = r.expr(e.L), r.expr(e.R)
		return copied(e, c, c.L != e.L || c.R != e.R)
	case *Comparison:
		c := *e
		c.L, c.R = r.expr(e.L), r.expr(e.R)
		return copied(e, c, c.L != e.L || c.R != e.R)
	case *Logical:
		c := *e
		c.L, c.R = r.expr(e.L), r.expr(e.R)
		return copied(e, c, c.L != e.L || c.R != e.R)
	case *Not:
		c := *e
		c.X = r.expr(e.X)
		return copied(e, c, c.X != e.X)
	case *IsNull:
		c := *e
		c.X = r.expr(e.X)
		return copied(e, c, c.X != e.X)
	case *Between:
		c := *e
		c.X, c.Low, c.High = r.expr(e.X), r.expr(e.Low), r.expr(e.High)
		return copied(e, c, c.X != e.X || c.Low != e.Low || c.High != e.High)
	case *In:
		c, changed := *e, false
		c.X = r.expr(e.X)
		c.List, changed = r.list(e.List)
		return copied(e, c, changed || c.X != e.X)
	case *Like:
		c := *e
		c.X, c.Pattern = r.expr(e.X), r.expr(e.Pattern)
		return copied(e, c, c.X != e.X || c.Pattern != e.Pattern)
	case *Case:
		return r.caseOf(e)
	case *Cast:
		c := *e
		c.X = r.expr(e.X)
		return copied(e, c, c.X != e.X)
	case *Call:
		c, changed := *e, false
		c.Args, changed = r.list(e.Args)
		return copied(e, c, changed)
	case *Lambda:
		c := *e
		c.Body = r.expr(e.Body)
		return copied(e, c, c.Body != e.Body)
	case *Subscript:
		c := *e
		c.X, c.Index = r.expr(e.X), r.expr(e.Index)
		return copied(e, c, c.X != e.X || c.Index != e.Index)
	case *Deref:
		c := *e
		c.X = r.expr(e.X)
		return copied(e, c, c.X != e.X)
	case *ArrayCtor:
		c, changed := *e, false
		c.Elems, changed = r.list(e.Elems)
		return copied(e, c, changed)
	case *MapCtor:
		c, changed := *e, false
		c.Entries = append([]MapEntry(nil), e.Entries...)
		for i, m := range e.Entries {
			c.Entries[i] = MapEntry{r.expr(m.Key), r.expr(m.Value)}
			changed = changed || c.Entries[i] != m
		}
		return copied(e, c, changed)
	case *StructCtor:
		c, changed := *e, false
		c.Fields = append([]StructEntry(nil), e.Fields...)
		for i, f := range e.Fields {
			c.Fields[i].Value = r.expr(f.Value)
			changed = changed || c.Fields[i].Value != f.Value
		}
		return copied(e, c, changed)
	}
	return e
}

func (r *rewriter) caseOf(e *Case) Expr {
	c, changed := *e, false
	c.Operand = r.expr(e.Operand)
	c.Whens = append([]When(nil), e.Whens...)
	for i, w := range e.Whens {
		c.Whens[i].Cond, c.Whens[i].Result = r.expr(w.Cond), r.expr(w.Result)
		changed = changed || c.Whens[i] != w
	}
	c.Else = r.expr(e.Else)
	return copied(e, c, changed || c.Operand != e.Operand || c.Else != e.Else)
}
