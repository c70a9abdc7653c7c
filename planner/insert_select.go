package planner

import (
	"fmt"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

func (b *builder) insertSelect(s *ast.InsertSelect) (*Plan, error) {
	target, err := b.source(s.Target)
	if err != nil {
		return nil, err
	}
	switch {
	case target.ReadOnly:
		return nil, at(s.Target.Pos(), "Cannot insert into read-only %s: %s", target.Kind(), target.Name)
	case target.IsTable:
		return nil, at(s.Target.Pos(), "INSERT INTO can only be used to insert into a stream. %s is a table.", target.Name)
	case s.Query.Limit != nil:
		return nil, at(s.Query.Limit.Pos(), "INSERT INTO statements don't support LIMIT clause.")
	}
	for _, c := range target.Schema {
		if c.Role == types.HeaderColumn {
			return nil, at(s.Target.Pos(), "Cannot insert into %s because it has header columns", target.Name)
		}
	}
	w, err := b.with(s.With, s.Target.Pos())
	if err != nil {
		return nil, err
	}
	if pos, ok := w.pos["REPARTITION"]; ok {
		return nil, ofQuery(pos)
	}
	if pos, ok := w.pos["LATE_STREAM"]; ok {
		return nil, noWindow(pos)
	}
	for _, p := range s.With {
		if name := strings.ToUpper(p.Name); name != "QUERY_ID" && !b.env.Again {
			return nil, at(p.Pos(), "Invalid config variable(s) in the WITH clause: %s\nINSERT INTO takes QUERY_ID alone: topic and formats are those of the statement that made %s.", name, target.Name)
		}
	}
	sel, err := b.selection(s.Query)
	if err != nil {
		return nil, err
	}
	if sel.in.Table() {
		return nil, at(s.Query.Pos(), "Incompatible data sink and query result. Data sink (%s) type is KSTREAM but select query result is KTABLE.", target.Name)
	}
	shape := &catalog.Source{Windowed: plan.Windowed(sel.in)}
	if err := b.sinkSchema(&ast.CreateAs{Name: s.Target, Query: s.Query}, sel, shape); err != nil {
		return nil, err
	}
	if !sel.fit(target.Schema) {
		return nil, at(s.Query.Pos(), "Incompatible schema between results and sink.\nResult schema is %s\nSink schema is %s", shape.Schema, target.Schema)
	}
	id, err := b.insertID(w)
	if err != nil {
		return nil, err
	}
	if _, taken := b.env.Catalog.Query(id); taken {
		return nil, at(s.Target.Pos(), "Query ID '%s' already exists.", id)
	}
	sink := *target
	sink.Schema = append(target.Schema.With(types.KeyColumn), target.Schema.With(types.ValueColumn)...)
	p := &Plan{}
	p.Change.PutQuery = &catalog.Query{ID: id, SQL: b.sql, Sink: target.Name, Sources: sel.sources()}
	root, err := b.sink(sel, &sink)
	if err != nil {
		return nil, err
	}
	p.Change.PutQuery.OwnTime = root.TimeSlot >= 0
	p.Query = &plan.Query{ID: id, SQL: b.sql, Root: root, Columns: target.Schema, IdleClose: b.idleClose(s.Query)}
	return p, nil
}

// insertID is the id of an INSERT INTO: the user's, or a number.
func (b *builder) insertID(w *with) (string, error) {
	id, given := w.get("QUERY_ID")
	if b.env.QueryID != "" {
		return b.env.QueryID, nil
	}
	if !given {
		return fmt.Sprintf("INSERTQUERY_%d", b.env.NextID), nil
	}
	id = strings.ToUpper(id)
	for _, prefix := range []string{"INSERTQUERY_", "CTAS_", "CSAS_", "CST_"} {
		if strings.HasPrefix(id, prefix) {
			return "", at(w.pos["QUERY_ID"], "Query IDs must not start with a reserved query ID prefix (INSERTQUERY_, CTAS_, CSAS_, CST_). Got '%s'.", id)
		}
	}
	if strings.ContainsFunc(id, func(r rune) bool { return r != '_' && (r > 'Z' || r < 'A') && (r > '9' || r < '0') }) || id == "" {
		return "", at(w.pos["QUERY_ID"], "Query IDs may contain only alphanumeric characters and '_'. Got: '%s'", id)
	}
	return id, nil
}

// fit converts the selected columns to those of the target, which have the same names and order: numbers widen.
func (sel *selection) fit(to types.Schema) bool {
	keys, values := to.With(types.KeyColumn), to.With(types.ValueColumn)
	if len(keys) != len(sel.key) {
		return false
	}
	next := 0
	for i := range sel.items {
		it := &sel.items[i]
		var c types.Column
		switch {
		case it.key >= 0:
			if c = keys[it.key]; c.Name != it.name {
				return false
			}
		case next == len(values) || values[next].Name != it.name:
			return false
		default:
			c = values[next]
			next++
		}
		if !widens(it.expr.Type(), c.Type) {
			return false
		}
		it.expr = implicit(it.expr, c.Type)
	}
	return next == len(values)
}

// widens says whether values of a type go into a column without a CAST. Whole numbers go into any DECIMAL: one that turns out
// too large is an error of its row.
func widens(from, to *types.Type) bool {
	if to.Kind == types.Decimal && (from.Kind == types.Integer || from.Kind == types.Bigint) {
		return true
	}
	w := types.Widest(from, to)
	return w != nil && w.Equal(to)
}
