package local

import "time"

// Idle lets virtual time pass in which nothing comes: queries with weir.idle.close go on with it.
func (d *Driver) Idle(passes time.Duration) error {
	if err := d.Commit(); err != nil {
		return err
	}
	for _, q := range d.queries {
		each := time.Duration(q.topo.Query.IdleClose) * time.Millisecond
		if each == 0 || passes < each {
			continue
		}
		if err := q.local.idle(min(passes, q.topo.IdleSpan()).Milliseconds()); err != nil {
			return err
		}
		if err := d.deliver(q); err != nil {
			return err
		}
	}
	return d.Commit()
}

// idle lets the stream time of all sources go on.
func (l *Local) idle(by int64) error {
	for i, tasks := range l.tasks {
		for _, t := range tasks {
			for number := range t.Stage.Inputs {
				if t.Repartitioned(number) {
					continue
				}
				if err := t.Idle(number, by); err != nil {
					return err
				}
			}
		}
		if err := l.deliver(i); err != nil {
			return err
		}
	}
	return nil
}
