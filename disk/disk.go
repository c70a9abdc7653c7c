// Package disk writes files so that they are there after a kill and after a power loss, and tells which lie below a folder.
package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts a file in the place of another one, or where none is: whoever looks finds the old one or the new one, whole. It is on disk
// when Replace returns.
func Replace(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // or a power loss after the rename leaves an empty file
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return SyncNames(filepath.Dir(path))
}

// Append adds to a file, which is made where there is none, and has it on disk.
func Append(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncNames has on disk which files a folder holds. Not every system can.
func SyncNames(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
