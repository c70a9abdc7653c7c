package local

import (
	"fmt"

	"weir/planner/plan"
)

// Replace lets another plan go on where the query of the same id stands: with its state, and behind the records that it
// has read. The Driver needs a database for the state.
func (d *Driver) Replace(q *plan.Query) error {
	if d.db == nil {
		return fmt.Errorf("%s can't be replaced: the driver has no database to take its state from", q.ID)
	}
	if err := d.Run(); err != nil {
		return err
	}
	for i, old := range d.queries {
		if old.id != q.ID {
			continue
		}
		if err := old.local.flush(d.db, old.id); err != nil {
			return err
		}
		if err := d.deliver(old); err != nil {
			return err
		}
		next, err := d.prepare(q, old.topo.Layout())
		if err != nil {
			return err
		}
		for _, t := range next.local.Tasks() {
			if err := t.Load(d.db, q.ID, nil); err != nil {
				return err
			}
		}
		copyReads(next.reads, old.reads)
		d.queries[i] = next
		return nil
	}
	return fmt.Errorf("there is no query %s to replace", q.ID)
}

// copyReads sets where reading goes on.
func copyReads(to, from []reading) {
	for i := range to {
		for _, r := range from {
			if r.topic == to[i].topic && r.partition == to[i].partition {
				to[i].next = r.next
			}
		}
	}
}
