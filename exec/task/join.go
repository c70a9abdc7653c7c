package task

import (
	"fmt"
	"slices"

	"weir/exec/op"
	"weir/planner/plan"
)

// join makes the operator of a step with two inputs, and gives the ports at which their rows come in.
func (t *Task) join(n plan.Node, o TaskOptions, wantOld bool, next op.Op) (left, right op.Op, err error) {
	switch n := n.(type) {
	case *plan.Join:
		switch {
		case n.Retention > 0:
			j := op.NewWindowedJoin(t.host, n, wantOld || t.asksOld(), next)
			t.Stores = append(t.Stores, j)
			left, right = j.Ports()
		case n.Table():
			j := op.NewTableJoin(t.host, n, wantOld || t.asksOld(), next)
			t.Stores = append(t.Stores, j)
			left, right = j.Ports()
		case n.Within != nil:
			j := op.NewStreamJoin(t.host, n, o.Upstream, next)
			t.windowed(j, j.Announce, j.CloseAll)
			left, right = j.Ports()
		default:
			j := op.NewLookupJoin(t.host, n, next)
			t.Stores = append(t.Stores, j)
			left, right = j.Ports()
		}
		return left, right, nil
	case *plan.ForeignLookup:
		j := op.NewForeignLookup(t.host, n, next)
		t.Stores = append(t.Stores, j)
		left, right = j.Ports()
		return left, right, nil
	}
	return nil, nil, fmt.Errorf("task: no operator for %T", n)
}

// foreignKey makes the operators of a join by foreign key that have one input.
func (t *Task) foreignKey(n plan.Node, wantOld bool, next op.Op) (op.Op, error) {
	switch n := n.(type) {
	case *plan.Subscribe:
		s := op.NewSubscribe(t.host, n, next)
		t.Stores = append(t.Stores, s)
		return s, nil
	case *plan.Resolve:
		r := op.NewResolve(t.host, n, wantOld || t.asksOld(), next)
		// As in ksqlDB, the delete of a left row shows even where there was no joined row.
		if len(t.Stores) > 0 {
			if m, ok := t.Stores[0].(*op.Materialize); ok {
				m.PassDeletes()
			}
		}
		t.Stores = append(t.Stores, r)
		return r, nil
	}
	return nil, fmt.Errorf("task: no operator for %T", n)
}

// asksOld says whether any step of the stage asks what a table's rows were before.
func (t *Task) asksOld() bool {
	if IsRepartition(t.Stage.End) {
		return true
	}
	return slices.ContainsFunc(t.Stage.Steps(), func(n plan.Node) bool {
		switch n.(type) {
		case *plan.Filter, *plan.Aggregate:
			return true
		}
		return false
	})
}
