package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
)

// replayKeys is how many keys the table has that is computed anew in a process which is killed.
const replayKeys = 500

// A process is killed at each step of a replay. The next one goes on from the step that was reached, and the table is what the new query makes of all rows.
func TestReplayKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("a crash test takes a while")
	}
	for _, point := range []string{"command logged", "replaced query stopped", "replacement logged", "table filled"} {
		t.Run(point, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "WEIR_REPLAY_DIR="+dir, "WEIR_CRASH_FAIL="+point)
			cmd.Stderr = os.Stderr
			if err := cmd.Run(); cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("the process was to die at %q, but ended: %v", point, err)
			}
			n := startNode(t, dir)
			defer n.stop(t)
			n.settle(t)
			want := map[string]string{}
			for i := range replayKeys {
				if i%5 != 0 {
					want[fmt.Sprintf("k%d", i)] = `{"N":2,"TOTAL":7}`
				}
			}
			if got := n.last(t, "t"); !maps.Equal(got, want) {
				t.Errorf("the topic has %d keys (%.200v), want %d", len(got), got, len(want))
			}
			if _, there := n.catalog.Snapshot().Source("T_REPLAY"); there || n.hasReplayTopic(t) {
				t.Error("the table beside is still there")
			}
			n.write(t, "s", `k1={"v":1}`)
			n.settle(t)
			if got := n.run(t, NewSession(), "SELECT n, total FROM t WHERE k = 'k1';"); got != "3 | 8\n" {
				t.Errorf("asked for, it has %q", got)
			}
		})
	}
}

// replayChild begins a replay, and is killed at a step of it.
func replayChild(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	cluster, err := kafka.Connect(ctx, kafka.Config{Brokers: []string{b.Addr()}, Opts: b.ClientOpts()})
	if err != nil {
		return err
	}
	armed := false
	e, err := Open(ctx, Options{Cluster: cluster, Embedded: true, DataDir: dir, Log: slog.New(slog.DiscardHandler), FailPoint: func(name string) {
		if armed && name == os.Getenv("WEIR_CRASH_FAIL") {
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Kill()
			}
			select {}
		}
	}})
	if err != nil {
		return err
	}
	s := NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	run := func(sql string) error {
		return e.Execute(ctx, s, sql, func(parser.Stmt, Result) error { return nil })
	}
	if err := run(replaySource); err != nil {
		return err
	}
	client, err := cluster.NewClient()
	if err != nil {
		return err
	}
	for i := range 2 * replayKeys {
		client.Produce(ctx, &kgo.Record{Topic: "s", Key: fmt.Appendf(nil, "k%d", i%replayKeys), Value: fmt.Appendf(nil, `{"v":%d}`, 3+i/replayKeys)}, nil)
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if err := e.Settle(ctx); err != nil {
		return err
	}
	armed = true
	if err := run("CREATE OR REPLACE TABLE t WITH (REPLAY=true) AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WHERE CAST(SUBSTRING(k, 2) AS INT) % 5 <> 0 GROUP BY k;"); err != nil {
		return err
	}
	return e.Drain(ctx)
}
