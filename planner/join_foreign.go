package planner

import (
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// foreignKey joins a table by a foreign key. The rows of the left table go to where the right table's rows with that key
// lie; what is found there comes back to where the left rows lie.
func (j *joining) foreignKey(c *condition) (*side, error) {
	left, right := c.left, c.right
	left.scopes[0].materialize()
	kind := plan.JoinKind(c.at.Kind)
	var key []plan.Expr
	var columns types.Schema
	for _, p := range left.parts {
		key = append(key, &plan.Column{Slot: p.slot, Name: p.columns[0].Name, T: p.t})
		columns = append(columns, types.Column{Name: p.columns[0].Name, Type: p.t, Role: types.KeyColumn})
	}
	width := len(left.in.Layout())
	sub := &plan.Subscribe{In: left.in, Foreign: c.leftKey, Slots: append(plan.Layout{}, left.in.Layout()...)}
	there := &plan.Repartition{In: sub, Step: j.prefix() + "ForeignKey-subscription", Serde: right.serde}
	for i, x := range c.leftKey {
		name := c.columnName(c.leftX[i])
		sub.Slots = append(sub.Slots, plan.Slot{Name: name, Type: x.Type()})
		there.Key = append(there.Key, &plan.Column{Slot: width + i, Name: name, T: x.Type()})
		if len(right.names) > 1 {
			name = right.names[i] // it is in the bytes of some formats
		}
		there.Columns = append(there.Columns, types.Column{Name: name, Type: x.Type(), Role: types.KeyColumn})
	}
	sub.Slots = append(sub.Slots, plan.Slot{Name: "known", Type: types.TBoolean}, plan.Slot{Name: "version", Type: types.TBigint},
		plan.Slot{Name: "change", Type: types.TInteger})
	if hasSchemaIDs(right.serde) || right.astray {
		// The bytes of the right table's keys depend on its schema, or others have chosen their partitions: both sides go to topics that are partitioned in one way.
		right.scopes[0].materialize()
		keyed := &plan.Repartition{In: right.in, Step: j.prefix() + "RightSourceKeyed-SelectKey", Key: c.rightKey, Serde: right.serde, SkipNull: true}
		for i, x := range c.rightKey {
			keyed.Columns = append(keyed.Columns, types.Column{Name: c.columnName(c.rightX[i]), Type: x.Type(), Role: types.KeyColumn})
		}
		right.in = keyed
	}
	look := &plan.ForeignLookup{Left: there, Right: right.in, LeftKey: key, RightKey: c.rightKey, Width: width}
	look.Slots = append(append(plan.Layout{}, left.in.Layout()...), right.in.Layout()...)
	look.Slots = append(look.Slots, plan.Slot{Name: "version", Type: types.TBigint}, plan.Slot{Name: "answer", Type: types.TInteger})
	back := &plan.Repartition{In: look, Step: j.prefix() + "ForeignKey-response", Key: key, Serde: left.serde, Columns: columns}
	res := &plan.Resolve{In: back, Kind: kind, Key: key}
	res.Slots = append(res.Slots, look.Slots[:len(look.Slots)-2]...)
	right.moveBy(width)
	var err error
	if look.Match, err = c.match(); err != nil {
		return nil, err
	}
	out := &side{scopes: append(left.scopes, right.scopes...), in: res, partitioning: left.partitioning, headers: -1, foreign: true}
	for _, p := range left.parts {
		p.slot = len(res.Slots)
		res.Slots = append(res.Slots, plan.Slot{Name: ast.Format(p.columns[0]), Type: p.t})
		out.parts = append(out.parts, p)
	}
	return out, nil
}
