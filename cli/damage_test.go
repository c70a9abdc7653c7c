package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The damage tests flip, take out and cut off bytes of every file of a data directory that holds a running pipeline, start a node on
// each, and compare with what code that knows nothing of the engine makes of the rows that were written.

var (
	damagePlaces = flag.Int("damage.places", 0, "places of the damage test; 0 for a sample")
	damageSeed   = flag.Uint64("damage.seed", 0, "seed of the damage tests; 0 for one by the clock")
	damageDir    = flag.String("damage.keep", "", "a folder that keeps the directories of cases that fail")
)

func seedOf(t *testing.T) *rand.Rand {
	seed := *damageSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1e9
	}
	t.Logf("-damage.seed %d", seed)
	return rand.New(rand.NewPCG(seed, 11))
}

// damage is one thing done to one file.
type damage struct {
	kind string
	file string
	at   int64
	mask byte
}

func (d damage) String() string {
	return fmt.Sprintf("%s %s at %d (mask %#x)", d.kind, d.file, d.at, d.mask)
}

func (d damage) do(dir string) error {
	path := filepath.Join(dir, d.file)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch d.kind {
	case "flip":
		data[d.at] ^= d.mask
	case "take out":
		data = slices.Delete(data, int(d.at), int(d.at)+1)
	case "cut":
		data = data[:d.at]
	case "remove":
		return os.Remove(path)
	}
	return os.WriteFile(path, data, 0o644)
}

var damageKinds = []string{"flip", "flip", "flip", "take out", "cut", "cut"}

// files are those of a data directory that hold something.
func filesOf(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if info.Size() > 0 {
			out[filepath.ToSlash(name)] = info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func drawDamage(r *rand.Rand, files map[string]int64, i int) damage {
	names := slices.Sorted(maps.Keys(files))
	name := names[i%len(names)]
	d := damage{kind: damageKinds[r.IntN(len(damageKinds))], file: name, at: r.Int64N(files[name]), mask: byte(1 << r.IntN(8))}
	if r.IntN(25) == 0 {
		d.kind = "remove"
	}
	return d
}

func TestDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("a damage test takes a while")
	}
	r := seedOf(t)
	places := *damagePlaces
	if places == 0 {
		places = 24
	}
	bases := damageBases(t)
	counts := map[string]int{}
	for i := range places {
		b := bases[i%len(bases)]
		d := drawDamage(r, filesOf(t, b.dir), r.IntN(1000))
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
			t.Fatal(err)
		}
		if err := d.do(dir); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		v := b.judge(t, dir)
		counts[v.kind]++
		t.Logf("%d: %s, %s: %s in %v %s", i, b.name, d, v.kind, time.Since(began).Round(time.Millisecond), v.what)
		if v.kind == "FAULT" {
			t.Errorf("%d: %s, %s: %s\n%s", i, b.name, d, v.what, v.log)
			if *damageDir != "" {
				_ = os.CopyFS(filepath.Join(*damageDir, fmt.Sprint(i)), os.DirFS(b.dir))
				_ = d.do(filepath.Join(*damageDir, fmt.Sprint(i)))
			}
		}
		os.RemoveAll(dir)
	}
	t.Log(counts)
}

type damageBase struct {
	name, dir string
	rows      map[int]damageRow // that were written, by id
}

type verdict struct{ kind, what, log string }

// damageBases are one directory that was closed, and one of a node that was killed.
func damageBases(t *testing.T) []*damageBase {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	n := startDamaged(t, dir, &bytes.Buffer{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.statements(ctx, damageSQL); err != nil {
		t.Fatal(err)
	}
	rows := map[int]damageRow{}
	for i := range 6 { // several batches
		if err := n.write(ctx, rows, map[int][2]int64{}, i*20, i*20+20); err != nil {
			t.Fatal(err)
		}
		if err := n.node.engine.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.statements(ctx, "CREATE TYPE later AS STRUCT<a INT>; CREATE STREAM unused (a INT) WITH (KAFKA_TOPIC='unused', VALUE_FORMAT='JSON', PARTITIONS=1);"); err != nil {
		t.Fatal(err)
	}
	if err := n.node.engine.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := n.node.close(); err != nil {
		t.Fatal(err)
	}
	out := []*damageBase{{"closed", dir, rows}, {"killed", killed, rows}}
	for _, b := range out { // else all that follows means nothing
		copied := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(copied, os.DirFS(b.dir)); err != nil {
			t.Fatal(err)
		}
		if v := b.judge(t, copied); v.kind != "exact" {
			t.Fatalf("%s, undamaged: %s %s\n%s", b.name, v.kind, v.what, v.log)
		}
	}
	return out
}

func startDamaged(t *testing.T, dir string, log *bytes.Buffer) *damaged {
	t.Helper()
	n, err := openDamaged(dir, log, nodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// judge starts a node on a directory, lets it read what there is, writes more, and says what has become of the rows.
func (b *damageBase) judge(t *testing.T, dir string) (v verdict) {
	t.Helper()
	log := &bytes.Buffer{}
	defer func() { v.log = log.String() }()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	n, err := openDamaged(dir, log, nodeOptions{})
	if err != nil {
		for _, advice := range []string{"weir check", "restore", "move it away", "use that version"} {
			if strings.Contains(err.Error(), advice) {
				return verdict{kind: "refused", what: err.Error()}
			}
		}
		return verdict{kind: "FAULT", what: "refused without advice: " + err.Error()}
	}
	rows := maps.Clone(b.rows)
	c, what := n.first(ctx, rows, rows)
	failed := n.failed()
	if what == "" && len(failed) == 0 {
		c, what = n.next(ctx, c, rows, 1000, 1020)
	}
	failed = append(failed, n.failed()...)
	if err := n.node.close(); err != nil && what == "" {
		what = "cannot be closed: " + err.Error()
	}
	named := n.named()
	switch {
	case what != "" && len(failed) == 0:
		return verdict{kind: "FAULT", what: what}
	case len(failed) > 0:
		return verdict{kind: "stopped", what: strings.Join(failed, " | ") + " // " + strings.Join(named, " | ")}
	}
	more := &bytes.Buffer{}
	if n, err = openDamaged(dir, more, nodeOptions{}); err != nil {
		return verdict{kind: "FAULT", what: "does not start again: " + err.Error()}
	}
	if _, what = n.next(ctx, c, rows, 1020, 1025); what != "" {
		what = "after another start: " + what
	}
	if err := n.node.close(); err != nil && what == "" {
		what = "cannot be closed again: " + err.Error()
	}
	if what != "" {
		log.Write(more.Bytes())
		return verdict{kind: "FAULT", what: what}
	}
	if len(named) == 0 {
		return verdict{kind: "exact"}
	}
	return verdict{kind: "named", what: strings.Join(named, " | ")}
}
