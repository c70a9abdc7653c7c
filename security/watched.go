package security

import (
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often it is looked whether files have changed.
const lookEvery = time.Second

// watched is what is read from files, and read again when they change. What can't be read leaves the former in place.
type watched[T any] struct {
	files []string
	read  func() (T, error)
	log   *slog.Logger
	mu    sync.Mutex
	is    bool // now holds something
	now   T
	at    time.Time // when it was looked last
	stamp []fileStamp
}

// fileStamp tells whether a file is another one than before.
type fileStamp struct {
	changed time.Time
	size    int64
}

func (w *watched[T]) stamps() ([]fileStamp, error) {
	out := make([]fileStamp, len(w.files))
	for i, name := range w.files {
		at, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		out[i] = fileStamp{at.ModTime(), at.Size()}
	}
	return out, nil
}

// get is what the files have now.
func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.is && time.Since(w.at) < lookEvery {
		return w.now, nil
	}
	w.at = time.Now()
	stamp, err := w.stamps()
	if w.is && (err != nil || same(stamp, w.stamp)) {
		return w.now, nil // a file that is being replaced is not there for a moment
	}
	read, err := w.read()
	switch {
	case err == nil:
		if w.is {
			w.log.Info("certificates have changed, and are used from now on", "files", w.files)
		}
		w.now, w.is, w.stamp = read, true, stamp
	case !w.is:
		return w.now, err
	default:
		w.stamp = stamp // once is enough
		w.log.Error("certificates have changed, but cannot be used: the former ones are used on", "files", w.files, "error", err)
	}
	return w.now, nil
}

func same(a, b []fileStamp) bool {
	for i := range a {
		if i >= len(b) || !a[i].changed.Equal(b[i].changed) || a[i].size != b[i].size {
			return false
		}
	}
	return len(a) == len(b)
}
