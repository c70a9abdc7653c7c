package state

import "fmt"

// MinFree is how much space must be free on the disk that holds the state, in bytes. When Pebble can't write, all queries begin
// anew, and when it can't begin a log it ends the process: so nothing is written where it might come to that.
const MinFree = 100 << 20

// FullError says that the disk is full.
type FullError struct {
	Dir  string
	Free uint64 // bytes
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk that holds %s is full: %d MB are free, and %d MB are needed. Make room: what waits goes on by itself", e.Dir, e.Free>>20, MinFree>>20)
}

// Room is an error where the disk has not enough space for the next writes.
func (db *DB) Room() error {
	if db.dir == "" {
		return nil
	}
	free, err := freeSpace(db.dir)
	if err != nil || free >= MinFree {
		return nil // a disk that does not tell is taken at its word when it fails
	}
	return &FullError{db.dir, free}
}
