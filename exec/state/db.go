package state

import (
	"encoding/binary"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// DB is the node's persistent state: one Pebble for all queries. Every key begins with the query it belongs to. Once a write has failed, or
// it is closed, all that is asked of it is an error.
type DB struct {
	pebble *pebble.DB
	dir    string // empty in memory
	fs     vfs.FS
	users  atomic.Int64          // who is at work with Pebble, and open views
	failed atomic.Pointer[error] // why it can't be used any more
	opened atomic.Bool
	ends   sync.Once
	gone   chan struct{} // closed when Pebble is
	end    error
}

// Open opens or makes the database in a folder; an empty name keeps it in memory.
func Open(dir string) (*DB, error) { return open(dir, nil) }

func open(dir string, fs vfs.FS) (*DB, error) { return openTo(dir, fs, false) }

// openTo opens the database to be read and written, or to be read and left as it is.
func openTo(dir string, fs vfs.FS, readOnly bool) (*DB, error) {
	db := &DB{dir: dir, fs: fs, gone: make(chan struct{})}
	opts := &pebble.Options{
		Logger:   quiet{db},
		ReadOnly: readOnly,
		// Large, so that what is overwritten soon, such as outboxes, never reaches a file. It grows to this size as needed.
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 3,
		L0CompactionThreshold:       8,
		L0StopWritesThreshold:       32,
		LBaseMaxBytes:               256 << 20,
		MaxOpenFiles:                500,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
	}
	cache := pebble.NewCache(16 << 20)
	defer cache.Unref()
	opts.Cache = cache
	opts.EventListener = &pebble.EventListener{
		DataCorruption:  func(i pebble.DataCorruptionInfo) { db.fail(errors.Join(pebble.ErrCorruption, i.Details)) },
		BackgroundError: func(err error) { _ = db.spoiled(err) },
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		if i < 5 {
			// What lies high is soon rewritten: compressing it would be for nothing.
			opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		}
	}
	switch {
	case dir == "":
		db.fs = vfs.NewMem()
	case fs == nil:
		db.fs = vfs.Default
	}
	if err := db.fs.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	opts.FS = watched{db.fs, db.fail}
	var err error
	if db.pebble, err = pebble.Open(dir, opts); err != nil {
		return nil, &openError{dir, err}
	}
	db.opened.Store(true)
	if dir != "" && !readOnly {
		if err := syncNames(db.fs, dir); err != nil {
			db.ends.Do(db.close)
			return nil, err
		}
	}
	if err := db.broken(); err != nil {
		db.ends.Do(db.close)
		return nil, err
	}
	return db, nil
}

// Close closes the database once nobody is at work with it. Where it has failed before, that is no error any more.
func (db *DB) Close() error {
	first := db.stop(errClosed)
	<-db.gone
	if first {
		return db.end
	}
	return nil
}

// Key prefixes: the query's id ended by a zero byte, then what follows.
const (
	kindEntry = 's' // stage, partition, store, key -> value
	kindMeta  = 'm' // name -> value
)

func queryPrefix(query string) []byte { return append([]byte(query), 0) }

// end is the first key behind all that begin with the prefix.
func end(prefix []byte) []byte {
	out := append([]byte(nil), prefix...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			return out[:i+1]
		}
	}
	return nil
}

// StoreID names one operator's state in one partition.
type StoreID struct {
	Query     string
	Stage     int
	Partition int32
	Store     int
}

func (id StoreID) prefix() []byte {
	p := append(queryPrefix(id.Query), kindEntry, byte(id.Stage))
	p = binary.BigEndian.AppendUint32(p, uint32(id.Partition))
	return append(p, byte(id.Store))
}

func metaKey(query, name string) []byte { return append(append(queryPrefix(query), kindMeta), name...) }

// Batch is a set of writes that become durable together.
type Batch struct {
	db     *DB
	b      *pebble.Batch
	run    *run    // what was put last, and is not in b yet; nil for nothing
	id     StoreID // whose prefix is kept
	prefix []byte
}

// NewBatch begins a set of writes.
func (db *DB) NewBatch() *Batch { return &Batch{db: db, b: db.pebble.NewBatch()} }

// Put writes an entry of a store, or deletes it where the value is nil.
func (b *Batch) Put(id StoreID, key, value []byte) error {
	if b.prefix == nil || b.id != id {
		if err := b.settle(); err != nil {
			return err
		}
		b.id, b.prefix = id, id.prefix()
	}
	if b.run == nil {
		b.run, _ = runs.Get().(*run)
	}
	if b.run.put(b.prefix, key, value); len(b.run.bytes) >= runBytes {
		return b.run.write(b.b)
	}
	return nil
}

// settle gives Pebble's batch what was put, before something else follows it.
func (b *Batch) settle() error {
	if b.run == nil {
		return nil
	}
	err := b.run.write(b.b)
	runs.Put(b.run)
	b.run = nil
	return err
}

// Drop deletes a range of a store's keys, from included, to excluded.
func (b *Batch) Drop(id StoreID, from, to []byte) error {
	if err := b.settle(); err != nil {
		return err
	}
	p := id.prefix()
	return b.b.DeleteRange(append(p[:len(p):len(p)], from...), append(p[:len(p):len(p)], to...), nil)
}

// SetMeta writes a named value of a query; nil deletes it.
func (b *Batch) SetMeta(query, name string, value []byte) error {
	if value == nil {
		return b.b.Delete(metaKey(query, name), nil)
	}
	return b.b.Set(metaKey(query, name), value, nil)
}

// DropQuery deletes all that belongs to a query.
func (b *Batch) DropQuery(query string) error {
	if err := b.settle(); err != nil {
		return err
	}
	p := queryPrefix(query)
	return b.b.DeleteRange(p, end(p), nil)
}

// DropState deletes the entries of all stores of a query.
func (b *Batch) DropState(query string) error {
	if err := b.settle(); err != nil {
		return err
	}
	p := append(queryPrefix(query), kindEntry)
	return b.b.DeleteRange(p, end(p), nil)
}

// Bytes is the size of the writes so far.
func (b *Batch) Bytes() int {
	n := b.b.Len()
	if b.run != nil {
		n += len(b.run.bytes)
	}
	return n
}

// Commit carries the writes out. With sync they are on disk when it returns; without, they may be lost with the process,
// since Pebble writes its log in the background.
func (b *Batch) Commit(sync bool) error {
	defer b.b.Close()
	if err := b.settle(); err != nil {
		return err
	}
	if err := b.db.enter(); err != nil {
		return err
	}
	defer b.db.leave()
	how := pebble.NoSync
	if sync {
		how = pebble.Sync
	}
	if err := b.b.Commit(how); err != nil {
		return err
	}
	return b.db.broken()
}

// Meta reads a named value of a query; nil where there is none.
func (db *DB) Meta(query, name string) ([]byte, error) { return db.get(metaKey(query, name)) }

func (db *DB) get(key []byte) ([]byte, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	v, err := get(db.pebble, key)
	return v, db.spoiled(err)
}

func (db *DB) scan(lo, hi []byte, f func(key, value []byte) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	return db.spoiled(scan(db.pebble, lo, hi, f))
}

func get(r pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return append([]byte{}, v...), nil
}

// Metas reads all named values of a query whose names begin with a prefix.
func (db *DB) Metas(query, prefix string) (map[string][]byte, error) {
	p := metaKey(query, prefix)
	out := map[string][]byte{}
	err := db.scan(p, end(p), func(key, value []byte) error {
		out[prefix+string(key[len(p):])] = append([]byte{}, value...)
		return nil
	})
	return out, err
}

// Size is about how many bytes the entries of a query take on disk.
func (db *DB) Size(query string) (int64, error) {
	if err := db.enter(); err != nil {
		return 0, err
	}
	defer db.leave()
	p := append(queryPrefix(query), kindEntry)
	n, err := db.pebble.EstimateDiskUsage(p, end(p))
	return int64(n), db.spoiled(err) //nolint:gosec // no disk has more
}

// Load gives every entry of a store. Bytes are valid during the call.
func (db *DB) Load(id StoreID, f func(key, value []byte) error) error {
	p := id.prefix()
	return db.scan(p, end(p), func(key, value []byte) error { return f(key[len(p):], value) })
}

func scan(r pebble.Reader, lo, hi []byte, f func(key, value []byte) error) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err == nil {
			err = f(it.Key(), v)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

// View is the state as it was committed at one moment.
type View struct {
	db   *DB
	snap *pebble.Snapshot
}

// View takes a snapshot; the caller closes it.
func (db *DB) View() (*View, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	return &View{db, db.pebble.NewSnapshot()}, nil
}

// Close lets go of the snapshot.
func (v *View) Close() error {
	defer v.db.leave()
	return v.snap.Close()
}

// Get reads an entry; nil where there is none.
func (v *View) Get(id StoreID, key []byte) ([]byte, error) {
	value, err := get(v.snap, append(id.prefix(), key...))
	return value, v.db.spoiled(err)
}

// Scan gives the entries of a store with keys from lo (included) to hi (excluded; nil for no bound), in order.
func (v *View) Scan(id StoreID, lo, hi []byte, f func(key, value []byte) error) error {
	p := id.prefix()
	upper := end(p)
	if hi != nil {
		upper = append(p[:len(p):len(p)], hi...)
	}
	return v.db.spoiled(scan(v.snap, append(p[:len(p):len(p)], lo...), upper, func(key, value []byte) error { return f(key[len(p):], value) }))
}

// Get reads an entry of a store; nil where there is none.
func (db *DB) Get(id StoreID, key []byte) ([]byte, error) {
	return db.get(append(id.prefix(), key...))
}

// Scan gives the entries of a store with keys from lo (included) to hi (excluded), in order.
func (db *DB) Scan(id StoreID, lo, hi []byte, f func(key, value []byte) error) error {
	p := id.prefix()
	return db.scan(append(p[:len(p):len(p)], lo...), append(p[:len(p):len(p)], hi...), func(key, value []byte) error { return f(key[len(p):], value) })
}
