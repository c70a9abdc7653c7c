package planner

import (
	"slices"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// item is one column of a SELECT after * and -> * were spelt out.
type item struct {
	name  string
	x     ast.Expr  // as written, qualifiers of a single source taken off
	expr  plan.Expr // resolved against the rows that reach the projection
	key   int       // which part of the key it is; -1 for a value
	given bool      // the user gave the name
	pos   ast.Pos
}

// selection is a planned SELECT up to its projection.
type selection struct {
	scopes []*scope
	joined *side // what the joins have made; nil where there is one source
	in     plan.Node
	items  []item
	// key are the parts of the key of the rows: what PARTITION BY or GROUP BY says, or the source's key columns.
	key []keyPart
	// noKey says that PARTITION BY NULL took the key away.
	noKey   bool
	rekeyed bool         // by PARTITION BY
	headers *plan.Column // what the records written take over; nil where they take none
	grouped bool
	gathers bool           // its rows are those of the left stream of a join, each with aggregates over what matches it
	ranked  bool           // by ORDER BY and LIMIT
	bounds  []*plan.Column // references to the window's bounds, whose slots come last
}

type keyPart struct {
	x    ast.Expr
	text string // as written
	name string // of the column that it makes, unless an alias renames it
	t    *types.Type
}

func (b *builder) selection(q *ast.Query) (*selection, error) {
	sel, err := b.from(q)
	if err != nil {
		return nil, err
	}
	if q.GroupBy == nil {
		switch {
		case b.usesAggregates(q):
			if q, err = b.ofAll(q); err != nil {
				return nil, err
			}
		case q.Window != nil:
			return nil, at(q.Window.Pos(), "WINDOW clause requires a GROUP BY clause.")
		case q.Having != nil:
			return nil, at(q.Having.Pos(), "HAVING requires a GROUP BY clause.")
		case emitsFinal(q):
			return nil, at(q.Emit.Pos(), "EMIT FINAL is only supported for windowed aggregations.")
		}
	} else if q.PartitionBy != nil {
		return nil, at(q.PartitionBy.Pos(), "Only one of PARTITION BY and GROUP BY can be used. Partition the result in a query of its own.")
	}
	if q.GroupBy == nil && !b.pushing && len(sel.scopes) == 1 {
		sel.headers = sel.scopes[0].headers()
	}
	if err := b.where(q, sel); err != nil {
		return nil, err
	}
	if err := b.items(q, sel); err != nil {
		return nil, err
	}
	shown := len(sel.items)
	order, err := b.orderBy(q, sel)
	if err != nil {
		return nil, err
	}
	if err := b.keyed(q, sel); err != nil {
		return nil, err
	}
	if len(order) > 0 {
		return sel, b.top(q, sel, order, shown)
	}
	return sel, nil
}

// keyed gives the rows their key, and resolves the items over them.
func (b *builder) keyed(q *ast.Query, sel *selection) error {
	if sel.gathers {
		return b.gather(q, sel)
	}
	if q.GroupBy != nil {
		return b.aggregate(q, sel)
	}
	if err := b.partitionBy(q, sel); err != nil {
		return err
	}
	return b.plainItems(sel)
}

// from plans the FROM clause.
func (b *builder) from(q *ast.Query) (*selection, error) {
	if join, ok := q.From.(*ast.Join); ok {
		return b.joinSources(q, join)
	}
	table, ok := q.From.(*ast.Table)
	if !ok {
		return nil, at(q.From.Pos(), "%T can't be read from", q.From)
	}
	sc, err := b.scope(table)
	if err != nil {
		return nil, err
	}
	return &selection{scopes: []*scope{sc}, in: sc.scan}, nil
}

func (b *builder) resolver(sel *selection, clause string) *resolver {
	return &resolver{env: b.env, clause: clause, column: sel.columns(clause), joined: sel.joined != nil}
}

func (b *builder) where(q *ast.Query, sel *selection) error {
	if q.Where == nil || sel.gathers { // whose WHERE is below the join
		return nil
	}
	r := b.resolver(sel, "WHERE")
	if q.Window != nil {
		r.column = beforeWindows(r.column)
	}
	cond, err := r.condition(q.Where)
	if err != nil {
		return err
	}
	sel.in = &plan.Filter{In: sel.in, Cond: cond}
	if sc := sel.scopes[0]; sc.src.IsTable && sel.joined == nil {
		sc.materialize()
	}
	return nil
}

// bare takes the qualifier off a column of the only source, so that T.ID and ID are one expression. Where there are several
// sources, a column gets the qualifier that it lacks.
func (sel *selection) bare(e ast.Expr) ast.Expr {
	if len(sel.scopes) != 1 {
		return withSources(e, sel.scopes)
	}
	out, _ := ast.Rewrite(e, func(x ast.Expr) (ast.Expr, error) {
		if c, ok := x.(*ast.ColumnRef); ok && c.Qualifier == sel.scopes[0].alias {
			return &ast.ColumnRef{At: c.At, Name: c.Name}, nil
		}
		return x, nil
	})
	return out
}

// items spells * out and names every column.
func (b *builder) items(q *ast.Query, sel *selection) error {
	for _, it := range q.Select {
		switch it := it.(type) {
		case *ast.AllItem:
			from := len(sel.items)
			if err := sel.all(it, b.pushing, q.PartitionBy != nil); err != nil {
				return err
			}
			if q.PartitionBy != nil {
				sel.keysFirst(from, q.PartitionBy.Items)
			}
		case *ast.StructAllItem:
			if err := b.structAll(sel, it); err != nil {
				return err
			}
		case *ast.ExprItem:
			sel.items = append(sel.items, item{name: it.Alias.Name, x: sel.bare(it.X), key: -1, given: it.Alias.Name != "", pos: it.X.Pos()})
		}
	}
	sel.nameItems()
	return b.checkNames(sel)
}

// exprName is the name of a column or field; empty for other expressions, which get KSQL_COL_n.
func exprName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Name
	case *ast.Deref:
		return e.Field
	default: // about these alone
	}
	return ""
}

func (b *builder) checkNames(sel *selection) error {
	seen := map[string]bool{}
	for _, it := range sel.items {
		if seen[it.name] {
			col := types.QuoteName(it.name)
			if x, err := b.resolver(sel, "SELECT").expr(it.x); err == nil {
				col += " " + typeName(x.Type())
			}
			return at(it.pos, "Duplicate value columns found in schema: %s. Give one of them an alias with AS.", col)
		}
		seen[it.name] = true
	}
	return nil
}

// all spells out *: keys first, then values and headers; a query whose rows go to a client shows the bounds of a windowed source too.
func (sel *selection) all(it *ast.AllItem, bounds, partitioned bool) error {
	if it.Qualifier != "" && !slices.ContainsFunc(sel.scopes, func(sc *scope) bool { return sc.alias == it.Qualifier }) {
		return at(it.Pos(), "'%s' is not a valid stream/table name or alias.", it.Qualifier)
	}
	if sel.joined != nil {
		sel.allOfJoin(it, partitioned)
		return nil
	}
	for _, sc := range sel.scopes {
		add := func(name string) {
			ref := &ast.ColumnRef{At: it.At, Name: name}
			sel.items = append(sel.items, item{name: name, x: ref, key: -1, given: true, pos: it.Pos()})
		}
		for _, c := range sc.src.Schema.With(types.KeyColumn) {
			add(c.Name)
		}
		if bounds && sc.src.Windowed != nil {
			add(types.WindowStart)
			add(types.WindowEnd)
		}
		for _, c := range sc.src.Schema {
			if c.Role != types.KeyColumn {
				add(c.Name)
			}
		}
	}
	return nil
}

func (b *builder) structAll(sel *selection, it *ast.StructAllItem) error {
	x := sel.bare(it.X)
	r, err := b.resolver(sel, "SELECT").expr(x)
	if err != nil {
		return err
	}
	t := r.Type()
	if t.Kind != types.Struct {
		return at(it.Pos(), "Cannot resolve star '*' on non-struct type: %s", t)
	}
	for _, f := range t.Fields {
		d := &ast.Deref{At: it.At, X: x, Field: f.Name}
		sel.items = append(sel.items, item{name: f.Name, x: d, key: -1, given: true, pos: it.Pos()})
	}
	return nil
}

// plainItems resolves the SELECT of a query without GROUP BY, table functions included.
func (b *builder) plainItems(sel *selection) error {
	var ex exploding
	if err := b.streamItems(sel, b.resolver(sel, "SELECT"), &ex); err != nil {
		return err
	}
	ex.put(sel)
	return nil
}

// streamItems resolves a SELECT in which table functions may stand.
func (b *builder) streamItems(sel *selection, r *resolver, ex *exploding) error {
	for i := range sel.items {
		it := &sel.items[i]
		if call, ok := it.x.(*ast.Call); ok {
			if col, err := b.tableCall(r, sel, call, ex, it.name); err != nil {
				return err
			} else if col != nil {
				it.expr = col
				continue
			}
		}
		x, err := b.selectItem(r, sel, it, ex)
		if err != nil {
			return err
		}
		it.expr = x
		if it.key = sel.keyIndex(it.x); it.key >= 0 && sel.joined != nil && !sel.rekeyed {
			it.expr = sel.joined.parts[it.key].column()
		}
	}
	return nil
}

func (sel *selection) keyIndex(x ast.Expr) int {
	text := ast.Format(x)
	for i, k := range sel.key {
		if ast.Format(k.x) == text {
			return i
		}
	}
	return -1
}

// project puts the projection on top and returns its columns.
func (sel *selection) project() *plan.Project {
	p := &plan.Project{In: sel.in}
	for _, it := range sel.items {
		p.Exprs = append(p.Exprs, it.expr)
		p.Slots = append(p.Slots, plan.Slot{Name: it.name, Type: it.expr.Type()})
	}
	return p
}

// pushAsWritten plans a query whose rows go to a client, without a word on what to write instead.
func (b *builder) pushAsWritten(q *ast.Query) (*Plan, error) {
	b.pushing = true
	sel, err := b.selection(q)
	if err != nil {
		return nil, err
	}
	p := sel.project()
	limit := int64(-1)
	if q.Limit != nil && !sel.ranked {
		if limit = q.Limit.N; limit < 0 {
			return nil, at(q.Limit.Pos(), "Push queries don't support negative integers in the LIMIT clause.")
		}
	}
	query := &plan.Query{Kind: plan.Push, SQL: b.sql, Root: &plan.Result{In: p, Limit: limit}}
	for i, s := range p.Slots {
		col := types.Column{Name: s.Name, Type: s.Type}
		if sel.items[i].key >= 0 || isBound(sel.items[i].x) && p.Table() {
			col.Role = types.KeyColumn
		}
		query.Columns = append(query.Columns, col)
	}
	return &Plan{Query: query}, nil
}

// isBound says whether an expression is a bound of the window: of a windowed table it is a part of the key, and stays when a row goes.
func isBound(x ast.Expr) bool {
	ref, ok := x.(*ast.ColumnRef)
	return ok && (ref.Name == types.WindowStart || ref.Name == types.WindowEnd)
}

func windowedAs(src *catalog.Source) string {
	if src.Windowed == nil {
		return "not windowed"
	}
	return string(src.Windowed.Kind) + " windowed"
}
