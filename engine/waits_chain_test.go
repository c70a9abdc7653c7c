package engine

import (
	"strings"
	"testing"
)

// A query that is paused is waited for once by all that is behind it, however many queries and repartitions lie between: whoever is behind one that waits
// waits as long, and none of them waits for it again once it has been given up.
func TestOneWaitForAChain(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n, s := chained(t, p, "weir.wait.upstream", "3000")
		n.run(t, s, `CREATE TABLE t1 WITH (KAFKA_TOPIC='t1') AS SELECT v, LATEST_BY_OFFSET(k) AS k FROM j GROUP BY v;
			CREATE STREAM j2 WITH (KAFKA_TOPIC='j2') AS SELECT l.v AS v, l.k AS k, t1.k AS x FROM l LEFT JOIN t1 ON l.v = t1.v;
			CREATE TABLE t2 WITH (KAFKA_TOPIC='t2') AS SELECT k, LATEST_BY_OFFSET(x) AS x FROM j2 GROUP BY k;
			CREATE STREAM j3 WITH (KAFKA_TOPIC='j3') AS SELECT l.k AS k, l.v AS v, t2.x AS x FROM l LEFT JOIN t2 ON l.k = t2.k;`)
		n.run(t, s, "INSERT INTO u (rowtime, k, x) VALUES (1000, 1, 10); INSERT INTO l (rowtime, k, v) VALUES (2000, 1, 20);")
		n.settle(t)
		for i, at := range []string{"3000", "3001", "5000"} {
			if i == 0 {
				n.run(t, s, "PAUSE "+queryOf(t, n, "T").ID+"; INSERT INTO u (rowtime, k, x) VALUES (2500, 1, 11);")
			}
			n.run(t, s, "INSERT INTO l (rowtime, k, v) VALUES ("+at+", 1, 20);")
			until(t, "the last of the chain goes on", func() bool { return len(n.texts(t, "j3")) == i+2 })
			if got := n.texts(t, "j3")[i+1]; i > 0 && !strings.Contains(got, `"X":1`) {
				t.Errorf("the row of %s did not find that of the query before: %s", at, got)
			}
		}
		for _, sink := range []string{"T1", "J2", "T2", "J3"} {
			if q := queryOf(t, n, sink); q.Stats.GivenUp != 0 || q.Stats.Behind != 0 {
				t.Errorf("%s has given up %d times, with %d rows behind", sink, q.Stats.GivenUp, q.Stats.Behind)
			}
		}
		if q := queryOf(t, n, "J"); q.Stats.GivenUp == 0 {
			t.Error("the one behind the paused one has not given up")
		}
	})
}
