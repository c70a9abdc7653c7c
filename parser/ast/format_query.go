package ast

import "strconv"

func (q *Query) write(p *printer) {
	p.put("SELECT ")
	p.commas(len(q.Select), func(i int) { p.item(q.Select[i]) })
	if q.From != nil {
		p.put(" FROM ")
		p.source(q.From)
	}
	if q.Window != nil {
		p.put(" ")
		p.window(q.Window)
	}
	p.clause(" WHERE ", q.Where)
	p.exprList(" GROUP BY ", q.GroupBy)
	p.exprList(" PARTITION BY ", q.PartitionBy)
	p.clause(" HAVING ", q.Having)
	p.orderBy(q.OrderBy)
	if q.Emit != nil {
		p.put(" EMIT ", q.Emit.Kind.String())
	}
	p.limit(q.Limit)
}

func (p *printer) clause(word string, e Expr) {
	if e != nil {
		p.put(word)
		p.expr(e, lowest)
	}
}

func (p *printer) orderBy(items []OrderItem) {
	if len(items) == 0 {
		return
	}
	p.put(" ORDER BY ")
	p.commas(len(items), func(i int) {
		p.expr(items[i].X, valueLevel)
		if items[i].Desc {
			p.put(" DESC")
		}
	})
}

func (p *printer) exprList(word string, list *ExprList) {
	if list == nil {
		return
	}
	p.put(word)
	if len(list.Items) == 0 {
		p.put("()")
		return
	}
	p.commas(len(list.Items), func(i int) { p.expr(list.Items[i], valueLevel) })
}

func (p *printer) limit(l *Limit) {
	if l != nil {
		p.put(" LIMIT ", strconv.FormatInt(l.N, 10))
	}
}

func (p *printer) item(item SelectItem) {
	switch item := item.(type) {
	case *ExprItem:
		p.expr(item.X, lowest)
		p.alias(item.Alias)
	case *AllItem:
		if item.Qualifier != "" {
			p.name(item.Qualifier)
			p.put(".")
		}
		p.put("*")
	case *StructAllItem:
		p.expr(item.X, primaryLevel)
		p.put("->*")
	}
}

func (p *printer) alias(a Ident) {
	if a.Name != "" {
		p.put(" AS ")
		p.name(a.Name)
	}
}

func (p *printer) source(s Source) {
	switch s := s.(type) {
	case *Table:
		p.name(s.Name)
		p.alias(s.Alias)
	case *Join:
		p.source(s.Left)
		p.put(" ", s.Kind.String(), " ")
		p.source(s.Right)
		if s.Within != nil {
			p.put(" ")
			p.within(s.Within)
		}
		p.clause(" ON ", s.On)
	}
}

func (p *printer) within(w *Within) {
	p.put("WITHIN ")
	if w.Before.N == w.After.N && w.Before.Unit == w.After.Unit {
		p.duration(w.Before)
	} else {
		p.put("(")
		p.duration(w.Before)
		p.put(", ")
		p.duration(w.After)
		p.put(")")
	}
	p.durationIf(" GRACE PERIOD ", w.Grace)
}

func (p *printer) window(w *Window) {
	p.put("WINDOW ")
	if w.Name != "" {
		p.name(w.Name)
		p.put(" ")
	}
	p.put(w.Kind.String(), " (")
	p.durationIf("SIZE ", w.Size)
	p.durationIf(", ADVANCE BY ", w.Advance)
	p.durationIf("", w.Gap)
	p.durationIf(", RETENTION ", w.Retention)
	p.durationIf(", GRACE PERIOD ", w.Grace)
	p.put(")")
}
