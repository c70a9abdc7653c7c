package state

import (
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Keeper has the node's database open. Where a write fails, nobody knows what of it is on disk, while memory says that all of it is: the
// database answers nothing more then, and whoever works with it begins anew with the one that the keeper opens instead, from what
// the disk has.
type Keeper struct {
	dir    string
	fs     vfs.FS
	mu     sync.Mutex
	db     *DB
	closed bool
}

// Keep opens or makes the database in a folder. fs is the file system; nil for the machine's own.
func Keep(dir string, fs vfs.FS) (*Keeper, error) {
	k := &Keeper{dir: dir, fs: fs}
	_, err := k.DB()
	return k, err
}

// patience is how long DB waits for those who are still at work with a database that has failed.
const patience = 5 * time.Second

// DB is the database. One that has failed is opened anew first; the error says why that is not possible now.
func (k *Keeper) DB() (*DB, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, errClosed
	}
	if k.db != nil {
		why := k.db.broken()
		if why == nil {
			return k.db, nil
		}
		select {
		case <-k.db.gone:
		case <-time.After(patience):
			return nil, fmt.Errorf("%w. It is opened anew once nobody reads it any more", why)
		}
		k.db = nil
	}
	db, err := open(k.dir, k.fs)
	if err == nil {
		k.db = db
	}
	return db, err
}

// Close closes the database.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.db == nil {
		return nil
	}
	return k.db.Close()
}

// Meta reads a named value of a query; nil where there is none.
func (k *Keeper) Meta(query, name string) ([]byte, error) {
	db, err := k.DB()
	if err != nil {
		return nil, err
	}
	return db.Meta(query, name)
}

// SetMeta writes a named value of a query, alone; it is on disk when SetMeta returns.
func (k *Keeper) SetMeta(query, name string, value []byte) error {
	db, err := k.DB()
	if err != nil {
		return err
	}
	b := db.NewBatch()
	if err := b.SetMeta(query, name, value); err != nil {
		return err
	}
	return b.Commit(true)
}
