package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

var errLocked = errors.New("locked")

// dirLock is a lock on a data directory. The system drops it when the process ends, however it ends.
type dirLock struct{ f *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "weir.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the embedded broker cannot open its data directory %s: %w", dir, err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("the data directory %s is in use by another process: stop that one, connect to it instead, or choose another data directory", dir)
		}
		return nil, fmt.Errorf("the embedded broker cannot lock its data directory %s: %w", dir, err)
	}
	return &dirLock{f}, nil
}

func (l *dirLock) release() error { return l.f.Close() }
