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
	seq   uint64
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

// Kept is an outbox as it lies in a file, whether the database refers to it or not.
type Kept struct {
	Seq  uint64 // outboxes of a query are numbered
	Note []byte // what was to be known of it without the database
	Data []byte
	turn int
}

// Drop deletes an outbox that was given up before the database referred to it.
func (o *Outbox) Drop(k Kept) error {
	if f := o.files[k.turn]; f != nil {
		if err := f.Close(); err != nil {
			return err
		}
		o.files[k.turn] = nil
	}
	if err := o.fs.Remove(o.paths[k.turn]); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// outboxHead is the number, the sizes of note and data, and the sum of all.
const outboxHead = 8 + 4 + 4 + 4

// Write puts data on disk, with a note, and returns the reference under which Read finds it; that of no data is empty. Data that the last
// reference but one meant is gone.
func (o *Outbox) Write(note, data []byte) (ref []byte, err error) {
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
		if err := syncNames(o.fs, filepath.Dir(o.paths[o.turn])); err != nil {
			return nil, err
		}
	}
	o.seq++
	head := binary.BigEndian.AppendUint64(nil, o.seq)
	head = binary.BigEndian.AppendUint32(head, uint32(len(note)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(data)))
	sum := crc32.Update(crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, note), castagnoli, data)
	head = append(binary.BigEndian.AppendUint32(head, sum), note...)
	if _, err := f.WriteAt(head, 0); err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(data, int64(len(head))); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	return binary.AppendUvarint([]byte{byte(o.turn) + numbered}, o.seq), nil
}

// syncNames has on disk that a folder is there, and what is in it.
func syncNames(fs vfs.FS, dir string) error {
	for _, d := range []string{dir, filepath.Dir(dir)} {
		f, err := fs.OpenDir(d)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// numbered is added to the first byte of references to outboxes with a number.
const numbered = 2

// Seq is the number of the last outbox.
func (o *Outbox) Seq() uint64 { return o.seq }

// Keep gives what lies in the files, the newest first. The next outbox that is written gets a number above all of them, and above the one given.
func (o *Outbox) Keep(above uint64) ([]Kept, error) {
	var out []Kept
	o.seq = max(o.seq, above)
	for turn := range o.paths {
		k, err := o.kept(turn)
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrOutbox):
			continue
		case err != nil:
			return nil, err
		}
		if k.Seq >= o.seq {
			o.seq, o.turn = k.Seq, turn
		}
		if out = append(out, k); len(out) == 2 && out[0].Seq < out[1].Seq {
			out[0], out[1] = out[1], out[0]
		}
	}
	return out, nil
}

func (o *Outbox) kept(turn int) (k Kept, err error) {
	raw, err := o.read(turn)
	if err != nil {
		return k, err
	}
	if len(raw) < outboxHead {
		return k, fmt.Errorf("%w: it has %d bytes", ErrOutbox, len(raw))
	}
	note, data := int64(binary.BigEndian.Uint32(raw[8:])), int64(binary.BigEndian.Uint32(raw[12:]))
	if outboxHead+note+data > int64(len(raw)) {
		return k, fmt.Errorf("%w: %d bytes of %d", ErrOutbox, len(raw), outboxHead+note+data)
	}
	sum, rest := binary.BigEndian.Uint32(raw[16:]), raw[outboxHead:outboxHead+note+data]
	if crc32.Update(crc32.Checksum(raw[:16], castagnoli), castagnoli, rest) != sum {
		return k, ErrOutbox
	}
	return Kept{binary.BigEndian.Uint64(raw), rest[:note], rest[note:], turn}, nil
}

func (o *Outbox) read(turn int) ([]byte, error) {
	f, err := o.fs.Open(o.paths[turn])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Read gives back what Write has put on disk, and lets the next Write take the other file.
func (o *Outbox) Read(ref []byte) ([]byte, error) {
	if len(ref) == 0 {
		return nil, nil
	}
	if len(ref) < 2 || ref[0] >= 2*numbered {
		return nil, ErrOutbox
	}
	if ref[0] < numbered {
		return o.readOld(ref)
	}
	seq, n := binary.Uvarint(ref[1:])
	if n != len(ref)-1 {
		return nil, ErrOutbox
	}
	o.turn = int(ref[0] - numbered)
	k, err := o.kept(o.turn)
	if err == nil && k.Seq != seq {
		err = ErrOutbox
	}
	return k.Data, err
}

// readOld reads what earlier versions wrote, without number and note: its sum is in the reference.
func (o *Outbox) readOld(ref []byte) ([]byte, error) {
	size, n := binary.Uvarint(ref[1:])
	if n <= 0 || len(ref) != 1+n+4 {
		return nil, ErrOutbox
	}
	o.turn = int(ref[0])
	raw, err := o.read(o.turn)
	if err != nil {
		return nil, err
	}
	if uint64(len(raw)) < size {
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrOutbox, len(raw), size)
	}
	if data := raw[:size]; crc32.Checksum(data, castagnoli) == binary.BigEndian.Uint32(ref[1+n:]) {
		return data, nil
	}
	return nil, ErrOutbox
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
