package state

import "github.com/cockroachdb/pebble/v2/vfs"

// watched tells of writes that fail. Pebble itself tells of a failed write of its log only where somebody waits for it, and tries
// others for ever.
type watched struct {
	vfs.FS
	fail func(error)
}

type watchedFile struct {
	vfs.File
	fail func(error)
}

func (w watched) file(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return watchedFile{f, w.fail}, nil
}

func (w watched) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return w.file(w.FS.Create(name, c))
}

func (w watched) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return w.file(w.FS.ReuseForWrite(from, to, c))
}

// Unwrap gives Pebble what lies beneath.
func (w watched) Unwrap() vfs.FS { return w.FS }

func (f watchedFile) told(err error) error {
	if err != nil {
		f.fail(err)
	}
	return err
}

func (f watchedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, f.told(err)
}

func (f watchedFile) Sync() error { return f.told(f.File.Sync()) }

func (f watchedFile) SyncData() error { return f.told(f.File.SyncData()) }

func (f watchedFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	return full, f.told(err)
}

// Preallocate does nothing: Pebble asks for room for a whole memtable, 70 MB, for each of three to six logs, most of which hold a few
// KB. As the size of the file is not set ahead, a sync costs the same.
func (watchedFile) Preallocate(int64, int64) error { return nil }
