package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var powerMoments = flag.Int("power.moments", 0, "moments of the power test; 0 for a sample")

// The power goes while rows flow through a pipeline. State and outboxes lie on a file system that knows what was synced, and loses the
// rest, or part of it. The broker's files are copied, and lose any part of what was written to them since they were last synced. What a query
// has read is synced by then, and what it has written can be had again: outputs are exact over the rows that are left, and these are all but the
// last ones.
func TestPowerLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("a power test takes a while")
	}
	r := seedOf(t)
	moments := *powerMoments
	if moments == 0 {
		moments = 6
	}
	counts := map[string]int{}
	for i := range moments {
		v := losePower(t, r)
		counts[v.kind]++
		t.Logf("%d: %s %s", i, v.kind, v.what)
		if v.kind == "FAULT" {
			t.Errorf("%d: %s\n%s", i, v.what, v.log)
		}
	}
	t.Log(counts)
}

func losePower(t *testing.T, r *rand.Rand) (v verdict) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir, log := filepath.Join(t.TempDir(), "data"), &bytes.Buffer{}
	disk := vfs.NewCrashableMem()
	kept := &syncedFiles{sizes: map[string]int64{}}
	open := func(dir string, disk vfs.FS, log *bytes.Buffer) *damaged {
		n, err := openDamaged(dir, log, nodeOptions{stateFS: disk, synced: kept.note})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := disk.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for d := dir; ; d = filepath.Dir(d) { // what is above is there for long
		f, err := disk.OpenDir(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			t.Fatal(err)
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	n := open(dir, disk, log)
	rows, acked := map[int]damageRow{}, map[int][2]int64{}
	if err := n.statements(ctx, damageSQL); err != nil {
		t.Fatal(err)
	}
	if err := n.write(ctx, rows, acked, 0, 30); err != nil {
		t.Fatal(err)
	}
	if err := n.node.engine.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if err := n.node.close(); err != nil {
		t.Fatal(err)
	}
	synced := filesOf(t, dir)
	n = open(dir, disk, log)
	writing, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // rows, some at a time, until the power goes
		defer close(done)
		for i := 30; writing.Err() == nil; i += 3 {
			if err := n.write(writing, rows, acked, i, i+3); err != nil {
				return
			}
		}
	}()
	time.Sleep(time.Duration(r.IntN(2500)) * time.Millisecond)
	after := filepath.Join(t.TempDir(), "data")
	kept.mu.Lock() // nothing becomes durable meanwhile: this is the moment
	there, durable := filesOf(t, dir), kept.under(dir)
	left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
	kept.mu.Unlock()
	err := os.CopyFS(after, os.DirFS(dir))
	stop()
	<-done
	if err := n.node.close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	what := []string{}
	for name, size := range filesOf(t, after) {
		least := max(synced[name], durable[name])
		most := max(min(size, there[name]), least)
		if !unsynced(name) || size <= least {
			continue
		}
		to := most
		if r.IntN(3) > 0 {
			to = least + r.Int64N(most-least+1)
		}
		what = append(what, fmt.Sprintf("%s to %d of %d", name, to, size))
		if err := os.Truncate(filepath.Join(after, filepath.FromSlash(name)), to); err != nil {
			t.Fatal(err)
		}
	}
	again := &bytes.Buffer{}
	defer func() { v.log = again.String() + strings.Join(what, "\n") }()
	if err := errors.Join(os.RemoveAll(dir), os.Rename(after, dir)); err != nil { // the state has its names
		t.Fatal(err)
	}
	if n, err = openDamaged(dir, again, nodeOptions{stateFS: left}); err != nil {
		return verdict{kind: "FAULT", what: "does not start: " + err.Error()}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n.strict = true
	c, wrong := n.first(ctx, rows, nil)
	if wrong == "" {
		wrong = onlyTheLast(c, acked)
	}
	if wrong == "" {
		c, wrong = n.next(ctx, c, maps.Clone(rows), 1_000_000, 1_000_020)
	}
	if failed := n.failed(); wrong == "" && len(failed) > 0 {
		wrong = strings.Join(failed, " | ")
	}
	if err := n.node.close(); err != nil && wrong == "" {
		wrong = "cannot be closed: " + err.Error()
	}
	if wrong != "" {
		return verdict{kind: "FAULT", what: wrong}
	}
	return verdict{kind: "exact", what: fmt.Sprintf("%d of %d rows left; %d lines tell of damage", len(c.src)-20, len(rows), len(n.named()))}
}

// onlyTheLast says what is missing before the last row that is left in its partition.
func onlyTheLast(c contents, acked map[int][2]int64) string {
	last := map[int64]int64{}
	for _, at := range c.at {
		last[at[0]] = max(last[at[0]], at[1])
	}
	for id, at := range acked {
		if now, there := c.at[id]; there && now != at || !there && at[1] < last[at[0]] {
			return fmt.Sprintf("row %d was at %v, is at %v (%v), and the last one of its partition is at %d", id, at, now, there, last[at[0]])
		}
	}
	return ""
}

// syncedFiles are how much of the broker's files is on disk.
type syncedFiles struct {
	mu    sync.Mutex
	sizes map[string]int64
}

func (s *syncedFiles) note(path string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[path] = max(s.sizes[path], size)
}

// under gives them by their names in a folder. The caller holds the lock.
func (s *syncedFiles) under(dir string) map[string]int64 {
	out := map[string]int64{}
	for path, size := range s.sizes {
		if name, err := filepath.Rel(dir, path); err == nil {
			out[filepath.ToSlash(name)] = size
		}
	}
	return out
}

// unsynced says whether a file of the broker is written without being synced.
func unsynced(name string) bool {
	return strings.HasPrefix(name, "broker/partitions/") && !strings.HasSuffix(name, ".json") || name == "broker/groups.log" || name == "broker/pids.log"
}
