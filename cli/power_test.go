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
// rest, or part of it. The broker's files are copied, and lose any part of what was written to them since they were last synced: kfake
// syncs its segments and logs when it is closed, and what else there is is synced when it is written.
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
	open := func(dir string, disk vfs.FS, log *bytes.Buffer) *damaged {
		n, err := openDamaged(dir, log, disk)
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
	rows := map[int]damageRow{}
	if err := n.statements(ctx, damageSQL); err != nil {
		t.Fatal(err)
	}
	if err := n.write(ctx, rows, 0, 30); err != nil {
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
	var mu sync.Mutex
	go func() { // rows, some at a time, until the power goes
		defer close(done)
		for i := 30; writing.Err() == nil; i += 3 {
			some := map[int]damageRow{}
			err := n.write(writing, some, i, i+3)
			mu.Lock()
			maps.Copy(rows, some)
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	time.Sleep(time.Duration(r.IntN(2500)) * time.Millisecond)
	after := filepath.Join(t.TempDir(), "data")
	mu.Lock()
	must := maps.Clone(rows) // those that come while it is copied may be there or not
	mu.Unlock()
	err := os.CopyFS(after, os.DirFS(dir))
	left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
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
		if !unsynced(name) || size <= synced[name] || r.IntN(3) == 0 {
			continue
		}
		to := synced[name] + r.Int64N(size-synced[name]+1)
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
	if n, err = openDamaged(dir, again, left); err != nil {
		return verdict{kind: "FAULT", what: "does not start: " + err.Error()}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, wrong := n.first(ctx, rows, must)
	if wrong == "" {
		c, wrong = n.next(ctx, c, maps.Clone(rows), 1_000_000, 1_000_020)
	}
	if failed := n.failed(); wrong == "" && len(failed) > 0 {
		wrong = strings.Join(failed, " | ")
	}
	named := n.named()
	if err := n.node.close(); err != nil && wrong == "" {
		wrong = "cannot be closed: " + err.Error()
	}
	switch {
	case wrong != "":
		return verdict{kind: "FAULT", what: wrong}
	case len(named) > 0:
		return verdict{kind: "named", what: fmt.Sprintf("%d of %d rows left", len(c.src)-20, len(rows))}
	}
	return verdict{kind: "exact", what: fmt.Sprint(len(rows))}
}

// unsynced says whether a file of the broker is written without being synced.
func unsynced(name string) bool {
	return strings.HasPrefix(name, "broker/partitions/") && !strings.HasSuffix(name, ".json") || name == "broker/groups.log" || name == "broker/pids.log"
}
