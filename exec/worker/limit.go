package worker

import (
	"time"

	"weir/exec/task"
)

// stored is how much state of the query lies on disk, as last asked.
type stored struct {
	bytes int64
	asked time.Time
}

// storedAgain is after how long the database is asked again.
const storedAgain = time.Second

// holdState tells how much state the query would have with the commit that is being made. What it may not have is never committed: the query ends, as it
// would again after a restart.
func (w *Worker) holdState() error {
	if w.opt.Hold == nil {
		return nil
	}
	bytes, partial := int64(0), false
	for _, t := range w.assigned.Tasks {
		fixed, loose := t.Memory()
		bytes += fixed + loose
		partial = partial || t.Partial()
	}
	if partial && time.Since(w.stored.asked) > storedAgain {
		db, err := w.opt.State.DB()
		if err != nil {
			return err
		}
		if w.stored.bytes, err = db.Size(w.assigned.Query()); err != nil {
			return err
		}
		w.stored.asked = time.Now()
	}
	if partial {
		bytes = max(bytes, w.stored.bytes)
	}
	if err := w.opt.Hold(bytes); err != nil {
		return &task.FatalError{Err: err}
	}
	return nil
}
