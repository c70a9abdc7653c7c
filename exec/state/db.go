package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// DB is the node's persistent state: one Pebble for all queries. Every key begins with the query it belongs to.
type DB struct {
	pebble *pebble.DB
	dir    string // empty in memory
}

// Open opens or makes the database in a folder; an empty name keeps it in memory.
func Open(dir string) (*DB, error) {
	opts := &pebble.Options{
		Logger: quiet{},
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
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		if i < 5 {
			// What lies high is soon rewritten: compressing it would be for nothing.
			opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		}
	}
	if dir == "" {
		opts.FS = vfs.NewMem()
	} else if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	p, err := pebble.Open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("cannot open the state in %s: %w", dir, err)
	}
	return &DB{p, dir}, nil
}

// quiet keeps Pebble's chatter out of the log; its errors come back from the calls.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf("state: "+format, args...))
}

// Close closes the database.
func (db *DB) Close() error { return db.pebble.Close() }

// Size is the space taken on disk, in bytes.
func (db *DB) Size() int64 { return int64(db.pebble.Metrics().DiskSpaceUsage()) }

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
	b      *pebble.Batch
	buf    []byte
	id     StoreID // whose prefix is kept
	prefix []byte
}

// NewBatch begins a set of writes.
func (db *DB) NewBatch() *Batch { return &Batch{b: db.pebble.NewBatch()} }

// Put writes an entry of a store, or deletes it where the value is nil.
func (b *Batch) Put(id StoreID, key, value []byte) error {
	if b.prefix == nil || b.id != id {
		b.id, b.prefix = id, id.prefix()
	}
	b.buf = append(append(b.buf[:0], b.prefix...), key...)
	if value == nil {
		return b.b.Delete(b.buf, nil)
	}
	return b.b.Set(b.buf, value, nil)
}

// Drop deletes a range of a store's keys, from included, to excluded.
func (b *Batch) Drop(id StoreID, from, to []byte) error {
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
	p := queryPrefix(query)
	return b.b.DeleteRange(p, end(p), nil)
}

// Bytes is the size of the writes so far.
func (b *Batch) Bytes() int { return b.b.Len() }

// Commit carries the writes out. With sync they are on disk when it returns; without, they may be lost with the process,
// since Pebble writes its log in the background.
func (b *Batch) Commit(sync bool) error {
	defer b.b.Close()
	if sync {
		return b.b.Commit(pebble.Sync)
	}
	return b.b.Commit(pebble.NoSync)
}

// Meta reads a named value of a query; nil where there is none.
func (db *DB) Meta(query, name string) ([]byte, error) { return get(db.pebble, metaKey(query, name)) }

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
	err := scan(db.pebble, p, end(p), func(key, value []byte) error {
		out[prefix+string(key[len(p):])] = append([]byte{}, value...)
		return nil
	})
	return out, err
}

// Load gives every entry of a store. Bytes are valid during the call.
func (db *DB) Load(id StoreID, f func(key, value []byte) error) error {
	p := id.prefix()
	return scan(db.pebble, p, end(p), func(key, value []byte) error { return f(key[len(p):], value) })
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
type View struct{ snap *pebble.Snapshot }

// View takes a snapshot; the caller closes it.
func (db *DB) View() *View { return &View{db.pebble.NewSnapshot()} }

// Close lets go of the snapshot.
func (v *View) Close() error { return v.snap.Close() }

// Get reads an entry; nil where there is none.
func (v *View) Get(id StoreID, key []byte) ([]byte, error) {
	return get(v.snap, append(id.prefix(), key...))
}

// Scan gives the entries of a store with keys from lo (included) to hi (excluded; nil for no bound), in order.
func (v *View) Scan(id StoreID, lo, hi []byte, f func(key, value []byte) error) error {
	p := id.prefix()
	upper := end(p)
	if hi != nil {
		upper = append(p[:len(p):len(p)], hi...)
	}
	return scan(v.snap, append(p[:len(p):len(p)], lo...), upper, func(key, value []byte) error { return f(key[len(p):], value) })
}

// Get reads an entry of a store; nil where there is none.
func (db *DB) Get(id StoreID, key []byte) ([]byte, error) {
	return get(db.pebble, append(id.prefix(), key...))
}

// Scan gives the entries of a store with keys from lo (included) to hi (excluded), in order.
func (db *DB) Scan(id StoreID, lo, hi []byte, f func(key, value []byte) error) error {
	p := id.prefix()
	return scan(db.pebble, append(p[:len(p):len(p)], lo...), append(p[:len(p):len(p)], hi...), func(key, value []byte) error { return f(key[len(p):], value) })
}
