package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/kafka"
)

// Records that retention takes before the query has read them are named, and so is a topic that was made anew.
func TestLostRecords(t *testing.T) {
	for _, policy := range []string{"continue", "fail"} {
		t.Run(policy, func(t *testing.T) {
			bothWays(t, map[string]string{"weir.on.lost.records": policy}, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), plainSQL)
				n.write(t, "src", "a=0", "b=1")
				n.settle(t)
				n.leave(t)
				outside := p.outside(t)
				outside.write(t, "src", "c=2", "d=3", "e=4")
				if err := outside.cluster.DeleteRecords(t.Context(), "src", map[int32]int64{0: 4}); err != nil {
					t.Fatal(err)
				}
				n = p.start(t)
				if policy == "fail" {
					until(t, "the query has failed", func() bool {
						q := n.Queries()[0]
						return q.State == Failed && strings.Contains(q.Error, "offsets 2 to 3") && strings.Contains(q.Error, "weir.on.lost.records")
					})
					return
				}
				n.settle(t)
				n.wantTexts(t, "o", "a=0", "b=1", "e=4")
				log := n.problemLog(t)
				if len(log) != 1 || !strings.Contains(log[0], "RECORDS_LOST") || !strings.Contains(log[0], "offsets 2 to 3") {
					t.Errorf("processing log: %s", log)
				}
				n.leave(t)
				n = p.start(t)
				n.settle(t)
				if log := n.problemLog(t); len(log) != 1 {
					t.Errorf("told again: %s", log)
				}
			})
		})
	}
}

// A topic that is deleted under a query is told of; made anew, it is read from its beginning, although it is longer by then.
func TestTopicMadeAnew(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=0", "b=1")
		n.settle(t)
		if err := n.cluster.DeleteTopic(t.Context(), "src"); err != nil {
			t.Fatal(err)
		}
		until(t, "the query says that its topic is gone", func() bool {
			q := n.Queries()[0]
			return q.State == Unresponsive && strings.Contains(q.Error, `"src" does not exist`)
		})
		if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "src", Partitions: 1, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
		n.write(t, "src", "c=2", "d=3", "e=4")
		until(t, "the new topic is read", func() bool { return len(n.texts(t, "o")) == 5 })
		n.settle(t)
		n.wantTexts(t, "o", "a=0", "b=1", "c=2", "d=3", "e=4")
		if log := n.problemLog(t); len(log) != 1 || !strings.Contains(log[0], "made anew") {
			t.Errorf("processing log: %s", log)
		}
	})
}

// Partitions that a source gets while a query runs are read, behind a repartition too.
func TestPartitionsAdded(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COUNT(*) AS n FROM src WINDOW TUMBLING (SIZE 1000 DAYS) GROUP BY v;`)
		n.write(t, "src", "a=x", "b=y")
		n.settle(t)
		if err := n.cluster.GrowTopic(t.Context(), "src", 4); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			n.write(t, "src", fmt.Sprintf("k%d=x", i))
		}
		until(t, "all rows are counted", func() bool {
			out, err := n.try(t, NewSession(), `SELECT v, n FROM c WHERE v = 'x';`)
			return err == nil && out == "x | 21\n"
		})
		n.leave(t)
		n = p.start(t)
		n.settle(t)
		if got := n.run(t, NewSession(), `SELECT v, n FROM c WHERE v = 'x';`); got != "x | 21\n" {
			t.Errorf("after a restart: %q", got)
		}
	})
}

// A source that was cut behind what the query had read, as by a power loss: what is written from then on is read.
func TestSourceCut(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), plainSQL)
	for i := range 8 {
		n.write(t, "src", fmt.Sprintf("k%d=%d", i, i))
	}
	n.settle(t)
	n.stop(t)
	files, err := filepath.Glob(dir + "/kafka/partitions/src-0/*.dat")
	if err != nil || len(files) == 0 {
		t.Fatalf("data files %v, %v", files, err)
	}
	last := slices.Max(files)
	info, err := os.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(last, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	// The broker knows how far the topic reached, and would not give its offsets again, where these are there.
	for _, name := range []string{last[:len(last)-len("dat")] + "idx", dir + "/kafka/ends"} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	n = startNode(t, dir)
	defer n.stop(t)
	ends, err := n.cluster.EndOffsets(t.Context(), "src")
	if err != nil || ends["src"][0] >= 8 {
		t.Fatalf("the topic was not cut: %v, %v", ends, err)
	}
	// Only once the query has its place again is it clear which records are new.
	until(t, "the loss is told", func() bool {
		log := n.problemLog(t)
		return len(log) == 1 && strings.Contains(log[0], "shorter than it was")
	})
	n.write(t, "src", "new=1", "newer=2")
	n.settle(t)
	if got := n.texts(t, "o"); len(got) != 10 || got[8] != "new=1" || got[9] != "newer=2" {
		t.Errorf("%v", got)
	}
}
