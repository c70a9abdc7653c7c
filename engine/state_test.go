package engine

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"weir/exec/op"
	"weir/exec/state"
)

// A WHERE that comes to a table while its query runs knows nothing of the rows before: one that does not pass any more leaves
// the result all the same. The topic is told, as in ksqlDB, when the row changes again or goes.
func TestReplaceAddsFilter(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE TABLE src (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE TABLE o WITH (KAFKA_TOPIC='o') AS SELECT k, v FROM src;`)
		step := func(want string, recs ...string) {
			t.Helper()
			n.write(t, "src", recs...)
			n.settle(t)
			if got := n.run(t, s, `SELECT k, v FROM o;`); got != want {
				t.Errorf("after %q: %q, want %q", recs, got, want)
			}
		}
		step("a | 20\nb | 30\nd | 7\n", `a={"V":20}`, `b={"V":30}`, `d={"V":7}`)
		n.run(t, s, `CREATE OR REPLACE TABLE o WITH (KAFKA_TOPIC='o') AS SELECT k, v FROM src WHERE v > 10;`)
		step("b | 30\nd | 7\n", `a={"V":5}`, `c={"V":1}`)
		n.leave(t)
		if !p.embedded {
			// The state comes from the changelog, its layout from the command log.
			if err := os.RemoveAll(p.dir + "/state"); err != nil {
				t.Fatal(err)
			}
		}
		n = p.start(t)
		step("a | 11\nb | 31\n", `a={"V":11}`, `b={"V":31}`, `d={"V":6}`)
		step("a | 11\n", `b={"V":2}`, `c={"V":2}`)
		n.erase(t, "src", "d")
		n.settle(t)
		written := n.texts(t, "o")
		if c := slices.IndexFunc(written, func(r string) bool { return strings.HasPrefix(r, "c=") }); c >= 0 {
			t.Errorf("%q: c never passed", written)
		}
		if !slices.Contains(written, "d=") {
			t.Errorf("%q: d is deleted, and the topic does not say so", written)
		}
		if q := n.Queries()[0]; q.State != Running {
			t.Errorf("%s: %s", q.State, q.Error)
		}
	})
}

// A task of a window that nothing came to writes nothing at a commit.
func TestUntouchedTasksWriteNothing(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		if p.embedded {
			t.Skip("the outbox has no changelog")
		}
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=8);
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1000 DAYS) GROUP BY k;`)
		var all []string
		for i := range 100 {
			all = append(all, fmt.Sprintf(`k%d={"V":1}`, i))
		}
		n.write(t, "s", all...)
		n.settle(t)
		ends := func() map[int32]int64 {
			topics, err := n.cluster.Topics(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, topic := range topics {
				if strings.HasSuffix(topic.Name, "-changelog") {
					all, err := n.cluster.StableOffsets(t.Context(), topic.Name)
					if err != nil {
						t.Fatal(err)
					}
					return all[topic.Name]
				}
			}
			t.Fatal("no changelog")
			return nil
		}
		before := ends()
		for range 10 {
			n.write(t, "s", `k1={"V":1}`)
			n.settle(t)
		}
		after := ends()
		var grown []int32
		for p := range maps.Keys(after) {
			if before[p] == 0 {
				t.Errorf("nothing came to partition %d", p)
			}
			if after[p] > before[p] {
				grown = append(grown, p)
			}
		}
		if len(grown) != 1 {
			t.Errorf("changelogs of partitions %v grew, from %v to %v; want those of one", grown, before, after)
		}
	})
}

// What closes without a row to show for it is committed all the same: state that leaves memory must lie on disk.
func TestSilentCloseIsCommitted(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY k HAVING COUNT(*) > 100 EMIT FINAL;`)
		n.write(t, "s", `a={"V":1}`)
		n.settle(t)
		id := state.StoreID{Query: n.Queries()[0].ID}
		clock := func() string {
			b, err := n.database(t).Get(id, op.ClockEntry())
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		until(t, "the clock is stored", func() bool { return clock() != "" })
		before := clock()
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "the clock that closed the window is stored", func() bool { return clock() != before })
	})
}
