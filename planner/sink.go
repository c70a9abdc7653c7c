package planner

import (
	"fmt"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

func (b *builder) createAs(s *ast.CreateAs) (*Plan, error) {
	if exists, err := b.vacant(s.Name, s.IsTable, s.IfNotExists, false); exists != "" || err != nil {
		return &Plan{Exists: exists}, err
	}
	if s.Query.Limit != nil {
		return nil, at(s.Query.Limit.Pos(), "CREATE %s AS SELECT statements don't support LIMIT clause.", strings.ToUpper(kindName(s.IsTable)))
	}
	sel, err := b.selection(s.Query)
	if err != nil {
		return nil, err
	}
	if isTable := sel.in.Table(); isTable != s.IsTable {
		return nil, b.wrongKind(s, isTable)
	}
	w, err := b.with(s.With, s.Name.Pos())
	if err != nil {
		return nil, err
	}
	prefix := "CSAS_"
	if s.IsTable {
		prefix = "CTAS_"
	}
	id := fmt.Sprintf("%s%s_%d", prefix, strings.ToUpper(s.Name.Name), b.env.NextID)
	target := &catalog.Source{Name: s.Name.Name, IsTable: s.IsTable, SQL: b.sql, Query: id, Materialized: s.IsTable,
		Topic:     w.text("KAFKA_TOPIC", b.env.Setting("ksql.output.topic.name.prefix", "")+s.Name.Name),
		Timestamp: w.vals["TIMESTAMP"], TimeFmt: w.vals["TIMESTAMP_FORMAT"], Windowed: plan.Windowed(sel.in)}
	if err := b.sinkSchema(s, sel, target); err != nil {
		return nil, err
	}
	from := sel.scopes[0].src
	if target.Key, err = b.serde(w, true, &from.Key); err != nil {
		return nil, err
	}
	if target.Value, err = b.serde(w, false, &from.Value); err != nil {
		return nil, err
	}
	b.sinkKeyFormat(w, target)
	if err := b.checkFormats(s.Name.Pos(), target); err != nil {
		return nil, err
	}
	if err := b.checkTimestamp(w, target); err != nil {
		return nil, err
	}
	p := &Plan{Topic: b.sinkTopic(w, target, from)}
	p.Change.PutSource = target
	p.Change.PutQuery = &catalog.Query{ID: id, SQL: b.sql, Sink: target.Name, Sources: sel.sources()}
	p.Query = &plan.Query{ID: id, SQL: b.sql, Root: sel.sink(target), Columns: target.Schema}
	return p, nil
}

func (b *builder) wrongKind(s *ast.CreateAs, isTable bool) error {
	if isTable {
		return at(s.Name.Pos(), "Invalid result type. Your SELECT query produces a TABLE. Please use CREATE TABLE AS SELECT statement instead.")
	}
	return at(s.Name.Pos(), "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.")
}

// sinkKeyFormat settles the key format where the key came or went: no key is NONE, a new key can't stay NONE, and what
// KAFKA can't hold becomes JSON, unless the user has said otherwise.
func (b *builder) sinkKeyFormat(w *with, target *catalog.Source) {
	keys := len(target.Schema.With(types.KeyColumn))
	_, given := w.get("KEY_FORMAT")
	switch {
	case keys == 0:
		target.Key = catalog.Serde{Format: "NONE", Props: map[string]string{}}
	case given:
		return
	case target.Key.Format == "NONE":
		target.Key = catalog.Serde{Format: strings.ToUpper(b.env.Setting("ksql.persistence.default.format.key", "KAFKA")), Props: map[string]string{}}
	}
	if target.Key.Format == formats.Kafka && formats.Check(plan.Spec(target.Key, true, target.Topic), target.Schema.With(types.KeyColumn)) != nil {
		target.Key = catalog.Serde{Format: formats.JSON, Props: map[string]string{}}
	}
}

func (b *builder) sinkTopic(w *with, target, from *catalog.Source) *Topic {
	t := b.topic(w, target.Topic)
	if t.Partitions == 0 {
		if n, ok := b.env.Partitions(from.Topic); ok {
			t.Partitions = n
		}
	}
	if _, given := t.Configs["cleanup.policy"]; target.IsTable && !given {
		t.Configs["cleanup.policy"] = "compact"
		if target.Windowed != nil {
			t.Configs["cleanup.policy"] = "compact,delete"
		}
	}
	return t
}

func (sel *selection) sources() []string {
	out := make([]string, len(sel.scopes))
	for i, sc := range sel.scopes {
		out[i] = sc.src.Name
	}
	return out
}

// sinkSchema makes the columns of a query's result: key columns in the key's order, then values as selected.
func (b *builder) sinkSchema(s *ast.CreateAs, sel *selection, target *catalog.Source) error {
	if err := sel.checkKeys(s.Name, s.Query); err != nil {
		return err
	}
	for _, it := range sel.items {
		if types.PseudoType(it.name) != nil {
			if !it.given || exprName(it.x) == it.name {
				return at(it.pos, "Reserved column name in select: `%s`. Please remove or alias the column.", it.name)
			}
			return at(it.pos, "`%s` is a reserved column name. You cannot use it as an alias for a column.", it.name)
		}
	}
	for k := range sel.key {
		for _, it := range sel.items {
			if it.key == k {
				target.Schema = append(target.Schema, types.Column{Name: it.name, Type: it.expr.Type(), Role: types.KeyColumn})
			}
		}
	}
	keys := len(target.Schema)
	for _, it := range sel.items {
		if it.key < 0 {
			target.Schema = append(target.Schema, types.Column{Name: it.name, Type: it.expr.Type()})
		}
	}
	if len(target.Schema) == keys {
		return at(s.Query.Pos(), "The projection contains no value columns.")
	}
	return nil
}

// checkKeys sees that every part of the key is selected exactly once.
func (sel *selection) checkKeys(sink ast.Ident, q *ast.Query) error {
	var missing []string
	for k, part := range sel.key {
		var names []string
		for _, it := range sel.items {
			if it.key == k {
				names = append(names, it.name)
			}
		}
		switch {
		case len(names) == 0:
			missing = append(missing, ast.Format(part.x))
		case len(names) > 1:
			return at(q.Pos(), "The projection contains a key column (`%s`) more than once, aliased as: %s.", part.name, joinAnd(names))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := "key column"
	switch {
	case sel.grouped:
		what = "grouping expression"
	case q.PartitionBy != nil:
		what = "partitioning expression"
	}
	if len(missing) > 1 {
		what += "s"
	}
	return at(q.Pos(), "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `%s` must include the %s %s in its projection (eg, SELECT %s...).",
		sink.Name, what, joinAnd(missing), strings.Join(missing, ", "))
}

func joinAnd(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// sink puts projection and sink on top of the query; the projected columns are in the target's order.
func (sel *selection) sink(target *catalog.Source) *plan.Sink {
	p := sel.project()
	s := &plan.Sink{In: p, Target: target, TimeSlot: -1, Materialize: target.Materialized && !sel.grouped}
	for k := range sel.key {
		for i, it := range sel.items {
			if it.key == k {
				s.KeySlots = append(s.KeySlots, i)
			}
		}
	}
	for i, it := range sel.items {
		if it.key < 0 {
			s.ValueSlots = append(s.ValueSlots, i)
		}
	}
	if target.Timestamp != "" {
		for i, slot := range p.Slots {
			if slot.Name == target.Timestamp {
				s.TimeSlot = i
			}
		}
	}
	return s
}

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
	sel, err := b.selection(s.Query)
	if err != nil {
		return nil, err
	}
	if sel.in.Table() {
		return nil, at(s.Query.Pos(), "INSERT INTO can only be used to insert into a stream. The query produces a table.")
	}
	shape := &catalog.Source{Windowed: plan.Windowed(sel.in)}
	if err := b.sinkSchema(&ast.CreateAs{Name: s.Target, Query: s.Query}, sel, shape); err != nil {
		return nil, err
	}
	if !compatible(shape.Schema, target.Schema) {
		return nil, at(s.Query.Pos(), "Incompatible schema between results and sink.\nResult schema is %s\nSink schema is %s", shape.Schema, target.Schema)
	}
	id := w.text("QUERY_ID", fmt.Sprintf("INSERTQUERY_%d", b.env.NextID))
	if _, taken := b.env.Catalog.Query(id); taken {
		return nil, at(s.Target.Pos(), "Query ID '%s' already exists.", id)
	}
	sink := *target
	sink.Schema = append(shape.Schema.With(types.KeyColumn), shape.Schema.With(types.ValueColumn)...)
	for i, c := range append(target.Schema.With(types.KeyColumn), target.Schema.With(types.ValueColumn)...) {
		sink.Schema[i].Name = c.Name
	}
	p := &Plan{}
	p.Change.PutQuery = &catalog.Query{ID: id, SQL: b.sql, Sink: target.Name, Sources: sel.sources()}
	p.Query = &plan.Query{ID: id, SQL: b.sql, Root: sel.sink(&sink), Columns: target.Schema}
	return p, nil
}

// compatible compares key and value columns in order; keys may have other names, and numbers may widen no further than
// to the very type.
func compatible(from, to types.Schema) bool {
	fk, tk := from.With(types.KeyColumn), to.With(types.KeyColumn)
	fv, tv := from.With(types.ValueColumn), to.With(types.ValueColumn)
	if len(fk) != len(tk) || len(fv) != len(tv) {
		return false
	}
	for i := range fk {
		if !fk[i].Type.Equal(tk[i].Type) {
			return false
		}
	}
	for i := range fv {
		if fv[i].Name != tv[i].Name || !fv[i].Type.Equal(tv[i].Type) {
			return false
		}
	}
	return true
}
