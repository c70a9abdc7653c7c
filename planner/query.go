package planner

import (
	"cmp"
	"slices"
	"strings"

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
			return nil, b.ungrouped(q)
		case q.Window != nil:
			return nil, at(q.Window.Pos(), "WINDOW clause requires a GROUP BY clause.")
		case q.Having != nil:
			return nil, at(q.Having.Pos(), "HAVING requires a GROUP BY clause.")
		case q.Emit != nil && q.Emit.Kind == ast.EmitFinal:
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
	if q.Where == nil {
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

// keysFirst orders what * stands for behind a PARTITION BY: the new key, the values, and then what is left of the old key.
func (sel *selection) keysFirst(from int, by []ast.Expr) {
	var key []item
	for _, e := range by {
		if _, null := e.(*ast.NullLit); !null {
			name := exprName(sel.bare(e))
			if ref, ok := sel.bare(e).(*ast.ColumnRef); ok && ref.Qualifier != "" {
				name = ref.Qualifier + "_" + ref.Name
			}
			key = append(key, item{name: name, x: sel.bare(e), key: -1, given: exprName(e) != "", pos: e.Pos()})
		}
	}
	var values, old []item
	for _, it := range sel.items[from:] {
		isKey := slices.ContainsFunc(key, func(k item) bool { return ast.Format(k.x) == ast.Format(it.x) })
		i := sel.scopes[0].src.Schema.Find(it.name)
		switch {
		case isKey:
		case sel.joined != nil: // in order already
			values = append(values, it)
		case i >= 0 && sel.scopes[0].src.Schema[i].Role == types.KeyColumn:
			old = append(old, it)
		default:
			values = append(values, it)
		}
	}
	sel.items = slices.Concat(sel.items[:from], key, values, old)
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

// partitionBy sets the key of the rows; without the clause it is the source's.
func (b *builder) partitionBy(q *ast.Query, sel *selection) error {
	if q.PartitionBy == nil && sel.joined != nil {
		sel.joinKeys()
		return nil
	}
	if q.PartitionBy == nil || (sel.in.Table() || sel.scopes[0].src.Windowed != nil) && sel.byOwnKey(q.PartitionBy.Items) {
		for _, c := range sel.scopes[0].src.Schema.With(types.KeyColumn) {
			sel.key = append(sel.key, keyPart{x: &ast.ColumnRef{Name: c.Name}, name: c.Name, t: c.Type})
		}
		return nil
	}
	sel.rekeyed = true
	pos := q.PartitionBy.Pos()
	if sel.in.Table() {
		return sel.noTableKey(pos, q.PartitionBy.Items)
	}
	if sel.scopes[0].src.Windowed != nil {
		return at(pos, "PARTITION BY is not supported on windowed sources: Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
	}
	if len(q.PartitionBy.Items) == 0 {
		return at(pos, "PARTITION BY requires at least one expression")
	}
	for _, e := range q.PartitionBy.Items {
		if _, null := e.(*ast.NullLit); null {
			if len(q.PartitionBy.Items) > 1 {
				return at(e.Pos(), "Cannot PARTITION BY multiple columns including NULL")
			}
			sel.noKey = true
			return nil
		}
		x, err := b.resolver(sel, "PARTITION BY").expr(e)
		if err != nil {
			return err
		}
		part, err := b.keyPart(sel, e, x.Type(), "PARTITION BY")
		if err != nil {
			return err
		}
		sel.key = append(sel.key, part)
	}
	return nil
}

// byOwnKey says whether expressions are the key columns of the only source, in order: rows that are partitioned by them stay where
// they are.
func (sel *selection) byOwnKey(list []ast.Expr) bool {
	if sel.joined != nil {
		return false
	}
	keys := sel.scopes[0].src.Schema.With(types.KeyColumn)
	return len(keys) == len(list) && !slices.ContainsFunc(list, func(e ast.Expr) bool {
		ref, ok := sel.bare(e).(*ast.ColumnRef)
		return !ok || ref.Name != keys[slices.Index(list, e)].Name
	})
}

func (sel *selection) noTableKey(pos ast.Pos, by []ast.Expr) error {
	const why = " PARTITION BY is for streams: the key of a table says which row a record changes."
	keys := sel.scopes[0].src.Schema.With(types.KeyColumn)
	if len(keys) != 1 || sel.joined != nil {
		return at(pos, "Cannot repartition a TABLE source. If this is a join, joins on tables with multiple columns is not yet supported.%s", why)
	}
	texts := make([]string, len(by))
	for i, e := range by {
		texts[i] = ast.Quoted(sel.bare(e))
	}
	return at(pos, "Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column %s instead of [%s].%s",
		keys[0].Name, strings.Join(texts, ", "), why)
}

func (b *builder) keyPart(sel *selection, e ast.Expr, t *types.Type, clause string) (keyPart, error) {
	bare := sel.bare(e)
	for _, k := range sel.key {
		if ast.Format(k.x) == ast.Format(bare) {
			if k.text != ast.Format(e) {
				e = withSources(bare, sel.scopes)
			}
			return keyPart{}, at(e.Pos(), "Duplicate %s expression: %s", clause, ast.Quoted(e))
		}
	}
	if t.Kind == types.Null {
		return keyPart{}, at(e.Pos(), "Cannot %s NULL", clause)
	}
	part := keyPart{x: bare, text: ast.Format(e), name: exprName(bare), t: t}
	if t.Contains(types.Map) {
		return part, mapKey(e.Pos(), cmp.Or(part.name, "KSQL_COL_0"), t)
	}
	return part, nil
}

// plainItems resolves the SELECT of a query without GROUP BY, table functions included.
func (b *builder) plainItems(sel *selection) error {
	r := b.resolver(sel, "SELECT")
	var explode plan.Explode
	var pending []*plan.Column
	for i := range sel.items {
		it := &sel.items[i]
		if call, ok := it.x.(*ast.Call); ok {
			if col, err := b.tableCall(r, sel, call, &explode, it.name); err != nil {
				return err
			} else if col != nil {
				pending = append(pending, col)
				it.expr = col
				continue
			}
		}
		x, err := b.selectItem(r, sel, it, &explode, &pending)
		if err != nil {
			return err
		}
		it.expr = x
		if it.key = sel.keyIndex(it.x); it.key >= 0 && sel.joined != nil && !sel.rekeyed {
			it.expr = sel.joined.parts[it.key].column()
		}
	}
	for i, c := range pending {
		c.Slot = len(sel.in.Layout()) + i
	}
	if len(explode.Calls) > 0 {
		explode.In = sel.in
		explode.Slots = append(explode.Slots, sel.in.Layout()...)
		for _, c := range pending {
			explode.Slots = append(explode.Slots, plan.Slot{Name: c.Name, Type: c.T})
		}
		sel.in = &explode
	}
	return nil
}

// selectItem resolves an item in which table functions may stand anywhere.
func (b *builder) selectItem(r *resolver, sel *selection, it *item, ex *plan.Explode, pending *[]*plan.Column) (plan.Expr, error) {
	if err := b.noTableCase(sel, it.x); err != nil {
		return nil, err
	}
	r.special = func(e ast.Expr) (plan.Expr, error) {
		call, ok := e.(*ast.Call)
		if !ok {
			return nil, nil
		}
		col, err := b.tableCall(r, sel, call, ex, it.name)
		if col == nil || err != nil {
			return nil, err
		}
		*pending = append(*pending, col)
		return col, nil
	}
	defer func() { r.special = nil }()
	x, err := r.expr(it.x)
	if err == nil && x.Type().Kind == types.Null {
		return nil, at(it.pos, "The type of `%s` can't be told: give NULL a type, as in CAST(NULL AS STRING)", it.name)
	}
	return x, err
}

// tableCall plans a call of a table function; nil where the function is another kind.
func (b *builder) tableCall(r *resolver, sel *selection, call *ast.Call, ex *plan.Explode, name string) (*plan.Column, error) {
	f := b.env.Functions.Table(call.Name)
	if f == nil {
		return nil, nil
	}
	if sel.in.Table() {
		return nil, at(call.Pos(), "Table source is not supported with table functions")
	}
	special := r.special
	r.special = b.noTableCall(call)
	bound, err := r.bind(call, f.Resolve)
	if r.special = special; err != nil {
		return nil, err
	}
	ex.Calls = append(ex.Calls, bound)
	return &plan.Column{Slot: -1, Name: name, T: bound.Bound.Returns}, nil
}

// noTableCall refuses table functions inside a call of one.
func (b *builder) noTableCall(outer *ast.Call) func(ast.Expr) (plan.Expr, error) {
	return func(e ast.Expr) (plan.Expr, error) {
		if inner, ok := e.(*ast.Call); ok && b.env.Functions.Table(inner.Name) != nil {
			return nil, at(inner.Pos(), "Table functions cannot be nested: `%s`(`%s`())", strings.ToUpper(outer.Name), strings.ToUpper(inner.Name))
		}
		return nil, nil
	}
}

// noTableCase refuses table functions inside CASE: they would make rows whichever branch is taken.
func (b *builder) noTableCase(sel *selection, x ast.Expr) error {
	var bad ast.Expr
	ast.Walk(x, func(e ast.Expr) bool {
		if c, ok := e.(*ast.Case); ok && c.Operand == nil {
			ast.Walk(c, func(e ast.Expr) bool {
				if call, ok := e.(*ast.Call); ok && b.env.Functions.Table(call.Name) != nil {
					bad = c
				}
				return true
			})
		}
		return true
	})
	if bad == nil {
		return nil
	}
	return at(bad.Pos(), "Table functions cannot be used in CASE: %s", ast.Quoted(withSources(bad, sel.scopes)))
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

// push plans a query whose rows go to a client as they come.
func (b *builder) push(q *ast.Query) (*Plan, error) {
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
		if sel.items[i].key >= 0 {
			col.Role = types.KeyColumn
		}
		query.Columns = append(query.Columns, col)
	}
	return &Plan{Query: query}, nil
}

func windowedAs(src *catalog.Source) string {
	if src.Windowed == nil {
		return "not windowed"
	}
	return string(src.Windowed.Kind) + " windowed"
}
