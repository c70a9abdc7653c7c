package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// last is what a topic holds last of each key; a tombstone takes the key away.
func (n *node) last(t *testing.T, topic string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, kv := range n.texts(t, topic) {
		if k, v, _ := strings.Cut(kv, "="); v == "" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// pour writes many records.
func (n *node) pour(t *testing.T, topic string, recs []string) {
	t.Helper()
	c, err := n.cluster.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	writeMany(t, c, topic, recs)
}

// hasReplayTopic says whether the topic of a table beside t is there.
func (n *node) hasReplayTopic(t *testing.T) bool {
	t.Helper()
	topics, err := n.cluster.Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(topics, func(x kafka.Topic) bool { return strings.HasPrefix(x.Name, "t-replay") })
}

const replaySource = `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
	CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
	CREATE STREAM c WITH (KAFKA_TOPIC='c', PARTITIONS=3) AS SELECT s.k AS k, v, n FROM s LEFT JOIN t ON s.k = t.k;`

// replayNode makes a node with the stream s, the table t that counts its rows, and c, which joins both.
func replayNode(t *testing.T, p *place) (*node, *Session) {
	t.Helper()
	n, s := p.start(t), NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	n.run(t, s, replaySource)
	return n, s
}

// A table is computed anew by another query: what reads it goes on, keys that are there no more go, and the new query goes on from where it has come to.
func TestReplay(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		recs := make([]string, 900)
		for i := range recs {
			recs[i] = fmt.Sprintf(`k%d={"v":%d}`, i%300, i)
		}
		n.pour(t, "s", recs)
		n.settle(t)
		before := n.run(t, s, "SELECT * FROM t;")
		if rows := strings.Count(before, "\n"); rows != 300 {
			t.Fatalf("the table has %d rows, want 300", rows)
		}

		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WHERE v % 3 <> 1 AND v <> 600 GROUP BY k;")
		n.settle(t)
		if _, there := n.catalog.Snapshot().Source("T_REPLAY"); there || n.hasReplayTopic(t) {
			t.Error("the table beside is still there")
		}
		want := map[string]string{}
		for i := range 900 {
			if i%3 == 1 || i == 600 {
				continue
			}
			key := fmt.Sprintf("k%d", i%300)
			count, total := 3, i%300*3+900
			if i%300 == 0 {
				count, total = 2, 300
			}
			want[key] = fmt.Sprintf(`{"N":%d,"TOTAL":%d}`, count, total)
		}
		if got := n.last(t, "t"); !maps.Equal(got, want) {
			t.Errorf("the topic has %d keys (%.200v), want %d", len(got), got, len(want))
		}
		if rows := strings.Count(n.run(t, s, "SELECT * FROM t;"), "\n"); rows != len(want) {
			t.Errorf("the table has %d rows, want %d", rows, len(want))
		}

		n.leave(t)
		n = p.start(t)
		n.write(t, "s", `k0={"v":9}`, `k1={"v":4}`, `k1={"v":5}`)
		n.settle(t)
		if got := n.last(t, "t"); got["k0"] != `{"N":3,"TOTAL":309}` || got["k1"] != `{"N":1,"TOTAL":5}` {
			t.Errorf("after more rows it has %q and %q", got["k0"], got["k1"])
		}
		if got := n.texts(t, "c"); len(got) != 903 {
			t.Errorf("the reader has %d rows, want 903", len(got))
		}
		if got := n.run(t, s, "SELECT total FROM t WHERE k='k0';"); got != "309\n" {
			t.Errorf("asked for, it has %q", got)
		}
	})
}

// Whoever asks the table, or reads its topic, meanwhile finds each row as it was or as it is, and no row that stays ever missing.
func TestReplayNeverEmpty(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		var recs []string
		for i := range 3000 {
			recs = append(recs, fmt.Sprintf(`k%d={"v":1}`, i%100))
		}
		c, err := n.cluster.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		writeMany(t, c, "s", recs)
		n.settle(t)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) + 1000 AS n FROM s GROUP BY k;")
		changed, stop := false, time.Now().Add(time.Minute)
		for i := 0; !changed && time.Now().Before(stop); i++ {
			c.Produce(t.Context(), &kgo.Record{Topic: "s", Key: fmt.Appendf(nil, "k%d", i%100), Value: []byte(`{"v":1}`)}, nil)
			lines := strings.Fields(n.run(t, s, "SELECT n FROM t;"))
			if len(lines) != 100 {
				t.Fatalf("asked meanwhile, the table has %d rows, want 100", len(lines))
			}
			isNew := func(n string) bool { return len(n) == 4 }
			if changed = isNew(lines[0]); slices.ContainsFunc(lines, func(n string) bool { return isNew(n) != changed }) {
				t.Fatalf("asked meanwhile, some rows are of the old query and some of the new one: %v", lines)
			}
		}
		if !changed {
			t.Fatal("the table has not changed")
		}
		n.settle(t)
		if rows := n.texts(t, "t"); slices.ContainsFunc(rows, func(kv string) bool { return strings.HasSuffix(kv, "=") }) {
			t.Error("a row went, although it stays")
		}
	})
}

// With windows of which the state lets go, final rows, and groups of their own, the topic is what the changed query makes of all rows too. Commits are so far
// apart that the stage behind the repartition has read nothing yet when the one before it has read all.
func TestReplayOfWindows(t *testing.T) {
	const source = `CREATE STREAM s (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);`
	for name, query := range map[string]string{
		"changes": "SELECT g, COUNT(*) AS n, SUM(v) * %d AS total FROM s WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 5 SECONDS, GRACE PERIOD 1 SECOND) WHERE v %% 7 <> %[1]d GROUP BY g",
		"final":   "SELECT g, COUNT(*) AS n, SUM(v) * %d AS total FROM s WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 1 SECOND) WHERE v %% 7 <> %[1]d GROUP BY g EMIT FINAL",
		"plain":   "SELECT g, COUNT(*) AS n, SUM(v) * %d AS total FROM s WHERE v %% 7 <> %[1]d GROUP BY g",
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, map[string]string{"commit.interval.ms": "300"}, func(t *testing.T, p *place) {
				n, s := p.start(t), NewSession()
				s.Properties["auto.offset.reset"] = "earliest"
				n.run(t, s, source)
				c, err := n.cluster.NewClient()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for i := range 4000 {
					c.Produce(t.Context(), &kgo.Record{Topic: "s", Key: fmt.Appendf(nil, "k%d", i%13), Timestamp: time.UnixMilli(int64(i) * 10),
						Value: fmt.Appendf(nil, `{"g":"g%d","v":%d}`, i%17, i)}, nil)
				}
				if err := c.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				n.run(t, s, "CREATE TABLE t WITH (KAFKA_TOPIC='t') AS "+fmt.Sprintf(query, 1)+";")
				n.settle(t)
				n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS "+fmt.Sprintf(query, 3)+";")
				until(t, "the table takes its place", func() bool { _, there := n.Snapshot().Source("T_REPLAY"); return !there }) // settling would commit
				n.settle(t)
				n.run(t, s, "CREATE TABLE u WITH (KAFKA_TOPIC='u') AS "+fmt.Sprintf(query, 3)+";")
				n.settle(t)
				got, want := n.last(t, "t"), n.last(t, "u")
				for _, kv := range n.texts(t, "t") {
					if key, value, _ := strings.Cut(kv, "="); value == "" && want[key] != "" {
						t.Errorf("the row of %q went, although it stays", key)
					}
				}
				if len(want) == 0 || !maps.Equal(got, want) {
					t.Errorf("the topic has %d keys (%.300v), want %d (%.300v)", len(got), got, len(want), want)
				}
				if got, want := n.run(t, s, "SELECT * FROM t;"), n.run(t, s, "SELECT * FROM u;"); !sameLines(got, want) {
					t.Errorf("asked for, it has %.300q, want %.300q", got, want)
				}
			})
		})
	}
}

func sameLines(a, b string) bool {
	return slices.Equal(slices.Sorted(strings.Lines(a)), slices.Sorted(strings.Lines(b)))
}

// While a table is computed anew, what would come between is refused, and it can be given up.
func TestReplayGivenUp(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		n.write(t, "s", `a={"v":1}`, `b={"v":2}`)
		n.settle(t)
		refused := func(sql, want string) {
			t.Helper()
			if _, err := n.try(t, s, sql); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s is answered %v, want %q", sql, err, want)
			}
		}
		refused("CREATE TABLE x WITH (REPLAY=true) AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;", "REPLAY goes with CREATE OR REPLACE TABLE ... AS SELECT")
		refused("CREATE OR REPLACE STREAM c WITH (REPLAY=true) AS SELECT * FROM s;", "The rows of a stream can't be taken back")
		refused("CREATE OR REPLACE TABLE t WITH (REPLAY=true) AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;", "Key columns must be identical")
		refused("CREATE OR REPLACE TABLE t (k STRING PRIMARY KEY) WITH (REPLAY=true, KAFKA_TOPIC='t', VALUE_FORMAT='JSON');", "REPLAY goes with CREATE OR REPLACE TABLE ... AS SELECT")

		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) + 10 AS n FROM s GROUP BY k;")
		by := queryOf(t, n, "T_REPLAY").ID
		n.run(t, s, "PAUSE "+by+";") // before it can be level twice
		refused("CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) + 20 AS n FROM s GROUP BY k;", "T_REPLAY is about to take the place of T")
		refused("CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, COUNT(*) AS n FROM s WHERE v > 0 GROUP BY k;", "T_REPLAY is about to take the place of T")
		refused("CREATE OR REPLACE TABLE t_replay WITH (KAFKA_TOPIC='t-replay-4') AS SELECT k, COUNT(*) AS n FROM s WHERE v > 0 GROUP BY k;", "it is about to take the place of T")
		refused("DROP TABLE t CASCADE;", "give it up: DROP TABLE `T_REPLAY` DELETE TOPIC")

		n.leave(t)
		n = p.start(t)
		refused("DROP TABLE t CASCADE;", "give it up: DROP TABLE `T_REPLAY` DELETE TOPIC")
		n.run(t, s, "DROP TABLE t_replay DELETE TOPIC;")
		n.write(t, "s", `a={"v":1}`)
		n.settle(t)
		if got := n.last(t, "t"); got["a"] != `{"N":2}` || got["b"] != `{"N":1}` || n.hasReplayTopic(t) {
			t.Errorf("given up, the table has %v", got)
		}
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) + 10 AS n FROM s GROUP BY k;")
		n.settle(t)
		if got := n.last(t, "t"); got["a"] != `{"N":12}` || got["b"] != `{"N":11}` {
			t.Errorf("after all, the table has %v", got)
		}
	})
}

// What others have begun to read can't go away: the table waits until they have ended.
func TestReplayWaits(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		n.write(t, "s", `a={"v":1}`)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t', REPLAY=true) AS SELECT k, COUNT(*) + 10 AS n FROM s GROUP BY k;")
		n.run(t, s, "PAUSE "+queryOf(t, n, "T_REPLAY").ID+"; CREATE TABLE x AS SELECT * FROM t_replay; RESUME "+queryOf(t, n, "T_REPLAY").ID+";")
		until(t, "it is told why it waits", func() bool { return !n.catchingUp() })
		if got := queryOf(t, n, "T_REPLAY").Held; !strings.HasPrefix(got, "T_REPLAY is used by CTAS_X_") || !strings.HasSuffix(got, ": TERMINATE that first") {
			t.Errorf("it is told that it waits since %q", got)
		}
		n.run(t, s, "DROP TABLE x;")
		until(t, "it takes its place", func() bool { return n.last(t, "t")["a"] == `{"N":11}` })
		n.settle(t)
	})
}

// A restart while a table is computed anew for the second time takes nothing of it for what the first time has left.
func TestReplayAgain(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		n.write(t, "s", `a={"v":1}`, `b={"v":2}`)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (REPLAY=true) AS SELECT k, COUNT(*) + 10 AS n FROM s GROUP BY k;")
		n.settle(t)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (REPLAY=true) AS SELECT k, COUNT(*) + 20 AS n FROM s GROUP BY k;")
		by := queryOf(t, n, "T_REPLAY").ID
		n.run(t, s, "PAUSE "+by+";") // before it can be level twice
		n.leave(t)
		n = p.start(t)
		n.write(t, "s", `b={"v":3}`)
		until(t, "the query that runs goes on", func() bool { return n.last(t, "t")["b"] == `{"N":12}` })
		if got := n.last(t, "t"); got["a"] != `{"N":11}` || !n.hasReplayTopic(t) {
			t.Errorf("the table has %v; the topic beside is there: %v", got, n.hasReplayTopic(t))
		}
		n.run(t, s, "RESUME "+by+";")
		n.settle(t)
		if got := n.last(t, "t"); got["a"] != `{"N":21}` || got["b"] != `{"N":22}` || n.hasReplayTopic(t) {
			t.Errorf("in the end the table has %v", got)
		}
	})
}

// The broker refuses what the table's topic is given, for a while: it is given again, and meanwhile the table is asked as it was computed anew.
func TestReplayRefused(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := replayNode(t, p)
		n.write(t, "s", `a={"v":1}`, `b={"v":2}`)
		n.settle(t)
		var refuses atomic.Bool
		var refused atomic.Int64
		refuses.Store(true)
		p.refuse(kerr.TopicAuthorizationFailed, func(topic string) bool {
			if topic != "t" || !refuses.Load() {
				return false
			}
			refused.Add(1)
			return true
		})
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (REPLAY=true) AS SELECT k, COUNT(*) + 10 AS n FROM s WHERE k <> 'b' GROUP BY k;")
		until(t, "it is refused twice", func() bool { return refused.Load() >= 2 })
		if got := n.run(t, s, "SELECT * FROM t;"); got != "a | 11\n" {
			t.Errorf("meanwhile the table is answered as %q", got)
		}
		if got := n.last(t, "t"); got["a"] != `{"N":1}` || got["b"] != `{"N":1}` {
			t.Errorf("meanwhile the topic has %v", got)
		}
		refuses.Store(false)
		until(t, "it is given", func() bool { return n.last(t, "t")["a"] == `{"N":11}` })
		n.settle(t)
		if got := n.last(t, "t"); len(got) != 1 || n.hasReplayTopic(t) {
			t.Errorf("in the end the topic has %v", got)
		}
	})
}
