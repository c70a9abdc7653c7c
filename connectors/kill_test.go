package connectors

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/kafka"
	"weir/kafka/embedded"
)

// childDir is the variable that turns the test program into one that loads a file there, and is killed.
const childDir = "WEIR_TEST_CHILD_DIR"

const killRows = 60_000

var killSpec = source("c", "connector.class", "file", "path", "rows.txt", "topic", "rows", "speed", "100000")

// killSink writes what is loaded to files.
var killSink = sinkSpec("s", "connector.class", "file", "topics", "rows", "path", "out.txt", "format", "lines", "flush.size", "500", "flush.interval", "20ms", "roll.bytes", "100000")

func child(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	b, err := embedded.Start(embedded.Options{DataDir: filepath.Join(dir, "kafka"), Addr: "127.0.0.1:0"})
	fail(err)
	c, err := kafka.Connect(context.Background(), kafka.Config{Brokers: []string{b.Addr()}})
	fail(err)
	r, err := NewRuntime(Config{Cluster: c, DataDir: filepath.Join(dir, "connectors"), BaseDir: dir})
	fail(err)
	fail(r.Start(killSpec))
	fail(r.Start(killSink))
	fail(r.Wait(context.Background()))
	fmt.Fprintln(os.Stderr, "loaded all before the kill")
	os.Exit(1)
}

func TestKilledWhileLoading(t *testing.T) {
	dir := t.TempDir()
	writeRows(t, filepath.Join(dir, "rows.txt"), killRows)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	path := progressFile(filepath.Join(dir, "connectors"), "c")
	for _, name := range []string{"c", "s"} {
		eventually(t, "the first rows", func() bool {
			p, err := readProgress(progressFile(filepath.Join(dir, "connectors"), name))
			return err == nil && p.Rows > 1000
		})
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
		t.Fatalf("the child was not killed: %v", err)
	}
	before, err := readProgress(path)
	if err != nil || before.Done {
		t.Fatalf("progress %+v, %v", before, err)
	}

	p := &place{t: t, dir: dir}
	p.start("127.0.0.1:0")
	t.Cleanup(func() { p.cluster.Close(); p.broker.Close() })
	if n := len(p.records("rows")); int64(n) < before.Rows {
		t.Errorf("%d records, and the progress says %d", n, before.Rows)
	}
	r := p.runtime()
	for _, spec := range []Spec{killSpec, killSink} {
		if err := r.Start(spec); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.wait(r); err != nil {
		t.Fatal(err)
	}
	got := p.records("rows")
	lines := make(map[string]bool)
	for _, rec := range got {
		lines[header(rec, "weir.line")] = true
	}
	// What was acknowledged and not yet noted comes twice: at most the batches under way.
	if s, _ := r.Status("c"); len(lines) != killRows || len(got) > killRows+batchesInFlight*batchRows || s.Rows != killRows {
		t.Errorf("%d records of %d rows, %d at the kill; %+v", len(got), len(lines), before.Rows, s)
	}
	p.deliver(r)
	var want []string
	for _, rec := range got {
		want = append(want, strings.TrimPrefix(string(rec.Value), "row "))
	}
	written := p.lines("out-*.txt")
	slices.Sort(want)
	slices.Sort(written)
	if !slices.Equal(written, want) { // each record once, however often its row was loaded
		t.Errorf("%d lines of %d records", len(written), len(got))
	}
}
