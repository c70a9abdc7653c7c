package planner

import (
	"fmt"
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// takeover is a query that another one is to replace, whose id, state and offsets it keeps.
type takeover struct {
	id  string
	sql *ast.Query // as it was written
	run *plan.Query
}

// mayReplace says whether CREATE OR REPLACE may touch what has the name. Whether the new one fits is for fits to say.
func (b *builder) mayReplace(name ast.Ident, isTable bool, old *catalog.Source) error {
	switch {
	case !settings.CreateOrReplace.In(b.env.Config):
		return at(name.Pos(), "Cannot add %s '%s': CREATE OR REPLACE is switched off by ksql.create.or.replace.enabled=false.", kindName(isTable), name.Name)
	case old.ReadOnly:
		return at(name.Pos(), "Cannot add %s '%s': CREATE OR REPLACE is not supported on source %ss.", kindName(isTable), name.Name, old.Kind())
	case old.Replays != "":
		return at(name.Pos(), "Cannot add %s '%s': it is about to take the place of %s, and can only be dropped.", kindName(isTable), name.Name, old.Replays)
	case b.env.Built != "":
		return nil
	}
	if err := b.env.Catalog.Replayed(name.Name); err != nil {
		return at(name.Pos(), "Cannot add %s '%s': %v", kindName(isTable), name.Name, err)
	}
	return nil
}

// fits refuses a stream or table that cannot stand in for the one it replaces: whoever reads the old one must be able to
// read the new one, so that columns may only be added, behind the others.
func fits(pos ast.Pos, old, next *catalog.Source) error {
	var issues []string
	differs := func(what string, was, is any) {
		if w, i := fmt.Sprint(was), fmt.Sprint(is); w != i {
			issues = append(issues, fmt.Sprintf("DataSource '`%s`' has %s = %s which is not upgradeable to %s", old.Name, what, w, i))
		}
	}
	differs("type", "K"+strings.ToUpper(old.Kind()), "K"+strings.ToUpper(next.Kind()))
	differs("topic", old.Topic, next.Topic)
	differs("key format", serdeText(old.Key), serdeText(next.Key))
	differs("value format", serdeText(old.Value), serdeText(next.Value))
	differs("window", windowedAs(old), windowedAs(next))
	differs("timestamp column", orNone(old.Timestamp+" "+old.TimeFmt), orNone(next.Timestamp+" "+next.TimeFmt))
	if why := narrower(old.Schema, next.Schema); why != "" {
		differs("schema", old.Schema, next.Schema.String()+". ("+why+")")
	}
	if len(issues) == 0 {
		return nil
	}
	return at(pos, "Cannot upgrade data source: %s", strings.Join(issues, "\n\tAND "))
}

func orNone(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "none"
	}
	return s
}

func serdeText(s catalog.Serde) string {
	var props []string
	for k, v := range s.Props {
		// Which schema was found, or is to be found, in the registry says nothing of how bytes are read.
		if !strings.Contains(k, "SCHEMA") {
			props = append(props, k+"="+v)
		}
	}
	slices.Sort(props)
	return strings.Join(append([]string{s.Format}, props...), " ")
}

// narrower says what a schema lacks, or has changed, of another one; empty where it only adds columns at the end.
func narrower(old, next types.Schema) string {
	lost := func(was, is types.Schema) (out []string) {
		for i, c := range was {
			if i >= len(is) || is[i].Name != c.Name || is[i].Role != c.Role || is[i].Header != c.Header || !is[i].Type.Equal(c.Type) {
				out = append(out, types.Schema{c}.String())
			}
		}
		return out
	}
	wasKey, isKey := old.With(types.KeyColumn), next.With(types.KeyColumn)
	keys := lost(wasKey, isKey)
	if len(keys) > 0 || len(wasKey) != len(isKey) {
		if len(keys) == 0 {
			keys = []string{isKey[len(wasKey):].String()}
		}
		return "Key columns must be identical. The following key columns are changed, missing or reordered: [" + strings.Join(keys, ", ") + "]"
	}
	notKey := func(c types.Column) bool { return c.Role == types.KeyColumn }
	values := lost(slices.DeleteFunc(slices.Clone(old), notKey), slices.DeleteFunc(slices.Clone(next), notKey))
	if len(values) > 0 {
		return "The following columns are changed, missing or reordered: [" + strings.Join(values, ", ") + "]"
	}
	return ""
}

// takeover finds the running query that writes what CREATE OR REPLACE ... AS names; nil where none does, and where nothing of it is gone on with.
func (b *builder) takeover(name ast.Ident, old *catalog.Source, replays bool) (*takeover, error) {
	var writers []*catalog.Query
	for _, q := range b.env.Catalog.Queries() {
		if q.Sink == name.Name {
			writers = append(writers, q)
		}
	}
	if len(writers) == 0 {
		return nil, nil
	}
	if len(writers) > 1 {
		ids := make([]string, len(writers))
		for i, q := range writers {
			ids[i] = q.ID
		}
		return nil, at(name.Pos(), "REPLACE for sink `%s` is not supported because there are multiple queries writing into it: [%s]. TERMINATE all but %s first.",
			name.Name, strings.Join(ids, ", "), orNone(old.Query))
	}
	q := writers[0]
	if q.ID != old.Query {
		return nil, at(name.Pos(), "REPLACE for sink %s is not supported because %s, which another statement made, writes into it. TERMINATE it first.", name.Name, q.ID)
	}
	if replays {
		return nil, nil
	}
	if b.env.Running == nil || b.env.Running(q.ID) == nil {
		return nil, at(name.Pos(), "REPLACE for sink %s is not possible: the plan of %s is not known on this node.", name.Name, q.ID)
	}
	stmts, err := parser.Parse(strings.TrimSuffix(strings.TrimSpace(q.SQL), ";")+";", parser.Options{})
	if err != nil || len(stmts) != 1 {
		return nil, at(name.Pos(), "the statement of %s can't be read again: %v", q.ID, err)
	}
	as, ok := stmts[0].Node.(*ast.CreateAs)
	if !ok {
		return nil, at(name.Pos(), "REPLACE for sink %s is not supported because %s was not made by CREATE ... AS.", name.Name, q.ID)
	}
	return &takeover{id: q.ID, sql: as.Query, run: b.env.Running(q.ID)}, nil
}

// check refuses a new query that could not go on with the state and the offsets of the old one, in ksqlDB's words where
// ksqlDB refuses too. Filters and projections may come, go and change.
func (t *takeover) check(pos ast.Pos, q *ast.Query, root plan.Node) error {
	was, is := lasting(t.run.Root), lasting(root)
	if !joins(was) && joins(is) {
		return at(pos, "Query is not upgradeable. Cannot change a non-join source into a join source.")
	}
	for _, n := range slices.Concat(was, is) {
		if name := unsupported(n); name != "" {
			return at(pos, "Upgrades not yet supported for %s: DROP and CREATE it, or write the new query's result to another stream or table.", name)
		}
	}
	if a, b := stepNames(was), stepNames(is); a != b {
		return at(pos, "Query is not upgradeable. A query that replaces another must keep its steps. Values differ: [%s] vs. [%s]", a, b)
	}
	for i, n := range was {
		switch old := n.(type) {
		case *plan.Scan:
			if now := is[i].(*plan.Scan); now.Source.Name != old.Source.Name || now.Source.Topic != old.Source.Topic {
				if now.Source.Topic != old.Source.Topic {
					return differ(pos, stepName(old), "topicName", old.Source.Topic, now.Source.Topic)
				}
				return differ(pos, stepName(old), "source", old.Source.Name, now.Source.Name)
			}
		case *plan.Sink:
			if a, b := exprList(t.sql.PartitionBy), exprList(q.PartitionBy); a != b && t.sql.PartitionBy == nil {
				return at(pos, "Query is not upgradeable. Cannot add a StreamSelectKey step that is not in the original query plan.")
			} else if a != b {
				return differ(pos, "StreamSelectKey", "keyExpressions", a, b)
			}
		default:
			if g := plan.GroupingOf(n); g != nil {
				if err := t.sameGroups(pos, q, g, plan.GroupingOf(is[i])); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func differ(pos ast.Pos, step, property, was, is string) error {
	return at(pos, "Query is not upgradeable. Plan step of type %s must have matching %s. Values differ: %s vs. %s", step, property, was, is)
}

// sameGroups refuses to change what the state of an aggregation is made of.
func (t *takeover) sameGroups(pos ast.Pos, q *ast.Query, old, now *plan.Grouping) error {
	if a, b := exprList(t.sql.GroupBy), exprList(q.GroupBy); a != b {
		return differ(pos, "StreamGroupBy", "groupByExpressions", a, b)
	}
	if a, b := required(t.sql), required(q); a != b {
		return differ(pos, "StreamAggregate", "columns not part of aggregate", a, b)
	}
	if a, b := aggregates(old), aggregates(now); a != b {
		return differ(pos, "StreamAggregate", "aggregate functions", a, b)
	}
	return nil
}

func aggregates(a *plan.Grouping) string {
	var out []string
	for i := range a.Aggs {
		out = append(out, a.Slots[len(a.Group)+i].Name)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// stepIn sees that the result of a query can stand in for what has its name.
func (b *builder) stepIn(s *ast.CreateAs, sel *selection, old, target *catalog.Source) error {
	if err := fits(s.Name.Pos(), old, target); err != nil {
		return err
	}
	if b.replaces == nil && slices.Contains(sel.sources(), target.Name) {
		return at(s.Name.Pos(), "Cannot add %s '%s': it would read itself.", target.Kind(), target.Name)
	}
	target.Before = before(old)
	return nil
}

// redeclared sees that CREATE OR REPLACE without a query fits what has its name.
func (b *builder) redeclared(name ast.Ident, old, next *catalog.Source) error {
	if _, running := b.env.Catalog.Query(old.Query); running {
		return at(name.Pos(), "Cannot add %s '%s': %s writes it. Replace it with CREATE OR REPLACE ... AS SELECT, or TERMINATE the query first.",
			next.Kind(), next.Name, old.Query)
	}
	next.Before = before(old)
	return fits(name.Pos(), old, next)
}

// before are the statements that what replaces or alters a stream or table comes after, each once.
func before(old *catalog.Source) []string {
	if slices.Contains(old.Before, old.SQL) {
		return old.Before
	}
	return append(slices.Clip(old.Before), old.SQL)
}
