package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A run ends by saying what each query left out, and what to do about it; and says nothing where there is nothing.
func TestRunTellsWhatIsLeftOut(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const clicks = "CREATE STREAM c (k STRING KEY, v INT) WITH (KAFKA_TOPIC='c', VALUE_FORMAT='JSON', PARTITIONS=1);"
	const inserts = "INSERT INTO c (k, v, ROWTIME) VALUES ('x', 1, 1000); INSERT INTO c (k, v, ROWTIME) VALUES ('x', 2, 100000); " +
		"INSERT INTO c (k, v, ROWTIME) VALUES ('x', 3, 2000); INSERT INTO c (k, v, ROWTIME) VALUES ('x', 4, 3000);"
	const joined = clicks + "CREATE STREAM d (k STRING KEY, w INT) WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS=1);" + inserts +
		"INSERT INTO d (k, w, ROWTIME) VALUES ('x', 1, 1000);"
	const log = "CREATE STREAM l (a INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);" +
		"CREATE SOURCE CONNECTOR f WITH ('connector.class'='file', 'path'='rows.json', 'format'='json', 'topic'='l');"
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "rows.json"), "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":3}\n")
	for _, c := range []struct {
		name, sql string
		totals    string
		want      []string
	}{
		{"nothing", clicks + inserts + "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 100 SECONDS) GROUP BY k EMIT FINAL;", "0 late, 0 bad", nil},
		{"windows", clicks + inserts + "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;", "2 late, 0 bad",
			[]string{"CTAS_T_2: 2 rows came too late for the windows of the query and were left out. A longer GRACE PERIOD in its WINDOW clause, now 0 SECONDS, takes such rows in."}},
		{"behind a repartition, to a stream of late rows", clicks + inserts + "CREATE TABLE t WITH (LATE_STREAM='missed') AS SELECT v * 0 AS g, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 80 SECONDS) GROUP BY v * 0;",
			"2 late, 0 bad", []string{"CTAS_T_2: 2 rows came too late for the windows of the query and went to MISSED. A longer GRACE PERIOD in its WINDOW clause, now 80 SECONDS, takes such rows in."}},
		{"to a stream of late rows", clicks + inserts + "CREATE TABLE t WITH (LATE_STREAM='missed') AS SELECT k, COUNT(*) AS n FROM c WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 1500 MILLISECONDS) GROUP BY k;",
			"2 late, 0 bad", []string{"CTAS_T_2: 2 rows came too late for the windows of the query and went to MISSED. A longer GRACE PERIOD in its WINDOW clause, now 1500 MILLISECONDS, takes such rows in."}},
		{"a client's query", clicks + inserts + "SELECT k, COUNT(*) AS n FROM c WINDOW SESSION (1 SECOND, GRACE PERIOD 1 MINUTE) GROUP BY k EMIT CHANGES;", "2 late, 0 bad",
			[]string{"transient_C_1: 2 rows came too late for the windows of the query and were left out. A longer GRACE PERIOD in its WINDOW clause, now 1 MINUTES, takes such rows in."}},
		{"a join", joined + "CREATE STREAM j AS SELECT c.k, v, w FROM c JOIN d WITHIN 1 SECOND GRACE PERIOD 1 SECOND ON c.k = d.k;", "1 late, 0 bad",
			[]string{"CSAS_J_3: 1 row came too late for the join of the query and was left out. A longer GRACE PERIOD behind its WITHIN, now 1 SECONDS, takes such rows in."}},
		{"one that was ended", clicks + inserts + "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM c WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k; SELECT * FROM t; DROP TABLE t;", "2 late, 0 bad",
			[]string{"CTAS_T_2: 2 rows came too late"}},
		{"bad records", log + "CREATE STREAM t AS SELECT a FROM l;", "0 late, 1 bad",
			[]string{"CSAS_T_3: 1 record could not be read or written, and was left out; the first at offset 1 of topic l, partition 0: value: JSON, column `A`"}},
		{"rows that can't be written", clicks + inserts + "CREATE STREAM t WITH (TIMESTAMP='seen') AS SELECT k, CASE WHEN v = 3 THEN NULL ELSE CAST(v AS BIGINT) END AS seen FROM c;", "0 late, 1 bad",
			[]string{"CSAS_T_2: 1 record could not be read or written, and was left out; the first at offset 2 of topic c, partition 0: sink: row left out: the event time, column SEEN, is NULL"}},
		{"bad records of a client's query", log + "SELECT a FROM l EMIT CHANGES;", "0 late, 1 bad",
			[]string{"transient_L_1: 1 record could not be read or written, and was left out; the first at offset 1 of topic l, partition 0: value: JSON, column `A`"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := writeFile(t, filepath.Join(dir, "script.sql"), c.sql)
			status, out, errs := call(t.Context(), "", "run", name)
			_, end, done := strings.Cut(out, "\nDone: ")
			if status != 0 || errs != "" || !done {
				t.Fatalf("%d\n%s\n%s", status, out, errs)
			}
			lines := strings.Split(strings.TrimSpace(end), "\n")
			if !strings.Contains(lines[0], c.totals) || len(lines) != len(c.want)+1 {
				t.Fatalf("want %s and %q, got\n%s", c.totals, c.want, end)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i+1], want) {
					t.Errorf("want %q, got %q", want, lines[i+1])
				}
			}
		})
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 SECONDS", time.Second: "1 SECONDS", 90 * time.Second: "90 SECONDS", 24 * time.Hour: "1 DAYS", 1500 * time.Millisecond: "1500 MILLISECONDS"} {
		if got := span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
