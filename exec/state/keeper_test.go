package state

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Once a write has failed, the database answers nothing more, and the next one has what is on disk.
func TestKeeper(t *testing.T) {
	var failing atomic.Bool
	broken := errors.New("broken")
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if failing.Load() && op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log") {
			return broken
		}
		return nil
	}))
	k, err := Keep(filepath.Join(t.TempDir(), "state"), fs, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, k.SetMeta("Q", "a", []byte("1")))
	old, err := k.DB()
	must(t, err)
	view, err := old.View()
	must(t, err)
	late := old.NewBatch()
	must(t, late.SetMeta("Q", "a", []byte("late")))

	failing.Store(true)
	var failed *FailedError
	if err := k.SetMeta("Q", "a", []byte("2")); !errors.As(err, &failed) || !errors.Is(err, broken) {
		t.Errorf("a write that fails: %v", err)
	}
	failing.Store(false)
	if v, err := old.Meta("Q", "a"); !errors.As(err, &failed) {
		t.Errorf("it still says %q, %v", v, err)
	}
	if _, err := old.View(); !errors.As(err, &failed) {
		t.Errorf("it still gives a view: %v", err)
	}
	if _, err := view.Get(StoreID{Query: "Q"}, []byte("x")); err != nil {
		t.Errorf("a view that was open before: %v", err)
	}
	must(t, view.Close())

	db, err := k.DB()
	must(t, err)
	if db == old {
		t.Fatal("the keeper gives the database that has failed")
	}
	if v, err := db.Meta("Q", "a"); err != nil || string(v) != "1" {
		t.Errorf("on disk is %q, %v", v, err)
	}
	if err := late.Commit(true); !errors.As(err, &failed) {
		t.Errorf("a batch of the old database: %v", err)
	}
	must(t, k.SetMeta("Q", "a", []byte("3")))
	if v, err := k.Meta("Q", "a"); err != nil || string(v) != "3" {
		t.Errorf("then %q, %v", v, err)
	}
	must(t, k.Close())
	if _, err := k.DB(); err == nil {
		t.Error("a closed keeper gives a database")
	}
}
