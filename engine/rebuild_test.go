package engine

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"weir/kafka"
	"weir/kafka/embedded"
)

// State that is missing on the embedded broker is made anew from the sources; what comes meanwhile is put out all the same.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `SET 'commit.interval.ms'='20';
		CREATE STREAM src (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE TABLE plain WITH (KAFKA_TOPIC='plain') AS SELECT k, COUNT(*) AS n FROM src GROUP BY k;
		CREATE TABLE behind WITH (KAFKA_TOPIC='behind') AS SELECT v, COUNT(*) AS n FROM src GROUP BY v;`)
	rows := func(from, to int) []string {
		var out []string
		for i := from; i < to; i++ {
			out = append(out, fmt.Sprintf(`k%d={"v":%d}`, i%13, i%7))
		}
		return out
	}
	n.write(t, "src", rows(0, 500)...)
	n.settle(t)
	n.stop(t)
	if err := os.RemoveAll(dir + "/state"); err != nil {
		t.Fatal(err)
	}
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		t.Fatal(err)
	}
	before, err := cluster.EndOffsets(t.Context(), "plain", "behind")
	if err != nil {
		t.Fatal(err)
	}
	(&node{cluster: cluster}).write(t, "src", rows(500, 700)...)
	cluster.Close()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, dir)
	defer n.stop(t)
	n.settle(t)
	for topic, keys := range map[string]int{"plain": 13, "behind": 7} {
		last := map[string]string{}
		for _, kv := range n.texts(t, topic) {
			k, v, _ := strings.Cut(kv, "=")
			last[k] = v
		}
		want := map[string]string{}
		counts := map[int]int{}
		for i := range 700 {
			counts[i%keys]++
		}
		for k, c := range counts {
			name := fmt.Sprintf("k%d", k)
			if topic == "behind" {
				name = string([]byte{0, 0, 0, byte(k)})
			}
			want[name] = fmt.Sprintf(`{"N":%d}`, c)
		}
		if !maps.Equal(last, want) {
			t.Errorf("%s: %q, want %q", topic, last, want)
		}
		after, err := n.cluster.EndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		grown := int64(0)
		for p, end := range after[topic] {
			grown += end - before[topic][p]
		}
		// Each group changes at least once by the new rows; the old ones are not put out again.
		if grown < int64(keys) || grown > 200 {
			t.Errorf("%s has %d more records", topic, grown)
		}
	}
}
