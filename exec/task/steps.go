package task

import (
	"weir/catalog"
	"weir/exec/op"
	"weir/planner/plan"
	"weir/types"
)

// step is what becomes of a plan node in a task: what it keeps, and how its operator is made.
type step struct {
	keeps Kept // no name for nothing
	one   func(m *making) (op.Op, error)
	join  func(m *making) joiner // of two inputs
}

// joiner is an operator with a port for each of its two inputs.
type joiner interface {
	op.Stateful
	Ports() (left, right op.Op)
}

// making is what an operator is made with.
type making struct {
	host *op.Host
	next op.Op
	TaskOptions
	having bool // the rows of this step come to a HAVING, which asks what they were before
	store  Kept // of the step, if it has one
	ends   ends
}

// ends makes what hands rows out of the task.
type ends interface {
	sink(m *making, n *plan.Sink) (op.Op, error)
	repartition(m *making, n *plan.Repartition) (op.Op, error)
}

// stepOf is where a node becomes an operator.
func (s *Stage) stepOf(n plan.Node) step {
	switch n := n.(type) {
	case *plan.Scan:
		if !n.Materialize {
			return step{one: func(m *making) (op.Op, error) { return m.next, nil }}
		}
		return step{keeps: Kept{Name: "rows of " + n.Source.Name, Columns: columnTexts(n.Slots), Grows: true, Joins: true}, one: func(m *making) (op.Op, error) {
			keep := op.NewMaterialize(m.host, keySlots(n), n.Source.Windowed != nil, len(n.Cols), false, m.next)
			keep.Lacks(m.store.Partial)
			return keep, nil
		}}
	case *plan.Filter:
		return step{one: func(m *making) (op.Op, error) { return op.NewFilter(m.host, n, m.next), nil }}
	case *plan.Project:
		return step{one: func(m *making) (op.Op, error) { return op.NewProject(m.host, n, m.next), nil }}
	case *plan.Explode:
		return step{one: func(m *making) (op.Op, error) { return op.NewExplode(m.host, n, m.next), nil }}
	case *plan.Aggregate:
		return step{keeps: grouped(&n.Grouping, ""), one: func(m *making) (op.Op, error) {
			return op.NewAggregate(m.host, n, m.having, s.straight(n), m.next), nil
		}}
	case *plan.SessionAggregate:
		return step{keeps: grouped(&n.Grouping, ""), one: func(m *making) (op.Op, error) { return op.NewSession(m.host, n, s.straight(n), m.next), nil }}
	case *plan.PaneAggregate:
		return step{keeps: grouped(&n.Grouping, " in panes"), one: func(m *making) (op.Op, error) { return op.NewPanes(m.host, n, s.straight(n), m.next), nil }}
	case *plan.Top:
		if n.Final() {
			return step{keeps: rowsOf("final top", n), one: func(m *making) (op.Op, error) { return op.NewTopFinal(m.host, n, m.next), nil }}
		}
		return step{keeps: rowsOf("top", n), one: func(m *making) (op.Op, error) { return op.NewTop(m.host, n, s.straight(n), m.next), nil }}
	case *plan.StreamJoin:
		return step{keeps: joinedBy(n), join: func(m *making) joiner { return op.NewStreamJoin(m.host, n, s.straight(n), m.next) }}
	case *plan.TableJoin:
		return step{keeps: joinedBy(n), join: func(m *making) joiner { return op.NewTableJoin(m.host, n, s.asksOld(), m.next) }}
	case *plan.LookupJoin:
		return step{keeps: joinedBy(n), join: func(m *making) joiner { return op.NewLookupJoin(m.host, n, m.next) }}
	case *plan.WindowedJoin:
		return step{keeps: joinedBy(n), join: func(m *making) joiner { return op.NewWindowedJoin(m.host, n, s.asksOld(), m.next) }}
	case *plan.Subscribe:
		return step{keeps: rowsOf("subscribe", n), one: func(m *making) (op.Op, error) { return op.NewSubscribe(m.host, n, m.next), nil }}
	case *plan.ForeignLookup:
		return step{keeps: rowsOf("foreignlookup", n), join: func(m *making) joiner { return op.NewForeignLookup(m.host, n, m.next) }}
	case *plan.Resolve:
		return step{keeps: rowsOf("resolve", n), one: func(m *making) (op.Op, error) { return op.NewResolve(m.host, n, s.asksOld(), m.next), nil }}
	case *plan.Repartition:
		return step{one: func(m *making) (op.Op, error) { return m.ends.repartition(m, n) }}
	case *plan.Sink:
		if !n.Materialize {
			return step{one: func(m *making) (op.Op, error) { return m.ends.sink(m, n) }}
		}
		return step{keeps: Kept{Name: "table", Columns: columnTexts(n.Layout()), Grows: true}, one: func(m *making) (op.Op, error) {
			out, err := m.ends.sink(m, n)
			if err != nil {
				return nil, err
			}
			return s.keepTable(n, m.host, out), nil
		}}
	case *plan.Result:
		return step{one: func(m *making) (op.Op, error) { return &rows{give: m.Rows}, nil }}
	}
	return noStep(n) // the set is closed
}

// keepTable keeps the rows of a table that is written, for pull queries.
func (s *Stage) keepTable(n *plan.Sink, h *op.Host, out op.Op) op.Op {
	m := op.NewMaterialize(h, n.KeySlots, n.Target.Windowed != nil, len(n.Layout()), true, out)
	if w := n.Target.Windowed; w != nil {
		m.KeepWindows(n.Retention, w.Kind == catalog.Session)
	}
	if s.resolves() {
		m.PassDeletes() // as in ksqlDB, the delete of a left row shows even where there was no joined row
	}
	return m
}

// keySlots are the slots of a scanned table's primary key. The planner takes them all up for a materialized scan.
func keySlots(s *plan.Scan) []int {
	var out []int
	for i, c := range s.Source.Schema {
		if c.Role != types.KeyColumn {
			continue
		}
		for slot, col := range s.Cols {
			if col.Kind == plan.ScanColumn && col.Column == i {
				out = append(out, slot)
			}
		}
	}
	return out
}

// rows hands rows to a client; to nobody where the query only keeps state.
type rows struct{ give func(b *types.Batch) error }

// Push gives the rows.
func (r *rows) Push(b *types.Batch) error {
	if r.give == nil {
		return nil
	}
	return r.give(b)
}

func (r *rows) Flush() error { return nil }
