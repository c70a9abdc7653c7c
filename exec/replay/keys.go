package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/twmb/franz-go/pkg/kgo"
)

// keys are what two partitions hold last of each key, on disk: of the old one the row's time and mark, of the new one the row's offset.
type keys struct {
	db      *pebble.DB
	batch   *pebble.Batch
	scratch []byte
	broken  *atomic.Pointer[error] // why the database can't go on; nil where it can
}

// mark tells rows apart: 16 bytes of the SHA-256 of time and value.
type mark [16]byte

// The first byte of an entry says which partition it is of.
const (
	ofOld byte = 'o'
	ofNew byte = 'n'
)

// batchBytes is from where on a batch goes to the database.
const batchBytes = 4 << 20

func openKeys(dir string) (*keys, error) {
	if err := os.RemoveAll(dir); err != nil { // of one that was killed, or of the partition before
		return nil, err
	}
	broken := new(atomic.Pointer[error])
	db, err := pebble.Open(dir, &pebble.Options{DisableWAL: true, MemTableSize: 32 << 20, Logger: quiet{broken}})
	if err != nil {
		return nil, err
	}
	return &keys{db: db, batch: db.NewBatch(), broken: broken}, nil
}

func (k *keys) close() error { return errors.Join(k.batch.Close(), k.db.Close()) }

func markOf(r *kgo.Record) mark {
	h := sha256.New()
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], uint64(r.Timestamp.UnixMilli()))
	h.Write(at[:])
	h.Write(r.Value)
	return mark(h.Sum(nil)[:16])
}

func (k *keys) entry(of byte, key []byte) []byte {
	k.scratch = append(append(k.scratch[:0], of), key...)
	return k.scratch
}

// old notes a record of the table's topic; nothing of it stays where it is a tombstone.
func (k *keys) old(r *kgo.Record) error {
	if r.Value == nil {
		return k.put(func() error { return k.batch.Delete(k.entry(ofOld, r.Key), nil) })
	}
	of := markOf(r)
	row := append(binary.LittleEndian.AppendUint64(nil, uint64(r.Timestamp.UnixMilli())), of[:]...)
	return k.put(func() error { return k.batch.Set(k.entry(ofOld, r.Key), row, nil) })
}

// new notes a record of what is computed anew; nothing of it stays where it is a tombstone.
func (k *keys) new(r *kgo.Record) error {
	if r.Value == nil {
		return k.put(func() error { return k.batch.Delete(k.entry(ofNew, r.Key), nil) })
	}
	return k.put(func() error {
		return k.batch.Set(k.entry(ofNew, r.Key), binary.LittleEndian.AppendUint64(nil, uint64(r.Offset)), nil)
	})
}

func (k *keys) put(do func() error) error {
	if why := k.broken.Load(); why != nil {
		return *why
	}
	if err := do(); err != nil {
		return err
	}
	if k.batch.Len() < batchBytes {
		return nil
	}
	return k.flush()
}

func (k *keys) flush() error {
	if err := k.batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	k.batch = k.db.NewBatch()
	return nil
}

// differs says whether a record of the new topic is the last one of its key, and whether the old topic holds another.
func (k *keys) differs(r *kgo.Record) (differs, last bool, err error) {
	err = k.get(k.entry(ofNew, r.Key), func(at []byte) {
		last = binary.LittleEndian.Uint64(at) == uint64(r.Offset)
	})
	if err != nil || !last {
		return false, false, err
	}
	differs = true
	err = k.get(k.entry(ofOld, r.Key), func(row []byte) {
		of := markOf(r)
		differs = !bytes.Equal(row[8:], of[:])
	})
	return differs, true, err
}

func (k *keys) get(entry []byte, found func([]byte)) error {
	v, closer, err := k.db.Get(entry)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	found(v)
	return closer.Close()
}

// gone gives the keys that only the old topic has, each with the time of its row.
func (k *keys) gone(do func(key []byte, at time.Time) error) error {
	it, err := k.db.NewIter(&pebble.IterOptions{LowerBound: []byte{ofOld}, UpperBound: []byte{ofOld + 1}})
	if err != nil {
		return err
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		key, there := bytes.Clone(it.Key()[1:]), false
		if err := k.get(k.entry(ofNew, key), func([]byte) { there = true }); err != nil {
			return err
		}
		if there {
			continue
		}
		if err := do(key, time.UnixMilli(int64(binary.LittleEndian.Uint64(it.Value())))); err != nil {
			return err
		}
	}
	return it.Error()
}

// quiet keeps Pebble's chatter out of the log; its errors come back from the calls. It would have the process end where it can't go on: here
// the keys are broken.
type quiet struct{ broken *atomic.Pointer[error] }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (q quiet) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	q.broken.CompareAndSwap(nil, &err)
}
