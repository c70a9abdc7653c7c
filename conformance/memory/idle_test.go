package memory

import (
	"slices"
	"testing"
	"time"

	"weir/parser"
)

// Windows close as virtual time passes, and not before; the stream time that has gone on decides which rows are late.
func TestIdleClose(t *testing.T) {
	for _, c := range []struct {
		name, group, window string
		open                int // windows that hold one row
	}{
		{"tumbling", "k", "TUMBLING (SIZE 60 SECONDS)", 1},
		{"behind a repartition", "g", "TUMBLING (SIZE 60 SECONDS)", 1},
		{"hopping", "g", "HOPPING (SIZE 60 SECONDS, ADVANCE BY 30 SECONDS)", 2},
		{"sessions", "g", "SESSION (59 SECONDS)", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := New(Options{Config: map[string]string{"weir.idle.close": "10 seconds"}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Close() }()
			run := func(sql string) {
				t.Helper()
				list, err := parser.Parse(sql, parser.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range list {
					if _, err := e.Execute(s); err != nil {
						t.Fatal(err)
					}
				}
			}
			idle := func(d time.Duration, want ...string) {
				t.Helper()
				if err := e.Driver.Idle(d); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range e.Driver.All([]string{"T"}) {
					got = append(got, string(r.Value))
				}
				if !slices.Equal(got, want) {
					t.Fatalf("after %v: got %q, want %q", d, got, want)
				}
			}
			run(`CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE TABLE t AS SELECT ` + c.group + `, COUNT(*) AS n FROM s WINDOW ` + c.window + ` GROUP BY ` + c.group + ` EMIT FINAL;
				INSERT INTO s (ROWTIME, k, g) VALUES (0, 'a', 'a');
				INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'a', 'a');`)
			idle(9 * time.Second)
			idle(30 * time.Second)
			idle(31*time.Second, `{"N":2}`)
			run(`INSERT INTO s (ROWTIME, k, g) VALUES (500, 'a', 'a');`)
			idle(time.Hour, `{"N":2}`)
			run(`INSERT INTO s (ROWTIME, k, g) VALUES (9000000, 'a', 'a');`)
			idle(time.Hour, append([]string{`{"N":2}`}, slices.Repeat([]string{`{"N":1}`}, c.open)...)...)
		})
	}
}
