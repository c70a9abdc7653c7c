package memory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weir/parser"
)

// idling is an engine whose queries go on with the clock.
type idling struct {
	*testing.T
	*Engine
}

func newIdling(t *testing.T) idling {
	e, err := New(Options{Config: map[string]string{"weir.idle.close": "10 seconds"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return idling{t, e}
}

func (e idling) run(sql string) {
	e.Helper()
	list, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		e.Fatal(err)
	}
	for _, s := range list {
		if _, err := e.Execute(s); err != nil {
			e.Fatal(err)
		}
	}
}

// idle lets time pass, and compares what then is in the topic T.
func (e idling) idle(d time.Duration, want ...string) {
	e.Helper()
	if err := e.Driver.Idle(d); err != nil {
		e.Fatal(err)
	}
	var got []string
	for _, r := range e.Driver.All([]string{"T"}) {
		got = append(got, string(r.Value))
	}
	if !slices.Equal(got, want) {
		e.Fatalf("after %v: got %q, want %q", d, got, want)
	}
}

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
			e := newIdling(t)
			e.run(`CREATE STREAM s (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE TABLE t AS SELECT ` + c.group + `, COUNT(*) AS n FROM s WINDOW ` + c.window + ` GROUP BY ` + c.group + ` EMIT FINAL;
				INSERT INTO s (ROWTIME, k, g) VALUES (0, 'a', 'a');
				INSERT INTO s (ROWTIME, k, g) VALUES (1000, 'a', 'a');`)
			e.idle(9 * time.Second)
			e.idle(30 * time.Second)
			e.idle(31*time.Second, `{"N":2}`)
			e.run(`INSERT INTO s (ROWTIME, k, g) VALUES (500, 'a', 'a');`)
			e.idle(time.Hour, `{"N":2}`)
			e.run(`INSERT INTO s (ROWTIME, k, g) VALUES (9000000, 'a', 'a');`)
			e.idle(time.Hour, append([]string{`{"N":2}`}, slices.Repeat([]string{`{"N":1}`}, c.open)...)...)
		})
	}
}

// Rows that wait for a match go out as virtual time passes, whichever way the streams come to the join, and into the windows
// behind it; windows behind two repartitions close.
func TestIdleCloseOfJoins(t *testing.T) {
	for _, c := range []struct {
		name, on, result string
		want             string
	}{
		{"sources", "l.k = r.k", "STREAM t AS SELECT l.k, l.g, r.v {join}", `{"L_G":"a","V":null}`},
		{"one re-keyed", "l.g = r.k", "STREAM t AS SELECT l.g, l.k, r.v {join}", `{"L_K":"x","V":null}`},
		{"both re-keyed", "l.g = r.g", "STREAM t AS SELECT l.g, l.k, r.v {join}", `{"L_K":"x","V":null}`},
		{"windows in the same stage", "l.k = r.k", "TABLE t AS SELECT l.k, COUNT(*) AS n {join} WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY l.k EMIT FINAL",
			`{"N":1}`},
		{"windows behind a repartition", "l.k = r.k", "TABLE t AS SELECT l.g, COUNT(*) AS n {join} WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY l.g EMIT FINAL",
			`{"N":1}`},
		{"windows behind two", "l.g = r.g", "TABLE t AS SELECT l.k, COUNT(*) AS n {join} WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY l.k EMIT FINAL",
			`{"N":1}`},
		{"windows behind one and a source", "l.g = r.k", "TABLE t AS SELECT l.k, COUNT(*) AS n {join} WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY l.k EMIT FINAL",
			`{"N":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newIdling(t)
			join := "FROM l LEFT JOIN r WITHIN 20 SECONDS GRACE PERIOD 20 SECONDS ON " + c.on
			e.run(`CREATE STREAM l (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE STREAM r (k STRING KEY, g STRING, v INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE ` + strings.ReplaceAll(c.result, "{join}", join) + `;
				INSERT INTO r (ROWTIME, k, g, v) VALUES (0, 'other', 'other', 1);
				INSERT INTO l (ROWTIME, k, g) VALUES (1000, 'x', 'a');`)
			e.idle(9 * time.Second)
			e.idle(30 * time.Second)
			if strings.HasPrefix(c.result, "TABLE") {
				e.idle(30 * time.Second)
				e.idle(30 * time.Minute)
			}
			e.idle(time.Hour, c.want)
			e.idle(time.Hour, c.want)
		})
	}
}
