package state

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Outbox keeps what one commit of a query has to send. It lies beside the database, which holds only a reference to it:
// what is written once and overwritten a moment later is no work for a tree of sorted keys. Two files take turns, so that
// the one which the database refers to stays as it is while the next is written.
type Outbox struct {
	paths [2]string
	files [2]vfs.File
	fs    vfs.FS
	turn  int
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrOutbox says that an outbox is not what its reference says: the disk has lost it.
var ErrOutbox = errors.New("the outbox on disk is not the one that the state refers to")

// Outbox is the outbox of a query. Its files are made when they are first written.
func (db *DB) Outbox(query string) *Outbox {
	sum := sha256.Sum256([]byte(query))
	name := filepath.Join(db.dir+"-outbox", hex.EncodeToString(sum[:12]))
	return &Outbox{paths: [2]string{name + ".0", name + ".1"}, fs: db.fs}
}

// Write puts data on disk and returns the reference under which Read finds it; that of no data is empty. Data that the last reference but one meant
// is gone.
func (o *Outbox) Write(data []byte) (ref []byte, err error) {
	if len(data) == 0 {
		return []byte{}, nil
	}
	o.turn = 1 - o.turn
	f := o.files[o.turn]
	if f == nil {
		if err := o.fs.MkdirAll(filepath.Dir(o.paths[o.turn]), 0o755); err != nil {
			return nil, err
		}
		if f, err = o.fs.OpenReadWrite(o.paths[o.turn], vfs.WriteCategoryUnspecified); err != nil {
			return nil, err
		}
		o.files[o.turn] = f
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	ref = binary.AppendUvarint([]byte{byte(o.turn)}, uint64(len(data)))
	return binary.BigEndian.AppendUint32(ref, crc32.Checksum(data, castagnoli)), nil
}

// Read gives back what Write has put on disk, and lets the next Write take the other file.
func (o *Outbox) Read(ref []byte) ([]byte, error) {
	if len(ref) == 0 {
		return nil, nil
	}
	if len(ref) < 6 || ref[0] > 1 {
		return nil, ErrOutbox
	}
	size, n := binary.Uvarint(ref[1:])
	if n <= 0 || len(ref) != 1+n+4 {
		return nil, ErrOutbox
	}
	o.turn = int(ref[0])
	f, err := o.fs.Open(o.paths[o.turn])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if uint64(info.Size()) < size {
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrOutbox, info.Size(), size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, err
	}
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(ref[1+n:]) {
		return nil, ErrOutbox
	}
	return data, nil
}

// Close closes the files.
func (o *Outbox) Close() error {
	var err error
	for i, f := range o.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		o.files[i] = nil
	}
	return err
}

// Remove deletes the files.
func (o *Outbox) Remove() error {
	err := o.Close()
	for _, path := range o.paths {
		if e := o.fs.Remove(path); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
