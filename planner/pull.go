package planner

import (
	"math"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

const pullHint = " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."

// pull plans a query over what is there now: rows of a materialized table, or a stream from its beginning to its end.
func (b *builder) pull(q *ast.Query) (*Plan, error) {
	for _, clause := range []struct {
		name string
		pos  ast.Pos
		used bool
	}{
		{"JOIN", q.From.Pos(), isJoin(q.From)},
		{"WINDOW", q.Pos(), q.Window != nil},
		{"PARTITION BY", q.Pos(), q.PartitionBy != nil},
	} {
		if clause.used {
			return nil, at(clause.pos, "Pull queries don't support %s clauses.%s", clause.name, pullHint)
		}
	}
	limit := int64(-1)
	if q.Limit != nil && !settings.PullLimit.In(b.env.Config) {
		return nil, at(q.Limit.Pos(), "LIMIT clause in pull queries is currently disabled. You can enable them by setting ksql.query.pull.limit.clause.enabled=true.%s", pullHint)
	}
	if q.Limit != nil {
		if limit = q.Limit.N; limit < 0 {
			return nil, at(q.Limit.Pos(), "Pull queries don't support negative integers in the LIMIT clause. See https://cnfl.io/queries for more info.")
		}
	}
	src, err := b.source(ast.Ident{At: q.From.(*ast.Table).At, Name: q.From.(*ast.Table).Name})
	if err != nil {
		return nil, err
	}
	b.pushing = true
	if err := b.noOffsets(q); err != nil {
		return nil, err
	}
	if !src.IsTable {
		switch {
		case q.GroupBy != nil:
			return nil, at(q.Pos(), "Pull queries don't support GROUP BY clauses.%s", pullHint)
		case q.Having != nil:
			return nil, at(q.Pos(), "Pull queries don't support HAVING clauses.%s", pullHint)
		}
		p, err := b.push(q)
		if err != nil {
			return nil, err
		}
		p.Query.Kind = plan.Pull
		return p, nil
	}
	if !src.Materialized {
		if sel, err := b.from(q); err != nil {
			return nil, err
		} else if err := b.items(q, sel); err != nil {
			return nil, err
		}
		return nil, at(q.From.Pos(), "The `%s` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_%s AS SELECT * FROM %s'.%s",
			src.Name, src.Name, src.Name, pullHint)
	}
	return b.lookup(q, src, limit)
}

func isJoin(s ast.Source) bool {
	_, ok := s.(*ast.Join)
	return ok
}

func (b *builder) lookup(q *ast.Query, src *catalog.Source, limit int64) (*Plan, error) {
	var err error
	l := &plan.Lookup{Table: src, From: math.MinInt64, To: math.MaxInt64, Limit: limit}
	table := q.From.(*ast.Table)
	sc := &scope{alias: table.Name, src: src, scan: &plan.Scan{Source: src}, slots: map[plan.ScanCol]int{}}
	if table.Alias.Name != "" {
		sc.alias = table.Alias.Name
	}
	for i := range src.Schema {
		sc.schemaCol(i)
	}
	if src.Windowed != nil {
		sc.find(types.WindowStart)
		sc.find(types.WindowEnd)
	}
	sc.find(types.RowTime)
	l.Slots = sc.scan.Slots
	sel := &selection{scopes: []*scope{sc}, in: sc.scan}
	if q.Where != nil {
		cond, err := b.resolver(sel, "WHERE").condition(q.Where)
		if err != nil {
			return nil, err
		}
		if err := keysFit(l, sel.bare(q.Where)); err != nil {
			return nil, err
		}
		l.Where = cond
		narrow(l, cond)
	}
	if !settings.PullTable.In(b.env.Config) {
		var where ast.Expr
		if q.Where != nil {
			where = sel.bare(q.Where)
		}
		if err := b.checkKeyed(q, src, where); err != nil {
			return nil, err
		}
	}
	if err := b.items(q, sel); err != nil {
		return nil, err
	}
	query := &plan.Query{Kind: plan.Pull, SQL: b.sql, Lookup: l}
	l.Shown = len(sel.items)
	if l.Order, err = b.orderBy(q, sel); err != nil {
		return nil, err
	}
	if err := b.lookupItems(q, sel, l); err != nil {
		return nil, err
	}
	for i, it := range sel.items {
		x := it.expr
		l.Exprs = append(l.Exprs, x)
		if i >= l.Shown {
			continue
		}
		col := types.Column{Name: it.name, Type: x.Type()}
		if sel.keyIndex(it.x) >= 0 || src.Windowed != nil && (it.name == types.WindowStart || it.name == types.WindowEnd) {
			col.Role = types.KeyColumn
		}
		query.Columns = append(query.Columns, col)
	}
	return &Plan{Query: query}, nil
}

// noOffsets refuses pseudo columns that a stored row does not have.
func (b *builder) noOffsets(q *ast.Query) error {
	var err error
	check := func(clause string) func(ast.Expr) bool {
		return func(e ast.Expr) bool {
			if c, ok := e.(*ast.ColumnRef); ok && (c.Name == types.RowPartition || c.Name == types.RowOffset) && err == nil {
				err = at(c.Pos(), "Pull queries don't support the following columns in %s clauses: `%s`", clause, c.Name)
			}
			return true
		}
	}
	for _, it := range q.Select {
		if x, ok := it.(*ast.ExprItem); ok {
			ast.Walk(x.X, check("SELECT"))
		}
	}
	ast.Walk(q.Where, check("WHERE"))
	return err
}

// narrow takes from a condition which keys and windows can match; the condition itself is still checked for every row.
func narrow(l *plan.Lookup, cond plan.Expr) {
	keys := l.Table.Schema.With(types.KeyColumn)
	fixed := map[int]types.Value{}
	var visit func(e plan.Expr)
	visit = func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Logic:
			if e.And {
				visit(e.L)
				visit(e.R)
			}
		case *plan.In:
			if slot, ok := keySlot(l, e.E); ok && !e.Not && len(keys) == 1 && l.Keys == nil {
				list, ok := literals(e.List, l.Slots[slot].Type)
				if ok {
					l.Keys = list
				}
			}
		case *plan.Compare:
			narrowCompare(l, e, fixed)
		default: // about these alone
		}
	}
	visit(cond)
	if l.Keys != nil || len(keys) == 0 {
		return
	}
	key := make([]types.Value, 0, len(keys))
	for i, c := range l.Table.Schema {
		if c.Role != types.KeyColumn {
			continue
		}
		v, ok := fixed[i]
		if !ok {
			return
		}
		key = append(key, v)
	}
	l.Keys = [][]types.Value{key}
}

// keysFit refuses values that IN compares a key with and that can't be one.
func keysFit(l *plan.Lookup, where ast.Expr) error {
	for _, term := range operands(where, ast.And) {
		in, ok := term.(*ast.In)
		if !ok {
			continue
		}
		col, ok := in.X.(*ast.ColumnRef)
		i := -1
		if ok {
			i = l.Table.Schema.Find(col.Name)
		}
		if i < 0 || l.Table.Schema[i].Role != types.KeyColumn {
			continue
		}
		for _, e := range in.List {
			switch lit := e.(type) {
			case *ast.NullLit:
				return at(e.Pos(), "Primary key columns can not be NULL: (%s = null)", ast.Quoted(in.X))
			case *ast.StringLit:
				if k := l.Table.Schema[i].Type.Kind; k == types.Integer || k == types.Bigint || k == types.Double || k == types.Decimal || k == types.Boolean {
					return at(e.Pos(), "'%s' can not be converted to the type of the key column: %s %s KEY", lit.Value, col.Name, l.Table.Schema[i].Type)
				}
			default: // about these alone
			}
		}
	}
	return nil
}

func keySlot(l *plan.Lookup, e plan.Expr) (int, bool) {
	c, ok := e.(*plan.Column)
	if !ok || c.Slot >= len(l.Table.Schema) || l.Table.Schema[c.Slot].Role != types.KeyColumn {
		return 0, false
	}
	return c.Slot, true
}

func literals(list []plan.Expr, t *types.Type) ([][]types.Value, bool) {
	var out [][]types.Value
	for _, e := range list {
		lit, ok := e.(*plan.Literal)
		if !ok || !lit.T.Equal(t) {
			return nil, false
		}
		out = append(out, []types.Value{lit.Value})
	}
	return out, true
}

// mirrored are the operators that compare the same with their sides exchanged.
var mirrored = map[plan.CompareOp]plan.CompareOp{plan.Eq: plan.Eq, plan.Lt: plan.Gt, plan.Le: plan.Ge, plan.Gt: plan.Lt, plan.Ge: plan.Le}

func narrowCompare(l *plan.Lookup, e *plan.Compare, fixed map[int]types.Value) {
	col, okCol := e.L.(*plan.Column)
	lit, okLit := e.R.(*plan.Literal)
	op := e.Op
	if !okCol || !okLit {
		if col, okCol = e.R.(*plan.Column); !okCol {
			return
		}
		if lit, okLit = e.L.(*plan.Literal); !okLit {
			return
		}
		var ok bool
		if op, ok = mirrored[op]; !ok {
			return
		}
	}
	if slot, ok := keySlot(l, col); ok && op == plan.Eq && lit.T.Equal(col.T) && !lit.Value.IsNull() {
		fixed[slot] = lit.Value
	}
	if !strings.EqualFold(col.Name, types.WindowStart) || col.Slot < len(l.Table.Schema) || lit.T.Kind != types.Bigint && lit.T.Kind != types.Integer {
		return
	}
	n := lit.Value.Int()
	switch op {
	case plan.Eq:
		l.From, l.To = max(l.From, n), min(l.To, n)
	case plan.Gt:
		l.From = max(l.From, n+1)
	case plan.Ge:
		l.From = max(l.From, n)
	case plan.Lt:
		l.To = min(l.To, n-1)
	case plan.Le:
		l.To = min(l.To, n)
	}
}
