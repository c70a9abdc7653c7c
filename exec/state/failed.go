package state

import (
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// FailedError says that a write of the database failed.
type FailedError struct {
	Dir string
	Err error
}

func (e *FailedError) Error() string {
	if pebble.IsCorruptionError(e.Err) {
		return fmt.Sprintf("the state in %s is damaged: %v", e.Dir, e.Err)
	}
	return fmt.Sprintf("the state in %s could not be written: %v", e.Dir, e.Err)
}

// Unwrap gives the cause.
func (e *FailedError) Unwrap() error { return e.Err }

// openError says that the database could not be opened.
type openError struct {
	dir string
	err error
}

func (e *openError) Error() string {
	return fmt.Sprintf("cannot open the state in %s: %v", e.dir, e.err)
}

func (e *openError) Unwrap() error { return e.err }

// spoiled ends the database where it turns out to be damaged.
func (db *DB) spoiled(err error) error {
	if err != nil && pebble.IsCorruptionError(err) {
		db.fail(err)
	}
	return err
}

var errClosed = errors.New("the state is closed")

// quiet keeps Pebble's chatter out of the log; its errors come back from the calls. It would have the process end where it can't go on:
// here the database ends.
type quiet struct{ db *DB }

func (quiet) Infof(string, ...any)                {}
func (quiet) Errorf(string, ...any)               {}
func (q quiet) Fatalf(format string, args ...any) { q.db.fail(fmt.Errorf(format, args...)) }

// fail has the database answer nothing more, and closes it once nobody is at work with it.
func (db *DB) fail(why error) {
	db.stop(&FailedError{db.dir, why})
}

func (db *DB) stop(why error) bool {
	if !db.failed.CompareAndSwap(nil, &why) {
		return false
	}
	if db.opened.Load() {
		go db.ends.Do(db.close)
	}
	return true
}

func (db *DB) close() {
	for db.users.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	db.end = db.pebble.Close()
	close(db.gone)
}

// broken says why the database can't be used any more; nil where it can.
func (db *DB) broken() error {
	if why := db.failed.Load(); why != nil {
		return *why
	}
	return nil
}

// enter is called before Pebble is used, and leave afterwards where it gave no error.
func (db *DB) enter() error {
	db.users.Add(1)
	if err := db.broken(); err != nil {
		db.users.Add(-1)
		return err
	}
	return nil
}

func (db *DB) leave() { db.users.Add(-1) }
