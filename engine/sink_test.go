package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/connectors"
)

func (n *node) lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// TestSinkOfATable writes the changes of a windowed table to a file: with the columns of its key and of its window, over a restart, and as long
// as the connector is not paused.
func TestSinkOfATable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	n := startNode(t, dir)
	s := NewSession()
	n.run(t, s, `CREATE STREAM s (k STRING KEY, v INTEGER, ts BIGINT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2, TIMESTAMP='ts');
		CREATE TABLE sums WITH (KAFKA_TOPIC='sums', VALUE_FORMAT='AVRO') AS SELECT k, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k;
		CREATE SINK CONNECTOR out WITH ('connector.class'='file', 'from'='sums', 'path'='`+path+`', 'format'='csv', 'deletes'='true');
		INSERT INTO s VALUES ('a', 1, 1000);`)
	settle := func() {
		t.Helper()
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	status := func() connectors.Status {
		t.Helper()
		st, err := n.Connectors().Status("OUT")
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	if st := status(); st.Rows != 1 || st.State != connectors.Running {
		t.Errorf("%+v", st)
	}
	n.run(t, s, `PAUSE CONNECTOR out; INSERT INTO s VALUES ('a', 2, 2000);`)
	settle()
	if st := status(); st.Rows != 1 || st.State != connectors.Paused {
		t.Errorf("paused: %+v", st)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer func() { n.stop(t) }()
	if st := status(); st.State != connectors.Paused {
		t.Errorf("paused, after a restart: %+v", st)
	}
	n.run(t, s, `RESUME CONNECTOR out; INSERT INTO s VALUES ('b', 5, 12000);`)
	settle()
	got := n.lines(t, path)
	want := []string{"K,WINDOWSTART,WINDOWEND,TOTAL,__deleted", "a,0,10000,1,false", "a,0,10000,3,false", "b,10000,20000,5,false"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	for sql, want := range map[string]string{
		`PAUSE CONNECTOR nope;`: "Connector 'NOPE' does not exist.",
		`CREATE SINK CONNECTOR x WITH ('connector.class'='file', 'from'='sms', 'path'='x');`: "there is no stream or table SMS.\nDid you mean SUMS?",
	} {
		n.refuses(t, sql, want)
	}
}
