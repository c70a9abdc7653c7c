package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// pipelineSQL has a filter, a count per window behind a repartition, a plain count and a join of a stream with a table.
const pipelineSQL = `CREATE STREAM src (k STRING KEY, id BIGINT, g STRING, p STRING, ts BIGINT) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=2, TIMESTAMP='TS');
	CREATE TABLE names (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='names', VALUE_FORMAT='JSON', PARTITIONS=2);
	CREATE STREAM picked WITH (KAFKA_TOPIC='picked') AS SELECT k, id, p AS text FROM src WHERE id % 3 = 0 EMIT CHANGES;
	CREATE TABLE windows WITH (KAFKA_TOPIC='windows') AS SELECT g, COUNT(*) AS n, SUM(id) AS total FROM src WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 1 DAY) GROUP BY g EMIT CHANGES;
	CREATE TABLE counts WITH (KAFKA_TOPIC='counts') AS SELECT k, COUNT(*) AS n, SUM(id) AS total FROM src GROUP BY k EMIT CHANGES;
	CREATE STREAM named WITH (KAFKA_TOPIC='named') AS SELECT src.k AS k, id, name AS text FROM src JOIN names ON src.k = names.k EMIT CHANGES;`

var pipelineOutputs = []string{"picked", "windows", "counts", "named"}

// tally is a count and a sum.
type tally struct{ N, Total int64 }

// pipelineRows feeds the pipeline on a connection of its own, works out by plain code what has to come of it, and reads what does.
type pipelineRows struct {
	cluster *kafka.Cluster
	client  *kgo.Client
	random  *rand.Rand
	id, ts  int64
	names   map[string]string
	// picked and named are the rows of streams that are still to come, by id.
	picked, named map[int64]string
	// windows and counts are what tables have to hold, and those below what they were last seen to hold.
	windows, counts       map[string]tally
	seenWindows, seenKeys map[string]tally
	read                  kafka.Offsets
}

func newPipelineRows(t *testing.T, cluster *kafka.Cluster, seed uint64) *pipelineRows {
	t.Helper()
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	return &pipelineRows{cluster: cluster, client: client, random: rand.New(rand.NewPCG(seed, 2)), ts: 1_600_000_000_000,
		names: map[string]string{}, picked: map[int64]string{}, named: map[int64]string{}, windows: map[string]tally{}, counts: map[string]tally{},
		seenWindows: map[string]tally{}, seenKeys: map[string]tally{}, read: kafka.Offsets{}}
}

func (r *pipelineRows) text(most int) string { return noise(r.random.Uint64(), 1+r.random.IntN(most)) }

func (r *pipelineRows) send(t *testing.T, recs ...*kgo.Record) {
	t.Helper()
	if err := r.client.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// rename gives some keys of the table names, anew or for the first time; some keys never get one.
func (r *pipelineRows) rename(t *testing.T) {
	t.Helper()
	var recs []*kgo.Record
	r.ts += 30_000 // behind all rows that have been, and before all that come
	for range 5 {
		key := fmt.Sprintf("k%d", r.random.IntN(20))
		r.names[key] = r.text(200)
		recs = append(recs, &kgo.Record{Topic: "names", Partition: kafka.Partition([]byte(key), 2), Key: []byte(key), Timestamp: time.UnixMilli(r.ts),
			Value: fmt.Appendf(nil, `{"NAME":%q}`, r.names[key])})
	}
	r.send(t, recs...)
}

// feed writes rows of the stream, spread over keys and groups.
func (r *pipelineRows) feed(t *testing.T, rows int) {
	t.Helper()
	r.rows(t, rows, func() string { return fmt.Sprintf("g%d", r.random.IntN(7)) }, 300)
}

func (r *pipelineRows) rows(t *testing.T, rows int, group func() string, most int) {
	t.Helper()
	var recs []*kgo.Record
	for range rows {
		r.id++
		key, g, text := fmt.Sprintf("k%d", r.random.IntN(30)), group(), r.text(most)
		ts := r.ts + 1 + r.random.Int64N(20_000)
		recs = append(recs, &kgo.Record{Topic: "src", Partition: kafka.Partition([]byte(key), 2), Key: []byte(key),
			Value: fmt.Appendf(nil, `{"ID":%d,"G":%q,"P":%q,"TS":%d}`, r.id, g, text, ts)})
		if r.id%3 == 0 {
			r.picked[r.id] = key + "=" + text
		}
		if name, ok := r.names[key]; ok {
			r.named[r.id] = key + "=" + name
		}
		window := fmt.Sprintf("%s@%d", g, ts/10_000*10_000)
		r.windows[window] = tally{r.windows[window].N + 1, r.windows[window].Total + r.id}
		r.counts[key] = tally{r.counts[key].N + 1, r.counts[key].Total + r.id}
	}
	r.send(t, recs...)
}

type pipelineRow struct {
	ID    int64  `json:"ID"`
	Text  string `json:"TEXT"`
	N     int64  `json:"N"`
	Total int64  `json:"TOTAL"`
}

// check compares what has come since the last time with what had to.
func (r *pipelineRows) check(t *testing.T) {
	t.Helper()
	for _, topic := range pipelineOutputs {
		r.each(t, topic, func(rec *kgo.Record, row pipelineRow) {
			switch topic {
			case "picked":
				take(t, topic, r.picked, rec, row)
			case "named":
				take(t, topic, r.named, rec, row)
			case "windows":
				n := len(rec.Key) - 8
				r.grow(t, topic, r.seenWindows, fmt.Sprintf("%s@%d", rec.Key[:n], binary.BigEndian.Uint64(rec.Key[n:])), row)
			case "counts":
				r.grow(t, topic, r.seenKeys, string(rec.Key), row)
			}
		})
	}
	for topic, left := range map[string]map[int64]string{"picked": r.picked, "named": r.named} {
		if len(left) > 0 {
			ids := slices.Sorted(maps.Keys(left))
			t.Errorf("%s: %d rows are missing, such as %v", topic, len(left), ids[:min(10, len(ids))])
		}
	}
	compare(t, "windows", r.seenWindows, r.windows)
	compare(t, "counts", r.seenKeys, r.counts)
}

// take finds a row of a stream among those that are to come, once.
func take(t *testing.T, topic string, open map[int64]string, rec *kgo.Record, row pipelineRow) {
	t.Helper()
	if want, ok := open[row.ID]; !ok || want != string(rec.Key)+"="+row.Text {
		t.Errorf("%s, partition %d, offset %d: the row %d is there twice, or is wrong", topic, rec.Partition, rec.Offset, row.ID)
	}
	delete(open, row.ID)
}

// grow takes in a change of a table, whose counts only grow.
func (r *pipelineRows) grow(t *testing.T, topic string, seen map[string]tally, key string, row pipelineRow) {
	t.Helper()
	if row.N <= seen[key].N {
		t.Errorf("%s: %s comes to %d after %d", topic, key, row.N, seen[key].N)
	}
	seen[key] = tally{row.N, row.Total}
}

func compare(t *testing.T, topic string, got, want map[string]tally) {
	t.Helper()
	var wrong []string
	for key, w := range want {
		if got[key] != w {
			wrong = append(wrong, fmt.Sprintf("%s ends at %v, want %v", key, got[key], w))
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			wrong = append(wrong, key+" should not be there")
		}
	}
	if slices.Sort(wrong); len(wrong) > 0 {
		t.Errorf("%s: %d keys are wrong: %s", topic, len(wrong), strings.Join(wrong[:min(5, len(wrong))], "; "))
	}
}

// each gives the committed records of a topic that have come since the last time.
func (r *pipelineRows) each(t *testing.T, topic string, f func(*kgo.Record, pipelineRow)) {
	t.Helper()
	ends := r.settled(t, topic)
	for _, p := range slices.Sorted(maps.Keys(ends)) {
		err := r.cluster.Read(t.Context(), topic, p, r.read[topic][p], ends[p], func(rec *kgo.Record) error {
			var row pipelineRow
			if err := json.Unmarshal(rec.Value, &row); err != nil {
				return fmt.Errorf("offset %d: %w", rec.Offset, err)
			}
			f(rec, row)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		r.read.Set(topic, p, ends[p])
	}
}

// settled are the ends of a topic once no transaction is open in it.
func (r *pipelineRows) settled(t *testing.T, topic string) map[int32]int64 {
	t.Helper()
	var stable map[int32]int64
	until(t, "no transaction is open in "+topic, func() bool {
		at, err := r.cluster.StableOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := r.cluster.EndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		stable = at[topic]
		return maps.Equal(stable, ends[topic])
	})
	return stable
}
