package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"weir/disk"
)

// What a compaction replaces lies aside as links until it is through; the file ready says that all of it does.
const (
	asideDir   = "compaction"
	asideReady = "ready"
)

// setAside links the files of partitions.
func setAside(dir string, partitions []string) error {
	if err := dropAside(dir); err != nil {
		return err
	}
	aside := filepath.Join(dir, asideDir)
	for _, p := range partitions {
		if err := linkAll(p, filepath.Join(aside, filepath.Base(p))); err != nil {
			return err
		}
	}
	if err := disk.SyncNames(aside); err != nil {
		return err
	}
	return errors.Join(disk.Replace(filepath.Join(aside, asideReady), nil), disk.SyncNames(dir))
}

// dropAside takes the links away, what makes them count first.
func dropAside(dir string) error {
	aside := filepath.Join(dir, asideDir)
	if err := os.Remove(filepath.Join(aside, asideReady)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(aside)
}

// keepAside leaves what was replaced where nothing takes it away: putting it back would lose what is written from now on.
func keepAside(dir, topic string) error {
	kept := filepath.Join(dir, fmt.Sprintf("%s-failed-%s-%d", asideDir, topic, time.Now().Unix()))
	if err := os.Rename(filepath.Join(dir, asideDir), kept); err != nil {
		return err
	}
	return fmt.Errorf("the files from before are in %s", kept)
}

// putBack undoes a compaction that was not through when the process ended. It may be interrupted and done again.
func putBack(dir string) error {
	aside := filepath.Join(dir, asideDir)
	if _, err := os.Stat(filepath.Join(aside, asideReady)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return os.RemoveAll(aside)
		}
		return err
	}
	partitions, err := os.ReadDir(aside)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if !p.IsDir() {
			continue
		}
		place := filepath.Join(dir, "partitions", p.Name())
		if err := errors.Join(os.RemoveAll(place), linkAll(filepath.Join(aside, p.Name()), place)); err != nil {
			return fmt.Errorf("a compaction that was interrupted cannot be undone: %w", err)
		}
	}
	return dropAside(dir)
}

// linkAll links the files of a folder into a new one; a folder that is not there has none.
func linkAll(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Link(filepath.Join(from, f.Name()), filepath.Join(to, f.Name())); err != nil {
			return err
		}
	}
	return disk.SyncNames(to)
}
