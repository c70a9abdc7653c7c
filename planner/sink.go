package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// createAsWritten plans CREATE ... AS without a word on what to write instead.
func (b *builder) createAsWritten(s *ast.CreateAs) (*Plan, error) {
	if exists, err := b.vacant(s.Name, s.IsTable, s.IfNotExists, s.OrReplace); exists != "" || err != nil {
		return &Plan{Exists: exists}, err
	}
	old, _ := b.env.Catalog.Source(s.Name.Name)
	replays, err := b.replays(s)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if b.replaces, err = b.takeover(s.Name, old, replays); err != nil {
			return nil, err
		}
	}
	if s.Query.Limit != nil && len(s.Query.OrderBy) == 0 {
		return nil, at(s.Query.Limit.Pos(), "CREATE %s AS SELECT statements don't support LIMIT clause.", strings.ToUpper(kindName(s.IsTable)))
	}
	if err := b.wantLate(s); err != nil {
		return nil, err
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
	if pos, ok := w.pos["REPARTITION"]; ok {
		return nil, ofQuery(pos)
	}
	prefix := "CSAS_"
	if s.IsTable {
		prefix = "CTAS_"
	}
	id := b.queryID(prefix, s.Name.Name)
	if b.replaces != nil {
		id = b.replaces.id
	}
	topic := settings.TopicPrefix.In(b.env.Config) + s.Name.Name
	if old != nil && replays {
		topic = old.Topic
	}
	target := &catalog.Source{Name: s.Name.Name, IsTable: s.IsTable, SQL: b.sql, Query: id, Materialized: s.IsTable,
		Topic:     w.text("KAFKA_TOPIC", topic),
		Timestamp: w.vals["TIMESTAMP"], TimeFmt: w.vals["TIMESTAMP_FORMAT"], Windowed: plan.Windowed(sel.in), Replays: b.env.Replays}
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
	if _, ok := w.get("KEY_FORMAT"); ok && len(target.Schema.With(types.KeyColumn)) == 0 && target.Key.Format != formats.None {
		return nil, at(w.pos["KEY_FORMAT"], "Key format specified for stream without key columns.")
	}
	b.sinkKeyFormat(w, sel, target)
	if err := checkProps(w, target); err != nil {
		return nil, err
	}
	if err := b.checkFormats(s.Name.Pos(), target); err != nil {
		return nil, err
	}
	if err := b.checkGivenSchema(s.Name.Pos(), target); err != nil {
		return nil, err
	}
	if err := b.checkTimestamp(w, target); err != nil {
		return nil, err
	}
	if old != nil {
		if err := b.stepIn(s, sel, old, target); err != nil {
			return nil, err
		}
	}
	p := &Plan{Topic: b.sinkTopic(w, target, from), Replaces: b.replaces != nil}
	p.Change.PutSource = target
	p.Change.PutQuery = &catalog.Query{ID: id, SQL: b.sql, Sink: target.Name, Sources: sel.sources()}
	sink, err := b.sink(sel, target)
	if err != nil {
		return nil, err
	}
	p.Change.PutQuery.OwnTime = sink.TimeSlot >= 0
	if old != nil && replays {
		b.takesPlace(p, old)
	}
	if b.replaces != nil {
		if err := b.replaces.check(s.Name.Pos(), s.Query, sink); err != nil {
			return nil, orReplay(err, s)
		}
		if err := b.replaces.align(s.Name.Pos(), sink); err != nil {
			return nil, orReplay(err, s)
		}
	}
	p.Query = &plan.Query{ID: id, SQL: b.sql, Root: sink, Columns: target.Schema, IdleClose: b.idleClose(s.Query)}
	return p, b.lateSource(w, sel, target, from, p)
}

func (b *builder) wrongKind(s *ast.CreateAs, isTable bool) error {
	if isTable {
		return at(s.Name.Pos(), "Invalid result type. Your SELECT query produces a TABLE. Please use CREATE TABLE AS SELECT statement instead.")
	}
	return at(s.Name.Pos(), "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.")
}

// sinkKeyFormat settles the key format where the key came or went: no key is NONE, a new key can't stay NONE, and a key that
// a GROUP BY or a join made, and that KAFKA can't hold, becomes JSON, unless the user has said otherwise.
func (b *builder) sinkKeyFormat(w *with, sel *selection, target *catalog.Source) {
	keys := len(target.Schema.With(types.KeyColumn))
	_, given := w.get("KEY_FORMAT")
	switch {
	case keys == 0:
		target.Key = catalog.Serde{Format: "NONE", Props: map[string]string{}}
	case given:
		return
	case target.Key.Format == "NONE":
		target.Key = catalog.Serde{Format: settings.KeyFormat.In(b.env.Config), Props: map[string]string{}}
	}
	if target.Key.Format == formats.Kafka && !sel.rekeyed && formats.Check(plan.Spec(target.Key, true, target.Topic), target.Schema.With(types.KeyColumn)) != nil {
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
	if settings.KeylessTables.In(b.env.Config) && !slices.ContainsFunc(sel.items, func(it item) bool { return it.key >= 0 }) {
		sel.key, sel.noKey = nil, true
	}
	if err := sel.checkKeys(s.Name, s.Query); err != nil {
		return err
	}
	for _, it := range sel.items {
		if types.PseudoType(it.name) != nil && (it.key < 0 || exprName(it.x) != it.name || !it.given) {
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
	if sel.joined != nil && !sel.grouped && !sel.rekeyed {
		return sel.checkJoinKeys(sink, q)
	}
	missing := false
	for k, part := range sel.key {
		var names []string
		for _, it := range sel.items {
			if it.key == k {
				names = append(names, it.name)
			}
		}
		switch {
		case len(names) == 0:
			missing = true
		case len(names) > 1 && sel.grouped:
			return at(q.Pos(), "The projection contains a key column more than once: %s.", joinAndQuoted(names))
		case len(names) > 1:
			slices.Sort(names)
			return at(q.Pos(), "The projection contains a key column (`%s`) more than once, aliased as: %s.", part.name, joinAnd(names))
		}
	}
	if !missing {
		return nil
	}
	keys := make([]string, len(sel.key))
	for i, part := range sel.key {
		keys[i] = ast.Quoted(part.x)
		if sel.rekeyed { // by the columns of the sources, whatever the SELECT calls them
			keys[i] = ast.Quoted(withSources(part.x, sel.scopes))
		}
	}
	what := "key column"
	switch {
	case sel.grouped:
		what = "grouping expression"
	case q.PartitionBy != nil:
		what = "partitioning expression"
	}
	if len(keys) > 1 {
		what += "s"
	}
	return at(q.Pos(), "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `%s` must include the %s %s in its projection (eg, SELECT %s...).",
		sink.Name, what, joinAnd(keys), strings.Join(keys, ", "))
}

func joinAnd(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func joinAndQuoted(list []string) string {
	quoted := make([]string, len(list))
	for i, name := range list {
		quoted[i] = "`" + name + "`"
	}
	return joinAnd(quoted)
}

// sink puts projection and sink on top of the query; the projected columns are in the target's order.
func (b *builder) sink(sel *selection, target *catalog.Source) (*plan.Sink, error) {
	p := sel.project()
	s := &plan.Sink{In: p, Target: target, TimeSlot: -1, Materialize: target.Materialized && (!sel.grouped || sel.ranked), Rekeyed: sel.rekeyed, HeaderSlot: -1}
	if w := plan.WindowOf(sel.in); w != nil {
		s.Retention = w.Retention
	} else {
		s.Retention = b.retention(sel.scopes[0].src)
	}
	if s.Retention > 0 {
		s.Retention += keepLists // changes of a window may come late from another partition
	}
	if sel.headers != nil {
		s.HeaderSlot = len(p.Exprs)
		p.Exprs, p.Slots = append(p.Exprs, sel.headers), append(p.Slots, plan.Slot{Name: sel.headers.Name, Type: sel.headers.T})
	}
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
	if s.TimeSlot >= 0 && p.Slots[s.TimeSlot].Type.Kind == types.String {
		return s, b.parseTime(p, s)
	}
	return s, nil
}

// parseTime adds the event time, parsed from its text, behind the columns that are written.
func (b *builder) parseTime(p *plan.Project, s *plan.Sink) error {
	text := p.Exprs[s.TimeSlot]
	r := &resolver{env: b.env, clause: "TIMESTAMP", column: func(*ast.ColumnRef) (plan.Expr, error) { return text, nil }}
	x, err := r.expr(parseTimestamp(s.Target))
	if err != nil {
		return err
	}
	s.TimeSlot = len(p.Exprs)
	p.Exprs, p.Slots = append(p.Exprs, x), append(p.Slots, plan.Slot{Name: types.RowTime, Type: x.Type()})
	return nil
}
