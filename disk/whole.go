package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Whole is a file that is written beside its place, and comes there when it is whole: whoever looks finds the old one, or all of the new one.
type Whole struct {
	f       *os.File
	path    string // its place
	replace bool
}

// Create begins a file. What is there at its place is replaced only if replace says so; otherwise the error is fs.ErrExist, now or, where it has come
// meanwhile, from Commit. Commit or Discard it.
func Create(path string, replace bool) (*Whole, error) {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("it is a folder")}
	case err == nil && !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("it is no ordinary file")}
	case err == nil && !replace:
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil { // the link stays, what it leads to is replaced
			return nil, err
		}
	}
	for n := os.Getpid(); ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.%d.tmp", path, n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue // another one of this process, or what one left that was killed
		}
		if err != nil {
			return nil, err
		}
		return &Whole{f, path, replace}, nil
	}
}

// Write implements io.Writer.
func (w *Whole) Write(p []byte) (int, error) { return w.f.Write(p) }

// Commit puts the file in its place, on disk. After an error nothing of it is left.
func (w *Whole) Commit() error {
	if err := errors.Join(w.f.Sync(), w.f.Close()); err != nil {
		return errors.Join(err, os.Remove(w.f.Name()))
	}
	if err := w.move(); err != nil {
		return errors.Join(err, os.Remove(w.f.Name()))
	}
	return SyncNames(filepath.Dir(w.path))
}

func (w *Whole) move() error {
	if !w.replace {
		// A second name is refused where something has come to be meanwhile, which renaming would replace.
		err := os.Link(w.f.Name(), w.path)
		if err == nil {
			return os.Remove(w.f.Name())
		}
		if _, failed := os.Lstat(w.path); failed == nil {
			return &fs.PathError{Op: "create", Path: w.path, Err: fs.ErrExist}
		}
	}
	return os.Rename(w.f.Name(), w.path)
}

// Discard leaves nothing of the file.
func (w *Whole) Discard() error { return errors.Join(w.f.Close(), os.Remove(w.f.Name())) }
