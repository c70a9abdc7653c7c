package state

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
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
	log    *slog.Logger
}

// Keep opens or makes the database in a folder. fs is the file system; nil for the machine's own.
func Keep(dir string, fs vfs.FS, log *slog.Logger) (*Keeper, error) {
	if fs == nil {
		fs = vfs.Default
	}
	k := &Keeper{dir: dir, fs: fs, log: log}
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
		if damaged(why) {
			if err := k.putAside(why); err != nil {
				return nil, err
			}
		}
	}
	db, err := open(k.dir, k.fs)
	if damaged(err) {
		if err := k.putAside(err); err != nil {
			return nil, err
		}
		db, err = open(k.dir, k.fs)
	}
	if err == nil {
		k.db = db
	}
	return db, err
}

// putAside makes room for an empty database where there is a damaged one, which is kept. What queries need of it they make anew.
func (k *Keeper) putAside(why error) error {
	if k.dir == "" {
		return why
	}
	to := fmt.Sprintf("%s-damaged-%d", k.dir, time.Now().UnixMilli())
	if err := k.fs.Rename(k.dir, to); err != nil {
		return fmt.Errorf("%w. It can't be moved away either: %w. Move %s away by hand: queries make their state anew", why, err, k.dir)
	}
	k.log.Error("the state of queries is damaged: it is made anew from their topics", "why", why, "kept", to)
	return nil
}

// damaged says whether an error tells that what is on disk is not what was written there.
func damaged(err error) bool {
	var failed *FailedError
	if errors.As(err, &failed) {
		return pebble.IsCorruptionError(failed.Err)
	}
	var opening *openError
	if !errors.As(err, &opening) {
		return false
	}
	var number syscall.Errno // no room, no permission, too many files: that passes
	return pebble.IsCorruptionError(err) || !errors.As(err, &number) || errors.Is(err, os.ErrNotExist)
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
