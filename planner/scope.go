package planner

import (
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// scope is one source of a FROM clause. Its Scan takes up columns as they are referred to, so that only those are decoded.
type scope struct {
	alias string
	src   *catalog.Source
	scan  *plan.Scan
	slots map[plan.ScanCol]int
	base  int // of the slots: where the source's columns begin in joined rows
	// joined says that there are other sources: EXPLAIN puts the alias in front of columns.
	joined bool
}

func (b *builder) scope(t *ast.Table) (*scope, error) {
	src, ok := b.env.Catalog.Source(t.Name)
	if !ok {
		return nil, at(t.Pos(), "%s does not exist.%s", t.Name, b.didYouMeanSource(t.Name))
	}
	alias := t.Alias.Name
	if alias == "" {
		alias = t.Name
	}
	sc := &scope{alias: alias, src: src, scan: &plan.Scan{Source: src, Alias: alias}, slots: map[plan.ScanCol]int{}}
	b.seed(sc)
	return sc, b.eventTime(sc)
}

// eventTime takes the event time from the column that the source names; text is parsed by PARSE_TIMESTAMP.
func (b *builder) eventTime(sc *scope) error {
	i := sc.src.Schema.Find(sc.src.Timestamp)
	if i < 0 {
		return nil
	}
	col := sc.schemaCol(i)
	sc.scan.Time = col
	if col.T.Kind != types.String {
		return nil
	}
	r := &resolver{env: b.env, clause: "TIMESTAMP", column: columnIn([]*scope{sc}, "TIMESTAMP")}
	x, err := r.expr(parseTimestamp(sc.src))
	sc.scan.Time = x
	return err
}

// parseTimestamp reads the event time of a source that holds it as text.
func parseTimestamp(src *catalog.Source) ast.Expr {
	return &ast.Call{Name: "PARSE_TIMESTAMP", Args: []ast.Expr{&ast.ColumnRef{Name: src.Timestamp}, &ast.StringLit{Value: src.TimeFmt}}}
}

// col is the slot of a scanned column, taken up when first asked for.
func (s *scope) col(c plan.ScanCol, name string, t *types.Type) *plan.Column {
	slot, ok := s.slots[c]
	if !ok {
		slot = len(s.scan.Cols)
		s.slots[c] = slot
		s.scan.Cols = append(s.scan.Cols, c)
		s.scan.Slots = append(s.scan.Slots, plan.Slot{Name: name, Type: t})
	}
	if s.joined && c.Kind == plan.ScanColumn {
		name = s.alias + "." + name
	}
	return &plan.Column{Slot: s.base + slot, Name: name, T: t}
}

// headers is the slot of the record's headers.
func (s *scope) headers() *plan.Column {
	return s.col(plan.ScanCol{Kind: plan.ScanHeaders}, "(headers)", headersType)
}

func (s *scope) schemaCol(i int) *plan.Column {
	return s.col(plan.ScanCol{Kind: plan.ScanColumn, Column: i}, s.src.Schema[i].Name, s.src.Schema[i].Type)
}

// materialize keeps the rows of a table, so that changes carry the row before; they are found again by the whole key.
func (s *scope) materialize() {
	s.scan.Materialize = true
	for i, c := range s.src.Schema {
		if c.Role == types.KeyColumn {
			s.schemaCol(i)
		}
	}
}

// find looks a column or pseudo column of the source up by name.
func (s *scope) find(name string) (*plan.Column, bool) {
	if i := s.src.Schema.Find(name); i >= 0 {
		return s.schemaCol(i), true
	}
	t := types.PseudoType(name)
	kinds := map[string]plan.ScanKind{types.RowTime: plan.ScanRowTime, types.RowPartition: plan.ScanRowPartition,
		types.RowOffset: plan.ScanRowOffset, types.WindowStart: plan.ScanWindowStart, types.WindowEnd: plan.ScanWindowEnd}
	if t == nil || (s.src.Windowed == nil && (name == types.WindowStart || name == types.WindowEnd)) {
		return nil, false
	}
	return s.col(plan.ScanCol{Kind: kinds[name]}, name, t), true
}

// has says whether the source has a column or pseudo column of the name, without taking it up.
func (s *scope) has(name string) bool {
	bounds := name == types.WindowStart || name == types.WindowEnd
	return s.src.Schema.Find(name) >= 0 || types.PseudoType(name) != nil && (!bounds || s.src.Windowed != nil)
}

// names are what a misspelt column may have meant.
func (s *scope) names() []string {
	out := []string{types.RowTime}
	for _, c := range s.src.Schema {
		out = append(out, c.Name)
	}
	return out
}

// columnIn resolves a name against the sources of a query.
func columnIn(scopes []*scope, clause string) func(*ast.ColumnRef) (plan.Expr, error) {
	return func(e *ast.ColumnRef) (plan.Expr, error) {
		s, err := scopeOf(e, scopes, clause)
		if err != nil {
			return nil, err
		}
		c, _ := s.find(e.Name)
		return c, nil
	}
}

// scopeOf is the only source that a name can mean.
func scopeOf(e *ast.ColumnRef, scopes []*scope, clause string) (*scope, error) {
	var found *scope
	var where []string
	known := e.Qualifier == "" || len(scopes) == 1
	for _, s := range scopes {
		if e.Qualifier != "" && e.Qualifier != s.alias {
			continue
		}
		known = true
		if _, ok := s.find(e.Name); ok {
			found = s
			where = append(where, s.alias+"."+e.Name)
		}
	}
	switch {
	case !known:
		return nil, at(e.Pos(), "Failed to prepare statement: '%s' is not a valid stream/table name or alias.", e.Qualifier)
	case len(where) > 1:
		return nil, at(e.Pos(), "Exception while preparing statement: Line: %d, Col: %d: Column '%s' is ambiguous. Could be %s.", e.Pos().Line, e.Pos().Col, e.Name, strings.Join(where, " or "))
	case found == nil:
		return nil, unresolved(e, scopes, clause)
	}
	return found, nil
}

func unresolved(e *ast.ColumnRef, scopes []*scope, clause string) error {
	name := e.Name
	if e.Qualifier != "" {
		name = e.Qualifier + "." + e.Name
	}
	var names []string
	for _, s := range scopes {
		names = append(names, s.names()...)
	}
	hint := didYouMean(e.Name, names)
	if clause == "PARTITION BY" {
		hint = " '" + name + "' must be a column in the source schema since PARTITION BY is applied on the input." + strings.TrimPrefix(hint, ".")
	}
	return at(e.Pos(), "Line: %d, Col: %d: %s column '%s' cannot be resolved.%s", e.Pos().Line, e.Pos().Col, clause, name, strings.TrimPrefix(hint, "."))
}
