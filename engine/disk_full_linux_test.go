package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"weir/exec/state"
)

// On Linux a test can have a small disk of its own.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=400m"); err != nil {
		t.Skipf("can't mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	n := startNode(t, dir)
	defer n.stop(t)
	w := newWitness(t, n)
	filler := filepath.Join(dir, "filler")
	var free syscall.Statfs_t
	if err := syscall.Statfs(dir, &free); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filler, make([]byte, int64(free.Bavail)*free.Bsize-50<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := n.try(t, NewSession(), `INSERT INTO witness VALUES ('w', 1);`)
	var full *state.FullError
	if !errors.As(err, &full) {
		t.Fatalf("a full disk: %v", err)
	}
	want := fmt.Sprintf("the disk that holds %s/state is full: %d MB are free, and 100 MB are needed. Make room: what waits goes on by itself", dir, full.Free>>20)
	if err.Error() != want {
		t.Errorf("%s\nwant: %s", err, want)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	w.counts(t)
}
