package task

import (
	"errors"
	"fmt"

	"weir/exec/op"
	"weir/exec/state"
)

// WriteStores puts what changed in the task's stores into a batch.
func (t *Task) WriteStores(b *state.Batch, query string) error {
	var failed error
	for _, s := range t.Stores {
		id := t.ID(query, s)
		s.Dirty(func(key, value []byte) { failed = errors.Join(failed, b.Put(id, key, value)) })
		s.Expired(func(from, to []byte) { failed = errors.Join(failed, b.Drop(id, from, to)) })
	}
	return failed
}

// backing reads one store's entries from the database.
type backing struct {
	db *state.DB
	id state.StoreID
}

func (b backing) Get(key []byte) ([]byte, error) { return b.db.Get(b.id, key) }

func (b backing) Scan(lo, hi []byte, f func(key, value []byte) error) error {
	return b.db.Scan(b.id, lo, hi, f)
}

// Load gives the stores of a task their committed entries, as long as the budget has room for them.
func (t *Task) Load(db *state.DB, query string, budget *state.Budget) error {
	for _, s := range t.Stores {
		id := t.ID(query, s)
		evicter, can := s.Stateful.(op.Evicter)
		if can {
			evicter.Back(backing{db, id})
		}
		loaded := 0
		err := db.Load(id, func(key, value []byte) error {
			if loaded++; can && loaded%loadCheck == 0 {
				if over, _ := t.Hold(budget); over {
					return errFull
				}
			}
			return s.Load(key, value)
		})
		if errors.Is(err, errFull) {
			evicter.Full()
			t.partial = true
		} else if err != nil {
			return &FatalError{fmt.Errorf("the state of %s can't be read: %w", query, err)}
		}
	}
	t.Hold(budget)
	return nil
}

// Hold tells the budget what the task's stores take; see there.
func (t *Task) Hold(budget *state.Budget) (over, letGo bool) {
	fixed, loose := t.Memory()
	return budget.Hold(t, fixed, loose)
}

// Memory is what the task's stores take, in bytes: those that stay in memory, and those that can leave it.
func (t *Task) Memory() (fixed, loose int64) {
	for _, s := range t.Stores {
		_, bytes := s.Size()
		if _, can := s.Stateful.(op.Evicter); can {
			loose += int64(bytes)
		} else {
			fixed += int64(bytes)
		}
	}
	return fixed, loose
}

// Partial says that some of the state may lie in the database alone.
func (t *Task) Partial() bool { return t.partial }

// Evict lets go of the memory that can be read back; right after a commit that is durable.
func (t *Task) Evict() {
	t.partial = true
	for _, s := range t.Stores {
		if e, ok := s.Stateful.(op.Evicter); ok {
			e.Evict()
		}
	}
}

const loadCheck = 10_000

var errFull = errors.New("the memory budget has no more room")
