package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// chained makes a node with a stream l of four partitions and a table u, whose rows a query of its own copies to t, which is joined to j.
func chained(t *testing.T, p *place, config ...string) (*node, *Session) {
	t.Helper()
	n := p.start(t)
	s := NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	for i := 0; i+1 < len(config); i += 2 {
		s.Properties[config[i]] = config[i+1]
	}
	n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE STREAM u (k INT KEY, x INT) WITH (KAFKA_TOPIC='u', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, LATEST_BY_OFFSET(x) AS x FROM u GROUP BY k;
		CREATE STREAM j WITH (KAFKA_TOPIC='j') AS SELECT l.k AS k, v, x FROM l LEFT JOIN t ON l.k = t.k;`)
	return n, s
}

func queryOf(t *testing.T, n *node, sink string) Query {
	t.Helper()
	for _, q := range n.Queries() {
		if q.Sink == sink {
			return q
		}
	}
	t.Fatalf("no query makes %s", sink)
	return Query{}
}

// A query without joins, windows or repartitions that reads what two others write waits for the one that is paused no longer than it is to.
func TestAPlainReaderGivesUpToo(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := p.start(t), NewSession()
		s.Properties["weir.wait.upstream"] = "2000"
		n.run(t, s, `CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM b (k INT KEY, v INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a;`)
		n.run(t, s, "INSERT INTO u SELECT * FROM b;")
		var other string
		for _, q := range n.Queries() {
			if strings.HasPrefix(q.ID, "INSERTQUERY") {
				other = q.ID
			}
		}
		n.run(t, s, "CREATE STREAM r WITH (KAFKA_TOPIC='r') AS SELECT * FROM u; PAUSE "+other+";")
		n.run(t, s, "INSERT INTO b (rowtime, k, v) VALUES (500, 1, 1); INSERT INTO a (rowtime, k, v) VALUES (1000, 1, 2);")
		until(t, "the row goes on", func() bool { return len(n.texts(t, "r")) == 1 })
		if q := queryOf(t, n, "R"); q.Stats.GivenUp == 0 {
			t.Error("that it gave up is not counted")
		}
	})
}

// A join waits for a query upstream that is paused, says so, and goes on in the end; what comes then all the same is counted.
func TestPausedUpstreamIsWaitedFor(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := chained(t, p, "weir.wait.upstream", "4000")
		up := queryOf(t, n, "T").ID
		n.run(t, s, "PAUSE "+up+";")
		n.run(t, s, "INSERT INTO u (rowtime, k, x) VALUES (1000, 1, 10); INSERT INTO l (rowtime, k, v) VALUES (2000, 1, 20);")
		until(t, "the join says what it waits for", func() bool {
			return slices.ContainsFunc(queryOf(t, n, "J").Waits, func(w Wait) bool { return strings.Contains(w.String(), "topic t of "+up+", partition ") })
		})
		if got := n.texts(t, "j"); len(got) > 0 {
			t.Errorf("it did not wait: %q", got)
		}
		until(t, "it goes on without", func() bool { return len(n.texts(t, "j")) == 1 })
		if q := queryOf(t, n, "J"); q.Stats.GivenUp == 0 {
			t.Error("that it gave up is not counted")
		}
		n.run(t, s, "RESUME "+up+";")
		until(t, "the row that was waited for is counted as behind", func() bool { return queryOf(t, n, "J").Stats.Behind == 1 })
		n.run(t, s, "INSERT INTO l (rowtime, k, v) VALUES (3000, 1, 21);")
		until(t, "the next one finds it", func() bool { got := n.texts(t, "j"); return len(got) == 2 && strings.Contains(got[1], `"X":10`) })
	})
}

// While a query upstream is replaced, its readers wait, and go on with what the new one makes.
func TestReplacedUpstream(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := chained(t, p)
		n.run(t, s, "INSERT INTO u (rowtime, k, x) VALUES (1000, 1, 10); INSERT INTO l (rowtime, k, v) VALUES (2000, 1, 20);")
		n.settle(t)
		n.run(t, s, "CREATE OR REPLACE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT k, LATEST_BY_OFFSET(x) AS x FROM u WHERE x > 0 GROUP BY k;")
		for i := range 20 {
			n.run(t, s, fmt.Sprintf("INSERT INTO u (rowtime, k, x) VALUES (%d, %d, 30); INSERT INTO l (rowtime, k, v) VALUES (%d, %d, 20);", 3000+10*i, i, 3001+10*i, i))
		}
		n.settle(t)
		for _, rec := range n.texts(t, "j") {
			if strings.Contains(rec, "null") {
				t.Errorf("a row missed the table: %q", rec)
			}
		}
		if q := queryOf(t, n, "J"); q.Stats.Behind != 0 {
			t.Errorf("%d rows are behind", q.Stats.Behind)
		}
	})
}

// A query that no longer runs is at its end: its readers go on by themselves, and by what others write into its topic.
func TestTerminatedUpstream(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := chained(t, p)
		n.run(t, s, "INSERT INTO u (rowtime, k, x) VALUES (1000, 1, 10); INSERT INTO l (rowtime, k, v) VALUES (2000, 1, 20);")
		n.settle(t)
		n.run(t, s, "TERMINATE "+queryOf(t, n, "T").ID+";")
		n.put(t, &kgo.Record{Topic: "t", Partition: 1, Timestamp: time.UnixMilli(2500), Key: []byte{0, 0, 0, 7}, Value: []byte(`{"X":70}`)})
		n.run(t, s, "INSERT INTO l (rowtime, k, v) VALUES (3000, 1, 21);")
		until(t, "the join goes on", func() bool { return len(n.texts(t, "j")) == 2 })
		n.leave(t)
		n = p.start(t)
		n.run(t, s, "INSERT INTO l (rowtime, k, v) VALUES (4000, 1, 22);")
		until(t, "it goes on after a restart", func() bool { return len(n.texts(t, "j")) == 3 })
	})
}

// A reader that is made later gives what one gives that was there from the beginning, and rows that strangers write into the topic are counted.
func TestReaderMadeLater(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
		n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
			CREATE STREAM m WITH (KAFKA_TOPIC='m') AS SELECT v AS v, k AS k FROM l PARTITION BY v;`)
		make := func(name string) {
			n.run(t, s, fmt.Sprintf(`CREATE TABLE %s WITH (KAFKA_TOPIC='%[1]s') AS SELECT v, COUNT(*) AS n, COLLECT_LIST(k) AS ks FROM m WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY v EMIT FINAL;`, name))
		}
		make("early")
		for slice := range 4 { // one partition is far behind the others
			var recs []*kgo.Record
			for part := range int32(3) {
				for i := range 50 {
					at := int64(slice)*5000 + int64(i)*100
					recs = append(recs, &kgo.Record{Topic: "l", Partition: part, Timestamp: time.UnixMilli(at), Key: []byte{0, 0, 0, byte(part)}, Value: fmt.Appendf(nil, `{"V":%d}`, i%7)})
				}
			}
			n.put(t, recs...)
			n.settle(t)
		}
		make("late")
		n.settle(t)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		early, late := n.texts(t, "early"), n.texts(t, "late")
		slices.Sort(early)
		slices.Sort(late)
		if len(early) == 0 || !slices.Equal(early, late) {
			t.Errorf("the early reader made %d rows, the late one %d: %q, %q", len(early), len(late), early, late)
		}
		for _, q := range n.Queries() {
			if q.Stats.Late+q.Stats.Behind+q.Stats.Foreign != 0 {
				t.Errorf("%s: %d late, %d behind, %d foreign", q.ID, q.Stats.Late, q.Stats.Behind, q.Stats.Foreign)
			}
		}
		n.put(t, &kgo.Record{Topic: "m", Partition: 0, Timestamp: time.UnixMilli(90_000), Key: []byte{0, 0, 0, 1}, Value: []byte(`{"K":1}`)})
		until(t, "the stranger's row is counted", func() bool { return queryOf(t, n, "EARLY").Stats.Foreign == 1 })
	})
}

// A query that waits behind a repartition of its own says what its rows are waited for: the topic that is read before it.
func TestWaitBehindARepartition(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := p.start(t), NewSession()
		s.Properties["weir.wait.upstream"] = "600000"
		n.run(t, s, `CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=2);
			CREATE STREAM b (k INT KEY, v INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=2);
			CREATE STREAM p WITH (KAFKA_TOPIC='p') AS SELECT * FROM b;
			CREATE STREAM r WITH (KAFKA_TOPIC='r') AS SELECT a.k AS k, p.k AS pk FROM a JOIN p WITHIN 1 SECOND ON a.k = p.v;`)
		up := queryOf(t, n, "P").ID
		n.run(t, s, "PAUSE "+up+"; INSERT INTO b (rowtime, k, v) VALUES (500, 1, 1); INSERT INTO a (rowtime, k, v) VALUES (1000, 1, 1);")
		until(t, "the join says for which query it waits", func() bool {
			return slices.ContainsFunc(queryOf(t, n, "R").Waits, func(w Wait) bool { return strings.Contains(w.String(), "topic p of "+up+", partition ") })
		})
		n.run(t, s, "RESUME "+up+";")
		until(t, "the rows meet", func() bool { return len(n.texts(t, "r")) == 1 })
	})
}

// What waits for the rows of another task upstream is read on past what may wait of other inputs: these lie behind it in the same partition.
func TestReaderOfLargeCommits(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		p.opts = []kgo.Opt{kgo.FetchMaxPartitionBytes(1000), kgo.MaxConcurrentFetches(1)}
		n, s := p.start(t), NewSession()
		for name, value := range map[string]string{"auto.offset.reset": "earliest", "weir.idle.upstream": "600000", "weir.wait.upstream": "600000", "weir.wait.bytes": "65536"} {
			s.Properties[name] = value
		}
		n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);`)
		small := map[string]string{"max.message.bytes": "3000"} // a commit is many batches
		if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "m", Partitions: 1, Replicas: 1, Configs: small}); err != nil {
			t.Fatal(err)
		}
		var recs []*kgo.Record
		for part := range int32(4) {
			for i := range 150 {
				recs = append(recs, &kgo.Record{Topic: "l", Partition: part, Timestamp: time.UnixMilli(int64(i) * 100), Key: []byte{0, 0, 0, byte(part)}, Value: fmt.Appendf(nil, `{"V":%d}`, i)})
			}
		}
		n.put(t, recs...)
		n.run(t, s, `SET 'commit.interval.ms'='1000'; CREATE STREAM m WITH (KAFKA_TOPIC='m') AS SELECT v, k FROM l PARTITION BY v; SET 'commit.interval.ms'='20';`)
		until(t, "all is in its topic", func() bool { return len(n.texts(t, "m")) == len(recs) })
		n.run(t, s, `CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COLLECT_LIST(k) AS ks FROM m WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY v EMIT FINAL;`)
		n.settle(t)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := n.texts(t, "c"); len(got) != 150 {
			t.Errorf("%d of 150 windows", len(got))
		}
		if q := queryOf(t, n, "C"); q.Stats.GivenUp+q.Stats.Behind+q.Stats.Late != 0 {
			t.Errorf("given up %d times, %d rows behind, %d late", q.Stats.GivenUp, q.Stats.Behind, q.Stats.Late)
		}
	})
}

// A query whose result comes back to it by INSERT INTO does not wait for itself.
func TestCycle(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"] = "earliest"
		n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=2);
			CREATE STREAM m WITH (KAFKA_TOPIC='m') AS SELECT k, v FROM l;
			CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT k, v - 1 AS v FROM m WHERE v > 0;
			INSERT INTO m SELECT k, v FROM o;
			INSERT INTO l (rowtime, k, v) VALUES (1000, 1, 5);`)
		until(t, "it comes to its end", func() bool { return len(n.texts(t, "m")) == 6 })
	})
}

// What is waited for is given up once it makes no progress, whatever others do meanwhile: the query that writes the other side of a join, and
// another one that writes the same topic. And it is not waited for again before it does.
func TestPausedBesideALivelyOne(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	for name, sql := range map[string]string{
		"the other side": `CREATE TABLE p WITH (KAFKA_TOPIC='p') AS SELECT k, LATEST_BY_OFFSET(v) AS x FROM b GROUP BY k;
			CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a;
			CREATE STREAM r WITH (KAFKA_TOPIC='r') AS SELECT u.k AS k, v, x FROM u LEFT JOIN p ON u.k = p.k;`,
		"a topic of two": `CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a;
			INSERT INTO u SELECT * FROM b;
			CREATE STREAM r WITH (KAFKA_TOPIC='r') AS SELECT * FROM u;`,
		"behind a repartition": `CREATE STREAM u WITH (KAFKA_TOPIC='u') AS SELECT * FROM a;
			INSERT INTO u SELECT * FROM b;
			CREATE TABLE r WITH (KAFKA_TOPIC='r') AS SELECT v, COLLECT_LIST(k) AS ks FROM u GROUP BY v;`,
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n, s := p.start(t), NewSession()
				s.Properties["weir.wait.upstream"], s.Properties["cache.max.bytes.buffering"] = "3000", "0"
				n.run(t, s, `CREATE STREAM a (k INT KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=2);
					CREATE STREAM b (k INT KEY, v INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=2);`+sql)
				paused := ""
				for _, q := range n.Queries() {
					if slices.Contains(q.Sources, "B") {
						paused = q.ID
					}
				}
				n.run(t, s, "PAUSE "+paused+"; INSERT INTO b (rowtime, k, v) VALUES (1, 7, 7);")
				put := 0
				more := func() {
					put++
					n.put(t, &kgo.Record{Topic: "a", Partition: int32(put % 2), Timestamp: time.UnixMilli(int64(put) * 10), Key: []byte{0, 0, 0, byte(put % 2)}, Value: fmt.Appendf(nil, `{"V":%d}`, put)})
				}
				until(t, "the rows go on", func() bool { more(); return len(n.texts(t, "r")) > 0 })
				given := queryOf(t, n, "R").Stats.GivenUp
				if given == 0 {
					t.Error("that it gave up is not counted")
				}
				upTo := put + 100
				for put < upTo {
					more()
				}
				until(t, "all rows go on", func() bool { return len(n.texts(t, "r")) == put })
				if now := queryOf(t, n, "R").Stats.GivenUp; now > 2*given {
					t.Errorf("it has given up %d times, then %d times", given, now)
				}
			})
		})
	}
}

// A query upstream that has failed is waited for as one that is paused is: its reader says so, and goes on in the end. What it makes when it
// runs again is found.
func TestFailedUpstream(t *testing.T) {
	bothWays(t, map[string]string{"weir.on.lost.records": "fail"}, func(t *testing.T, p *place) {
		n, s := chained(t, p, "weir.wait.upstream", "3000")
		up := queryOf(t, n, "T").ID
		n.run(t, s, "INSERT INTO u (rowtime, k, x) VALUES (900, 1, 9);")
		n.settle(t)
		n.leave(t)
		outside := p.outside(t)
		outside.put(t, &kgo.Record{Topic: "u", Partition: kafka.Partition([]byte{0, 0, 0, 1}, 4), Timestamp: time.UnixMilli(1000), Key: []byte{0, 0, 0, 1}, Value: []byte(`{"X":10}`)})
		ends, err := outside.cluster.EndOffsets(t.Context(), "u")
		if err != nil {
			t.Fatal(err)
		}
		if err := outside.cluster.DeleteRecords(t.Context(), "u", ends["u"]); err != nil {
			t.Fatal(err)
		}
		n = p.start(t)
		n.run(t, s, "INSERT INTO l (rowtime, k, v) VALUES (2000, 1, 20);")
		until(t, "the query has failed", func() bool { return queryOf(t, n, "T").State == Failed })
		until(t, "the join says what it waits for, or has given up", func() bool {
			q := queryOf(t, n, "J")
			return q.Stats.GivenUp > 0 || slices.ContainsFunc(q.Waits, func(w Wait) bool { return strings.Contains(w.String(), "topic t of "+up+", partition ") })
		})
		until(t, "the join goes on", func() bool { return len(n.texts(t, "j")) == 1 })
		if q := queryOf(t, n, "J"); q.Stats.GivenUp == 0 || q.State != Running {
			t.Errorf("that it gave up is not counted: %+v", q)
		}
		if got := n.texts(t, "j"); !strings.Contains(got[0], `"X":9`) {
			t.Errorf("it does not find what was there: %q", got)
		}
	})
}

// A diamond: two queries read one stream, the second one by way of a third, and a join brings both together. Neither waits for the other without
// end, and every row finds the one of its key, whichever side is the longer one.
func TestDiamond(t *testing.T) {
	for name, sides := range map[string][2]string{"the stream is longer": {"long", "short"}, "the table is longer": {"short", "long"}} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n, s := p.start(t), NewSession()
				s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"], s.Properties["weir.wait.upstream"] = "earliest", "600000", "600000" // no wait runs out
				n.run(t, s, `CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=4);
					CREATE STREAM mid WITH (KAFKA_TOPIC='mid') AS SELECT k, v + 0 AS v FROM l;
					CREATE STREAM long WITH (KAFKA_TOPIC='long') AS SELECT v + 0 AS r, k FROM mid PARTITION BY v + 0;
					CREATE STREAM short WITH (KAFKA_TOPIC='short') AS SELECT v AS r, k FROM l PARTITION BY v;
					CREATE TABLE t WITH (KAFKA_TOPIC='t') AS SELECT r, LATEST_BY_OFFSET(k) AS k, COUNT(*) AS n FROM `+sides[1]+` GROUP BY r;
					CREATE STREAM j WITH (KAFKA_TOPIC='j') AS SELECT s.r AS r, s.k AS k, t.k AS tk, s.ROWTIME AS ms FROM `+sides[0]+` s LEFT JOIN t ON s.r = t.r;`)
				const rows = 200
				for i := range rows {
					n.put(t, &kgo.Record{Topic: "l", Partition: int32(i % 4), Timestamp: time.UnixMilli(int64(1000 + 7*i)), Key: []byte{0, 0, 0, byte(i)}, Value: fmt.Appendf(nil, `{"V":%d}`, i)})
				}
				until(t, "all have come through", func() bool { return len(n.texts(t, "j")) == rows })
				for _, q := range n.Queries() {
					if q.Stats.GivenUp != 0 || q.Stats.Behind != 0 || q.Stats.Late != 0 {
						t.Errorf("%s: %+v", q.ID, q.Stats)
					}
				}
				n.leave(t)
				n = p.start(t) // nothing is missing for the rows of a second round, either
				for i := range rows {
					n.put(t, &kgo.Record{Topic: "l", Partition: int32(i % 4), Timestamp: time.UnixMilli(int64(9000 + 7*i)), Key: []byte{0, 0, 0, byte(i)}, Value: fmt.Appendf(nil, `{"V":%d}`, i)})
				}
				until(t, "all have come through again", func() bool { return len(n.texts(t, "j")) == 2*rows })
				for _, rec := range n.texts(t, "j") {
					if strings.Contains(rec, `"TK":null`) && !strings.Contains(rec, `"MS":1`) && !strings.Contains(rec, `"MS":2`) { // of the second round
						t.Errorf("a row missed the table: %q", rec)
						break
					}
				}
			})
		})
	}
}
