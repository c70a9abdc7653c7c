package planner

import (
	"maps"
	"slices"
	"strconv"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// partitioning is how a key is written by whose bytes rows are partitioned. The names of its parts are in the bytes of some formats.
type partitioning struct {
	serde catalog.Serde
	names []string
}

// keyFormat is how both sides are partitioned: as a side whose rows lie right already, the left one first.
func (j *joining) keyFormat(c *condition) partitioning {
	of, list := c.left, c.leftX
	if c.rightServes && (!c.leftServes || c.left.astray && !c.right.astray) || !c.leftServes && c.left.serde.Format == formats.None {
		of, list = c.right, c.rightX
	}
	out := of.partitioning
	if out.serde.Format == formats.None {
		out.serde = catalog.Serde{Format: settings.KeyFormat.In(j.b.env.Config), Props: map[string]string{}}
	}
	if !c.serves(of) {
		out.names = nil
		for i, x := range list {
			name := c.columnName(x)
			if slices.Contains(out.names, name) {
				name += "_" + strconv.Itoa(i)
			}
			out.names = append(out.names, name)
		}
	}
	return out
}

// lies says whether the rows of a side that serves are partitioned in this way.
func (p partitioning) lies(s *side) bool {
	named := len(p.names) > 1 && s.serde.Format != formats.Delimited
	return sameSerde(s.serde, p.serde) && (!named || slices.Equal(s.names, p.names))
}

func sameSerde(a, b catalog.Serde) bool { return a.Format == b.Format && maps.Equal(a.Props, b.Props) }

// hasSchemaIDs says whether encoded keys begin with the id of a schema, which may differ from topic to topic.
func hasSchemaIDs(s catalog.Serde) bool {
	f, err := formats.Lookup(s.Format)
	return err == nil && f.Registry
}

// rekey sends the rows of a side to the partitions of the key, where they don't lie there already.
func (j *joining) rekey(c *condition, s *side, key []plan.Expr, list []ast.Expr, how partitioning, step string) error {
	serves, sent := c.serves(s), s.astray || hasSchemaIDs(how.serde)
	if s.windowed != nil && (!serves || !sent && (!how.lies(s) || *s.windowed != *c.left.windowed)) {
		return at(list[0].Pos(), "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
	}
	if serves && !sent && how.lies(s) {
		return nil
	}
	if len(s.scopes) == 1 && s.scopes[0].src.IsTable {
		s.scopes[0].materialize()
	}
	r := &plan.Repartition{Step: step, Key: key, Serde: how.serde, SkipNull: true}
	for i := range key {
		name := c.columnName(list[i])
		if _, plain := key[i].(*plan.Column); !plain {
			// Computed once, so that the join sees what the rows were sent by.
			key[i], s.in = computed(s.in, key[i], name)
		}
		if len(key) > 1 {
			name = how.names[i]
		}
		r.Columns = append(r.Columns, types.Column{Name: name, Type: key[i].Type(), Role: types.KeyColumn})
	}
	r.In, s.in, s.topic = s.in, r, nil
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

// ofQuery refuses to repartition what a query writes.
func ofQuery(pos ast.Pos) error {
	return at(pos, "REPARTITION is for a stream or table that is declared over a topic which others write. What a query writes lies in the partitions in which joins look for it")
}
