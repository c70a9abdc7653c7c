package planner

import (
	"maps"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// keyFormat is the format by which both sides are partitioned: that of a side whose rows lie right already, the left one first.
func (j *joining) keyFormat(c *condition) catalog.Serde {
	serde := c.left.serde
	if !c.leftServes && (c.rightServes || serde.Format == formats.None) {
		serde = c.right.serde
	}
	if serde.Format == formats.None {
		serde = catalog.Serde{Format: j.b.env.Setting("ksql.persistence.default.format.key", formats.Kafka), Props: map[string]string{}}
	}
	return serde
}

func sameSerde(a, b catalog.Serde) bool { return a.Format == b.Format && maps.Equal(a.Props, b.Props) }

// hasSchemaIDs says whether encoded keys begin with the id of a schema, which may differ from topic to topic.
func hasSchemaIDs(s catalog.Serde) bool {
	f, err := formats.Lookup(s.Format)
	return err == nil && f.Registry
}

// rekey sends the rows of a side to the partitions of the key, where they don't lie there already.
func (j *joining) rekey(c *condition, s *side, key *plan.Expr, x ast.Expr, serde catalog.Serde, step string) error {
	serves := c.serves(s)
	if s.windowed != nil && (!serves || !hasSchemaIDs(serde) && (!sameSerde(s.serde, serde) || *s.windowed != *c.left.windowed)) {
		return at(x.Pos(), "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
	}
	if serves && sameSerde(s.serde, serde) && !hasSchemaIDs(serde) {
		return nil
	}
	if len(s.scopes) == 1 && s.scopes[0].src.IsTable {
		s.scopes[0].materialize()
	}
	name := c.columnName(x)
	if _, plain := (*key).(*plan.Column); !plain {
		// Computed once, so that the join sees what the rows were sent by.
		*key, s.in = computed(s.in, *key, name)
	}
	s.in = &plan.Repartition{In: s.in, Step: step, Key: []plan.Expr{*key}, Serde: serde, SkipNull: true,
		Columns: types.Schema{{Name: name, Type: (*key).Type(), Role: types.KeyColumn}}}
	s.topic = nil
	return nil
}

// computed adds a computed column behind those of a step.
func computed(in plan.Node, x plan.Expr, name string) (*plan.Column, plan.Node) {
	p := &plan.Project{In: in}
	for i, s := range in.Layout() {
		p.Exprs = append(p.Exprs, &plan.Column{Slot: i, Name: s.Name, T: s.Type})
		p.Slots = append(p.Slots, s)
	}
	col := &plan.Column{Slot: len(p.Slots), Name: name, T: x.Type()}
	p.Exprs, p.Slots = append(p.Exprs, x), append(p.Slots, plan.Slot{Name: name, Type: x.Type()})
	return col, p
}

// prefix tells the joins of a query apart: an L_ for each that is joined to something after it.
func (j *joining) prefix() string {
	out := ""
	for n := j.next; n < len(j.scopes); n++ {
		out += "L_"
	}
	return out
}

// steps name the topics through which the sides may go.
func (j *joining) steps(left, right *side) (string, string) {
	p := j.prefix()
	l, r := p+"Join-left", p+"Join-right"
	if right.in.Table() {
		l, r = p+"Join", p+"RightSourceKeyed-SelectKey"
		if left.in.Table() {
			l = p + "LeftSourceKeyed-SelectKey"
		}
	}
	return l, r
}

// checkPartitions refuses sources that are read where they lie and have different numbers of partitions.
func (j *joining) checkPartitions(c *condition) error {
	left, right := c.left.topic, c.right.topic
	if left == nil || right == nil {
		return nil
	}
	l, ok := j.b.env.Partitions(left.Topic)
	r, too := j.b.env.Partitions(right.Topic)
	if !ok || !too || l == r {
		return nil
	}
	return at(c.at.Pos(), "Can't join `%s` with `%s` since the number of partitions don't match. `%s` partitions = %d; `%s` partitions = %d. "+
		"Please repartition either one so that the number of partitions match.", left.Name, right.Name, left.Name, l, right.Name, r)
}
