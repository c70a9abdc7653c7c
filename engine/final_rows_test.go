package engine

import (
	"fmt"
	"strings"
	"testing"
)

// The rows of windows that go out once are read as a stream as soon as they are there, and stand among others where their windows closed: a join
// finds the table as of then, whatever it has come to since.
func TestRowsOfClosedWindowsAsAStream(t *testing.T) {
	for name, c := range map[string]struct{ window, aggregates, want string }{
		"tumbling":         {"TUMBLING (SIZE 10 SECONDS)", "", "second"},
		"in order":         {"TUMBLING (SIZE 10 SECONDS)", ", COLLECT_LIST(a) AS c", "second"},
		"hopping":          {"HOPPING (SIZE 10 SECONDS, ADVANCE BY 10 SECONDS)", "", "second"},
		"with a grace":     {"TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 1 SECOND)", "", "third"},
		"a session":        {"SESSION (5998 MILLISECONDS)", "", "first"}, // which is closed from a millisecond behind its gap on
		"a longer session": {"SESSION (5999 MILLISECONDS)", "", "second"},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n, s := p.start(t), NewSession()
				s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"], s.Properties["weir.wait.upstream"] = "earliest", "600000", "600000"
				n.run(t, s, `CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
					CREATE TABLE p (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON', PARTITIONS=1);
					INSERT INTO p (rowtime, k, name) VALUES (0, 'x', 'first'); INSERT INTO p (rowtime, k, name) VALUES (9999, 'x', 'second');
					INSERT INTO p (rowtime, k, name) VALUES (10000, 'x', 'third'); INSERT INTO p (rowtime, k, name) VALUES (11000, 'x', 'fourth');
					INSERT INTO s (rowtime, k, a) VALUES (3000, 'x', 1); INSERT INTO s (rowtime, k, a) VALUES (4000, 'x', 2); INSERT INTO s (rowtime, k, a) VALUES (30000, 'x', 3);`)
				n.run(t, s, fmt.Sprintf(`CREATE TABLE w WITH (KAFKA_TOPIC='w') AS SELECT k, AS_VALUE(k) AS id, COUNT(*) AS n%s FROM s WINDOW %s GROUP BY k EMIT FINAL;
					CREATE STREAM f (id STRING, n BIGINT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON');
					CREATE STREAM j WITH (KAFKA_TOPIC='j') AS SELECT f.id AS id, n, name FROM f LEFT JOIN p ON f.id = p.k;`, c.aggregates, c.window))
				until(t, "the row of the window is joined", func() bool { return len(n.texts(t, "j")) == 1 })
				if got := n.texts(t, "j")[0]; !strings.Contains(got, `"N":2,"NAME":"`+c.want+`"`) {
					t.Errorf("got %s, want the %s row", got, c.want)
				}
			})
		})
	}
}
