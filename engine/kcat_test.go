package engine

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKcat has records written and read by another client of Kafka, over the wire: keys, headers, tombstones, batches
// compressed in every way.
func TestKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed")
	}
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	run := func(in string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, kcat, append([]string{"-b", n.broker.Addr(), "-q"}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("kcat %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	s := NewSession()
	s.Properties["auto.offset.reset"] = "earliest"
	n.run(t, s, `CREATE STREAM s (k STRING KEY, a INT, b ARRAY<STRING>, h BYTES HEADER('who')) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t (k STRING PRIMARY KEY, a INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE sums AS SELECT a, COUNT(*) AS n FROM t GROUP BY a;`)
	var want []string
	for i, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		run("k"+codec+`:{"a":`+string(rune('0'+i))+`,"b":["x, y",null]}`+"\n", "-P", "-t", "s", "-K:", "-z", codec, "-H", "who="+codec)
		want = append(want, "k"+codec+" | "+string(rune('0'+i))+" | [x, y, null] | "+codec)
	}
	got := strings.Split(strings.TrimSpace(n.run(t, s, `SELECT k, a, b, FROM_BYTES(h, 'utf8') AS h FROM s EMIT CHANGES LIMIT 5;`)), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("kcat's records are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	run("x:{\"a\":7}\ny:{\"a\":7}\nx:\n", "-P", "-t", "t", "-K:", "-Z")
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(run("", "-C", "-t", "SUMS", "-e", "-f", "%k=%s\n", "-s", "key=>i"))
	if len(lines) == 0 || lines[len(lines)-1] != `7={"N":1}` {
		t.Errorf("kcat reads the table's topic as %q", lines)
	}
}
