package conformance

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

var (
	randomSeed   = flag.Uint64("random.seed", 1, "seed of the test of random rows")
	randomRounds = flag.Int("random.rounds", 6, "batches of the test of random rows")
)

// randomKeys is how many keys there are.
const randomKeys = 9

// randomSQL is queries whose results don't hang on how rows of several partitions and topics are interleaved. Rows come up to a minute
// late, and one stream may be read a minute or two ahead of the other: every grace period covers that.
const randomSQL = `
CREATE STREAM a (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS={partitions});
CREATE STREAM b (k STRING KEY, g STRING, w INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS={partitions});
CREATE TABLE x (k STRING PRIMARY KEY, g STRING, v INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS={partitions});
CREATE TABLE y (k STRING PRIMARY KEY, g STRING, w INT) WITH (KAFKA_TOPIC='y', VALUE_FORMAT='JSON', PARTITIONS={partitions});

CREATE TABLE tumbles AS SELECT g, COUNT(*) AS n, SUM(v) AS s, MIN(v) AS least, MAX(v) AS most FROM a
  WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT CHANGES;
CREATE TABLE tumbles_final AS SELECT g, COUNT(*) AS n, SUM(v) AS s, MIN(v) AS least, MAX(v) AS most FROM a
  WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT FINAL;
CREATE TABLE hops AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM a
  WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT CHANGES;
CREATE TABLE hops_final AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM a
  WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT FINAL;
CREATE TABLE sessions AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM a WINDOW SESSION (3 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT CHANGES;
CREATE TABLE sessions_final AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM a WINDOW SESSION (3 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g EMIT FINAL;
CREATE TABLE having_some AS SELECT g, COUNT(*) AS n FROM a WHERE v > 0 GROUP BY g HAVING SUM(v) > 20;

CREATE STREAM inner_join AS SELECT a.g, a.k, b.k, v, w FROM a JOIN b WITHIN 5 SECONDS GRACE PERIOD 4 MINUTES ON a.g = b.g;
CREATE STREAM left_join AS SELECT a.g, a.k, v, w FROM a LEFT JOIN b WITHIN 2 SECONDS GRACE PERIOD 4 MINUTES ON a.g = b.k;
CREATE STREAM full_join AS SELECT ROWKEY, v, w FROM a FULL JOIN b WITHIN 1 SECOND GRACE PERIOD 4 MINUTES ON a.k = b.k AND a.v > b.w;
CREATE TABLE join_windows AS SELECT a.k, COUNT(*) AS n, COUNT(w) AS matched FROM a LEFT JOIN b WITHIN 2 SECONDS GRACE PERIOD 4 MINUTES ON a.g = b.g
  WINDOW TUMBLING (SIZE 20 SECONDS, GRACE PERIOD 8 MINUTES) GROUP BY a.k EMIT FINAL;

CREATE TABLE table_left AS SELECT x.k, v, w FROM x LEFT JOIN y ON x.k = y.k;
CREATE TABLE table_full AS SELECT ROWKEY, v, w FROM x FULL JOIN y ON x.k = y.k;
CREATE TABLE by_foreign AS SELECT x.k, v, w FROM x LEFT JOIN y ON x.g = y.k;
CREATE TABLE by_foreign_some AS SELECT x.k, v, w FROM x JOIN y ON x.g = y.k AND v + 20 > w;
CREATE TABLE grouped AS SELECT g, COUNT(v) AS n, SUM(v) AS s FROM x GROUP BY g;
CREATE TABLE grouped_join AS SELECT y.g, COUNT(*) AS n, SUM(v) AS s FROM x JOIN y ON x.g = y.k GROUP BY y.g;
CREATE TABLE top AS SELECT g, SUM(v) AS s FROM x GROUP BY g ORDER BY s DESC LIMIT 3;
CREATE TABLE lists AS SELECT g, SUM(v) AS s FROM a WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY g ORDER BY s DESC LIMIT 2 EMIT FINAL;
CREATE TABLE lists_of_keys AS SELECT k, SUM(v) AS s FROM a WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 2 MINUTES) GROUP BY k
  ORDER BY s DESC LIMIT 3 EMIT FINAL;
`

// randomTables and randomStreams are the topics that are compared: tables by what they have come to, streams by their records in no order.
var (
	randomTables = []string{"TUMBLES", "TUMBLES_FINAL", "HOPS", "HOPS_FINAL", "SESSIONS", "SESSIONS_FINAL", "HAVING_SOME", "JOIN_WINDOWS",
		"TABLE_LEFT", "TABLE_FULL", "BY_FOREIGN", "BY_FOREIGN_SOME", "GROUPED", "GROUPED_JOIN", "TOP", "LISTS", "LISTS_OF_KEYS"}
	randomStreams = []string{"INNER_JOIN", "LEFT_JOIN", "FULL_JOIN"}
)

// TestRandom gives the same random rows to all ways, with one partition and with four, some of them empty or slow, and with changes held
// back until the commit: what comes of them is the same everywhere.
func TestRandom(t *testing.T) {
	want := randomRun(t, ways[0].open, 1, false)
	for _, where := range ways {
		for _, held := range []bool{false, true} {
			if held && where.name == "memory" || !held && where.held {
				continue
			}
			t.Run(fmt.Sprintf("%s, held back %t", where.name, held), func(t *testing.T) {
				t.Parallel()
				got := randomRun(t, where.open, 4, held)
				for _, topic := range append(slices.Clone(randomTables), randomStreams...) {
					if len(want[topic]) == 0 {
						t.Errorf("%s has no rows: there is nothing to compare", topic)
					}
					if !maps.Equal(got[topic], want[topic]) {
						t.Errorf("%s, seed %d: %s", topic, *randomSeed, differences(want[topic], got[topic]))
					}
				}
			})
		}
	}
}

// randomRows are a batch of rows for one topic. Keys are few, and drawn so that some partitions get little or nothing.
func randomRows(r *rand.Rand, topic string, round, n int) []*kgo.Record {
	table, column := topic == "x" || topic == "y", "V"
	if topic == "b" || topic == "y" {
		column = "W"
	}
	var recs []*kgo.Record
	for i := range n {
		at := int64(round*60_000+i*60_000/n) - r.Int64N(60_000)*r.Int64N(2)
		rec := &kgo.Record{Topic: topic, Partition: -1, Timestamp: time.UnixMilli(max(at, 0)), Key: fmt.Appendf(nil, "g%d", r.IntN(randomKeys))}
		if !table || r.IntN(5) > 0 {
			group, value := fmt.Sprintf(`"g%d"`, r.IntN(randomKeys)), fmt.Sprint(r.IntN(20)-5)
			if r.IntN(10) == 0 {
				group = "null"
			}
			if r.IntN(10) == 0 {
				value = "null"
			}
			rec.Value = fmt.Appendf(nil, `{"G":%s,"%s":%s}`, group, column, value)
		}
		recs = append(recs, rec)
	}
	return recs
}

// randomRun gives the rows of each topic, by what tells them apart: for a table its key, with the value; for a stream the record, with
// how often it is there.
func randomRun(t *testing.T, open opener, partitions int, held bool) map[string]map[string]string {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patient)
	defer cancel()
	w, err := open(ctx, t, func() (*kafka.Cluster, error) { return new(broker).connect(t) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if held {
		if _, err := w.execute(ctx, "SET 'cache.max.bytes.buffering'='10000000';"); err != nil {
			t.Fatal(err)
		}
	}
	run := &run{way: w, partitions: partitions}
	if _, err := w.execute(ctx, run.fill([]string{randomSQL})); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*randomSeed, 1))
	for round := range *randomRounds {
		for _, topic := range []string{"y", "x", "a", "b"} {
			if err := w.produce(ctx, randomRows(r, topic, round, 40)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.closeWindows(ctx); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, topic := range randomTables {
		rows := map[string]string{}
		eachRecord(ctx, t, w, topic, func(rec *kgo.Record) {
			if rows[string(rec.Key)] = string(rec.Value); rec.Value == nil {
				delete(rows, string(rec.Key))
			}
		})
		out[topic] = rows
	}
	for _, topic := range randomStreams {
		counts, rows := map[string]int{}, map[string]string{}
		eachRecord(ctx, t, w, topic, func(rec *kgo.Record) {
			key := fmt.Sprintf("%s %d %s", rec.Key, rec.Timestamp.UnixMilli(), rec.Value)
			counts[key]++
			rows[key] = fmt.Sprint(counts[key], " times")
		})
		out[topic] = rows
	}
	return out
}

func eachRecord(ctx context.Context, t *testing.T, w way, topic string, f func(*kgo.Record)) {
	parts, err := w.records(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, recs := range parts {
		for _, rec := range recs {
			f(rec)
		}
	}
}

// differences tells the first few rows in which two results differ.
func differences(want, got map[string]string) string {
	out, n := fmt.Sprintf("%d rows, want %d", len(got), len(want)), 0
	keys := maps.Clone(want)
	maps.Copy(keys, got)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		g, has := got[k]
		w, wants := want[k]
		if g == w && has == wants {
			continue
		}
		if n++; n <= 5 {
			out += fmt.Sprintf("\n  %q: %q (there: %t), want %q (there: %t)", k, g, has, w, wants)
		}
	}
	return out
}
