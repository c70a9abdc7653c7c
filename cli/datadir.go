package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	markerFile = "weir.json" // tells a data directory from any other folder
	lockFile   = "weir.lock"
)

// layout is what the marker file says.
type layout struct {
	Layout int `json:"layout"`
}

const currentLayout = 1

// dataDir is a data directory that this process holds.
type dataDir struct {
	path string
	lock io.Closer
}

// defaultDataDir is $XDG_DATA_HOME/weir, or ~/.local/share/weir.
func defaultDataDir() string {
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "weir")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "weir-data"
	}
	return filepath.Join(home, ".local", "share", "weir")
}

// shortHome writes a path below the home directory with ~.
func shortHome(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return filepath.Join("~", rest)
	}
	return path
}

// openDataDir takes hold of a data directory. One that doesn't exist, or is empty, is set up.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create the data directory: %w", err)
	}
	marker := filepath.Join(path, markerFile)
	switch data, err := os.ReadFile(marker); {
	case errors.Is(err, fs.ErrNotExist):
		if err := mayFill(path); err != nil {
			return nil, err
		}
		text, err := json.Marshal(layout{currentLayout})
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(marker, append(text, '\n'), 0o644); err != nil {
			return nil, fmt.Errorf("cannot set up the data directory: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("cannot read the data directory: %w", err)
	default:
		switch l := readLayout(data); {
		case l <= 0:
			return nil, fmt.Errorf("%s is damaged: it holds %q, and has to hold {\"layout\":%d}. Where the rest of the directory is sound, which weir check tells, write that there", marker, data, currentLayout)
		case l != currentLayout:
			return nil, fmt.Errorf("the data directory %s was made by another version of Weir (layout %d, this one knows %d): use that version, or another directory. "+
				"Should %s be damaged, which weir check tells, write {\"layout\":%d} there", path, l, currentLayout, marker, currentLayout)
		}
	}
	lock, err := lockDataDir(path)
	if err != nil {
		return nil, err
	}
	return &dataDir{path, lock}, nil
}

// readLayout is what a marker file says; 0 where it says nothing.
func readLayout(data []byte) int {
	var l layout
	if json.Unmarshal(data, &l) != nil {
		return 0
	}
	return l.Layout
}

// mayFill refuses to make a data directory of a folder with something else in it.
func mayFill(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("cannot read the data directory: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "lost+found" }) // of a volume's root
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "node.id" }) {
		return fmt.Errorf("%s looks like a data directory of Weir's, but its %s is missing. Where the rest is sound, which weir check tells, write {\"layout\":%d} there", path, markerFile, currentLayout)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty, and not a data directory of Weir's: choose another one with --data-dir", path)
	}
	return nil
}

func lockDataDir(path string) (io.Closer, error) {
	lock, err := vfs.Default.Lock(filepath.Join(path, lockFile))
	if err != nil {
		return nil, fmt.Errorf("the data directory %s is in use by another process: stop that one, connect to it with weir cli, or choose another with --data-dir", path)
	}
	return lock, nil
}

func (d *dataDir) join(name string) string { return filepath.Join(d.path, name) }

func (d *dataDir) close() error { return d.lock.Close() }

// dirSize is the number of bytes in a folder.
func dirSize(path string) int64 {
	var sum int64
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error { // what can't be read doesn't count
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}
