package state

import (
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// roomFS counts the bytes that are asked for ahead.
type roomFS struct {
	vfs.FS
	asked *atomic.Int64
}

type roomFile struct {
	vfs.File
	asked *atomic.Int64
}

func (r roomFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := r.FS.Create(name, c)
	return roomFile{f, r.asked}, err
}

func (f roomFile) Preallocate(_, length int64) error {
	f.asked.Add(length)
	return nil
}

// A small database is small on disk, too.
func TestTakesNoRoomAhead(t *testing.T) {
	asked := &atomic.Int64{}
	db, err := open(t.TempDir()+"/state", roomFS{vfs.Default, asked})
	must(t, err)
	b := db.NewBatch()
	must(t, b.SetMeta("Q_1", "a", []byte("1")))
	must(t, b.Commit(true))
	must(t, db.Close())
	if n := asked.Load(); n > 0 {
		t.Errorf("%d bytes were asked for ahead", n)
	}
}
