package engine

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Windows of EMIT FINAL, and lists of them, close without a next event: where the source is partitioned by the group, and behind a repartition; and
// over a restart that comes before they have.
func TestIdleClose(t *testing.T) {
	for _, c := range []struct{ name, group string }{{"in one stage", "k"}, {"behind a repartition", "g"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := startNode(t, dir)
			s := NewSession()
			s.Properties["auto.offset.reset"] = "earliest"
			n.run(t, s, strings.ReplaceAll(`CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
				SET 'weir.idle.close'='200 milliseconds'; SET 'weir.idle.upstream'='50';
				CREATE TABLE t WITH (LATE_STREAM='late') AS SELECT {g}, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 500 MILLISECONDS) GROUP BY {g} EMIT FINAL;
				CREATE STREAM out (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='T', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='500 MILLISECONDS');
				CREATE TABLE l AS SELECT {g}, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 500 MILLISECONDS) GROUP BY {g} ORDER BY n DESC LIMIT 1 EMIT FINAL;
				CREATE STREAM lists (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='L', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='500 MILLISECONDS');`, "{g}", c.group))
			expect := func(sql, want string) {
				t.Helper()
				if got := n.run(t, s, sql); got != want {
					t.Fatalf("got %q, want %q", got, want)
				}
			}
			n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'a', 'a');`)
			expect(`SELECT k, windowstart, n FROM out EMIT CHANGES LIMIT 1;`, "a | 1000 | 1\n")
			expect(`SELECT k, windowstart, n FROM lists EMIT CHANGES LIMIT 1;`, "a | 1000 | 1\n")
			n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (1100, 'a', 'a');`)
			expect(`SELECT k, window_start, stream_time >= 1500 FROM late EMIT CHANGES LIMIT 1;`, "a | 1000 | true\n")
			n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (9000, 'a', 'a');`)
			time.Sleep(150 * time.Millisecond)
			n.stop(t)
			n = startNode(t, dir)
			defer n.stop(t)
			expect(`SELECT k, windowstart, n FROM out EMIT CHANGES LIMIT 2;`, "a | 1000 | 1\na | 9000 | 1\n")
			expect(`SELECT k, windowstart, n FROM lists EMIT CHANGES LIMIT 2;`, "a | 1000 | 1\na | 9000 | 1\n")
		})
	}
}

// Windows over the topic of another query close once more when rows have come again to some of its partitions, and to others never; and not before the time
// that was asked for, however short they are.
func TestIdleCloseAgain(t *testing.T) {
	t.Parallel()
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	n.run(t, s, `CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
		CREATE STREAM c WITH (KAFKA_TOPIC='c') AS SELECT k, g FROM s;
		SET 'weir.idle.upstream'='50'; SET 'weir.idle.close'='1 hour';
		CREATE TABLE later WITH (KAFKA_TOPIC='later') AS SELECT g, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 100 MILLISECONDS) GROUP BY g EMIT FINAL;
		SET 'weir.idle.close'='200 milliseconds';
		CREATE TABLE t AS SELECT g, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 500 MILLISECONDS) GROUP BY g EMIT FINAL;
		CREATE STREAM out (g STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='T', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='500 MILLISECONDS');
		CREATE STREAM early (g STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='later', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='100 MILLISECONDS');
		INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'a', 'a');`)
	expect := func(sql, want string) {
		t.Helper()
		if got := n.run(t, s, sql); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	expect(`SELECT g, windowstart, n FROM out EMIT CHANGES LIMIT 1;`, "a | 1000 | 1\n")
	expect(`SELECT g, windowstart, n FROM early;`, "")
	n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (9000, 'a', 'a');`)
	expect(`SELECT g, windowstart, n FROM out EMIT CHANGES LIMIT 2;`, "a | 1000 | 1\na | 9000 | 1\n")
}

// A stream's time goes on through a join and two repartitions, over a restart that comes before the windows have closed, and
// while the table that it is joined with keeps changing.
func TestIdleCloseBehindJoins(t *testing.T) {
	for _, c := range []struct{ name, from string }{
		{"stream and stream, both re-keyed", "s LEFT JOIN o WITHIN 100 MILLISECONDS GRACE PERIOD 100 MILLISECONDS ON s.g = o.g"},
		{"stream and table", "s LEFT JOIN d ON s.g = d.g"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := startNode(t, dir)
			s := NewSession()
			s.Properties["auto.offset.reset"] = "earliest"
			n.run(t, s, `CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE STREAM o (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE TABLE d (g STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS=2);
				SET 'weir.idle.close'='300 milliseconds'; SET 'weir.idle.upstream'='50';
				CREATE TABLE t AS SELECT s.k, COUNT(*) AS n FROM `+c.from+` WINDOW TUMBLING (SIZE 500 MILLISECONDS) GROUP BY s.k EMIT FINAL;
				CREATE STREAM out (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='T', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='500 MILLISECONDS');
				INSERT INTO d (g, v) VALUES ('a', 0);`)
			var busy sync.WaitGroup
			done := make(chan struct{})
			change := func() {
				busy.Go(func() {
					for {
						select {
						case <-done:
							return
						case <-time.After(30 * time.Millisecond):
							n.run(t, NewSession(), `INSERT INTO d (g, v) VALUES ('a', 1);`)
						}
					}
				})
			}
			change()
			n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'x', 'a');`)
			if got := n.run(t, s, `SELECT k, windowstart, n FROM out EMIT CHANGES LIMIT 1;`); got != "x | 1000 | 1\n" {
				t.Errorf("got %q", got)
			}
			n.run(t, s, `INSERT INTO s (ROWTIME, k, g) VALUES (9000, 'x', 'a');`)
			time.Sleep(200 * time.Millisecond)
			close(done)
			busy.Wait()
			n.stop(t)
			n = startNode(t, dir)
			defer n.stop(t)
			done = make(chan struct{})
			change()
			if got := n.run(t, s, `SELECT k, windowstart, n FROM out EMIT CHANGES LIMIT 2;`); got != "x | 1000 | 1\nx | 9000 | 1\n" {
				t.Errorf("after a restart: got %q", got)
			}
			close(done)
			busy.Wait()
		})
	}
}

// An idle source does not keep its query committing for ever.
func TestIdleCloseComesToRest(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	s := NewSession()
	n.run(t, s, `CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		SET 'weir.idle.close'='20 milliseconds'; SET 'commit.interval.ms'='10';
		CREATE TABLE t AS SELECT g, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 100 MILLISECONDS) GROUP BY g EMIT FINAL;
		INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'a', 'a');`)
	announced := func() int64 {
		topic := n.internalTopic(n.Queries()[0].ID + "-Aggregate-GroupBy-repartition")
		ends, err := n.cluster.EndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		return ends[topic][0]
	}
	// At rest: the row and its announcement are there, and fifteen idle closes later there is nothing more.
	for end := time.Now().Add(time.Minute); ; {
		before := announced()
		time.Sleep(300 * time.Millisecond)
		if after := announced(); before >= 2 && after == before {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d records in the repartition topic, and %d later", before, after)
		}
	}
}
