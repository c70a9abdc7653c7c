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
				if _, size := s.Size(); budget.Hold(t, int64(size)) {
					return errFull
				}
			}
			return s.Load(key, value)
		})
		if errors.Is(err, errFull) {
			evicter.Full()
		} else if err != nil {
			return &FatalError{fmt.Errorf("the state of %s can't be read: %w", query, err)}
		}
	}
	budget.Hold(t, 0)
	return nil
}

const loadCheck = 10_000

var errFull = errors.New("the memory budget has no more room")
