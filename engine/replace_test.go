package engine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// onBrokers runs a test on the embedded broker, and on the Kafka that WEIR_TEST_KAFKA names. Topics of the test have the
// prefix, which no other run uses.
func onBrokers(t *testing.T, test func(t *testing.T, n *node, prefix string)) {
	prefix := "test_" + strconv.FormatInt(time.Now().UnixNano()%1e9, 36) + "_"
	t.Run("embedded", func(t *testing.T) {
		n := startNode(t, t.TempDir())
		defer n.stop(t)
		test(t, n, prefix)
	})
	t.Run("kafka", func(t *testing.T) {
		addr := os.Getenv("WEIR_TEST_KAFKA")
		if addr == "" {
			t.Skip("WEIR_TEST_KAFKA names no broker")
		}
		cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: strings.Split(addr, ",")})
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		e, err := Open(t.Context(), Options{Cluster: cluster, DataDir: t.TempDir(), ServiceID: prefix, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := errors.Join(e.Forget(ctx), e.Close(ctx)); err != nil {
				t.Error(err)
			}
		}()
		test(t, &node{Engine: e, cluster: cluster}, prefix)
	})
}

func TestReplaceWhileProducing(t *testing.T) { onBrokers(t, replaceWhileProducing) }

func replaceWhileProducing(t *testing.T, n *node, prefix string) {
	const rows, groups = 30_000, 7
	s := NewSession()
	n.run(t, s, fmt.Sprintf(`CREATE STREAM s (id BIGINT KEY, g STRING) WITH (KAFKA_TOPIC='%[1]ss', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE STREAM t WITH (KAFKA_TOPIC='%[1]st') AS SELECT id, g FROM s;
		CREATE TABLE c WITH (KAFKA_TOPIC='%[1]sc') AS SELECT g, COUNT(*) AS n FROM s GROUP BY g;`, prefix))
	fed := make(chan error, 1)
	go func() { fed <- feed(n.cluster, prefix+"s", rows, groups) }()
	columns, replaced := "", 0
	for done := false; !done; {
		select {
		case err := <-fed:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
		replaced++
		columns += fmt.Sprintf(", %d AS v%d", replaced, replaced)
		out := n.run(t, s, fmt.Sprintf(`CREATE OR REPLACE STREAM t WITH (KAFKA_TOPIC='%[1]st') AS SELECT id, g%[2]s FROM s;
			CREATE OR REPLACE TABLE c WITH (KAFKA_TOPIC='%[1]sc') AS SELECT g, COUNT(*) AS n%[3]s FROM s GROUP BY g;`,
			prefix, columns, strings.ReplaceAll(columns, ",", ", 0 +")))
		if want := "Created query with ID CSAS_T_2\nCreated query with ID CTAS_C_3\n"; out != want {
			t.Fatalf("replaced: %q, want %q", out, want)
		}
	}
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen, widths := map[uint64]int{}, map[int32]int{}
	for _, r := range readAll(t, n.cluster, prefix+"t") {
		seen[binary.BigEndian.Uint64(r.Key)]++
		width := strings.Count(string(r.Value), `"V`)
		if width < widths[r.Partition] {
			t.Errorf("partition %d: a row of an older plan (%d columns) comes after one of a newer plan (%d)", r.Partition, width, widths[r.Partition])
		}
		widths[r.Partition] = width
	}
	for id := range uint64(rows) {
		if seen[id] != 1 {
			t.Fatalf("row %d came %d times", id, seen[id])
		}
	}
	if len(seen) != rows {
		t.Errorf("%d rows, want %d", len(seen), rows)
	}
	counts, want := map[string]int{}, map[string]int{}
	for _, r := range readAll(t, n.cluster, prefix+"c") {
		var v struct{ N int }
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		counts[string(r.Key)] = v.N
	}
	for id := range rows {
		want[fmt.Sprintf("g%d", id%groups)]++
	}
	if !maps.Equal(counts, want) {
		t.Errorf("counts %v, want %v", counts, want)
	}
	t.Logf("replaced %d times", replaced)
}

// feed writes rows with the ids from 0 on.
func feed(cluster *kafka.Cluster, topic string, rows, groups int) error {
	client, err := cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	for id := 0; id < rows; {
		var recs []*kgo.Record
		for range 100 {
			key := binary.BigEndian.AppendUint64(nil, uint64(id))
			recs = append(recs, &kgo.Record{Topic: topic, Partition: kafka.Partition(key, 4), Key: key, Value: fmt.Appendf(nil, `{"G":"g%d"}`, id%groups)})
			id++
		}
		if err := client.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

// readAll reads what is committed in a topic.
func readAll(t *testing.T, cluster *kafka.Cluster, topic string) []*kgo.Record {
	t.Helper()
	ends, err := cluster.StableOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	left := ends[topic]
	maps.DeleteFunc(left, func(_ int32, end int64) bool { return end == 0 })
	client, err := cluster.NewClient(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out []*kgo.Record
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				out = append(out, r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return out
}

// A query that ended leaves nothing on the brokers, and its member none that a new group would wait for.
func TestDropLeavesNothing(t *testing.T) {
	onBrokers(t, func(t *testing.T, n *node, prefix string) {
		s := NewSession()
		n.run(t, s, fmt.Sprintf(`CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='%[1]ss', VALUE_FORMAT='JSON', PARTITIONS=2);
			CREATE TABLE t WITH (KAFKA_TOPIC='%[1]st') AS SELECT a, COUNT(*) AS n FROM s GROUP BY a;
			INSERT INTO s VALUES ('x', 1);`, prefix))
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		group := n.Queries()[0].Group
		n.run(t, s, `DROP TABLE t;`)
		if err := n.cluster.DeleteGroup(t.Context(), group); !errors.Is(err, kafka.ErrNoGroup) {
			t.Errorf("the group after DROP: %v", err)
		}
		topics, err := n.cluster.Topics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range topics {
			if strings.HasPrefix(topic.Name, group) {
				t.Errorf("%s is still there", topic.Name)
			}
		}
	})
}

// State of another layout is neither used nor overwritten.
func TestLayoutOfAnotherPlan(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; INSERT INTO s VALUES ('x', 1);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := n.Queries()[0].ID
	stored, err := n.state.Meta(id, metaLayout)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(stored), "COUNT(*)", "SUM(A)", 1)
	if other == string(stored) {
		t.Fatalf("the layout does not tell the aggregates: %s", stored)
	}
	for _, blob := range []string{other, "{", "", string(stored)} {
		var value []byte // of "": none, so that the command log has to tell
		if blob != "" {
			value = []byte(blob)
		}
		if err := n.state.SetMeta(id, metaLayout, value); err != nil {
			t.Fatal(err)
		}
		n.stop(t)
		n = startNode(t, dir)
		q := n.Queries()[0]
		if now, err := n.state.Meta(id, metaLayout); err != nil || blob == "" && string(now) != string(stored) || blob != "" && string(now) != blob {
			t.Errorf("layout %s: it is %s now, %v", blob, now, err)
		}
		if blob == "" {
			continue
		}
		if blob == string(stored) {
			if got := n.run(t, NewSession(), `SELECT n FROM t;`); q.State != Running || got != "1\n" {
				t.Errorf("with its own layout: %v %s %q", q.State, q.Error, got)
			}
			break
		}
		if q.State != Failed || !strings.Contains(q.Error, "the state of "+id) && !strings.Contains(q.Error, "layout") {
			t.Errorf("layout %s: %v %s", blob, q.State, q.Error)
		}
	}
	n.stop(t)
}
