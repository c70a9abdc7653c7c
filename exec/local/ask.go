package local

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/pull"
	"weir/exec/task"
	"weir/planner/plan"
	"weir/types"
)

// Ask answers a query for a client: a look-up in a table from what the table's query has committed, another one from all that its topics
// hold by now.
func (d *Driver) Ask(q *plan.Query) ([]Row, error) {
	if q.Lookup != nil {
		return d.lookup(q.Lookup)
	}
	topo, err := task.Build(q)
	if err != nil {
		return nil, err
	}
	parts, err := topo.Partitions(d.partitions, nil)
	if err != nil {
		return nil, err
	}
	c := collecting(q)
	if c.full() {
		return nil, nil
	}
	l, err := NewLocal(topo, d.env("push"), parts, 1, 0, c.take)
	if err != nil {
		return nil, err
	}
	for _, r := range d.All(topo.Sources()) {
		if err = l.Feed([]*kgo.Record{r}); err != nil {
			break
		}
	}
	if err == nil {
		err = l.Flush()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return c.rows, nil
}

func (d *Driver) lookup(l *plan.Lookup) (out []Row, err error) {
	if err := d.Commit(); err != nil {
		return nil, err
	}
	of := d.query(l.Table.Query)
	if of == nil {
		return nil, pull.NotRunning(l)
	}
	view, err := d.db.View()
	if err != nil {
		return nil, err
	}
	defer view.Close()
	last := of.local.tasks[len(of.local.tasks)-1]
	err = pull.Answer(context.Background(), l, of.topo, d.env(of.id).Functions, view, int32(len(last)), func(_ context.Context, row []types.Value, ms int64) error {
		out = append(out, Row{Values: row, Timestamp: ms})
		return nil
	})
	return out, err
}
