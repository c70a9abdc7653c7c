package planner_test

import (
	"slices"
	"strings"
	"testing"

	"weir/catalog"
	"weir/functions"
	"weir/parser"
	"weir/planner"
	"weir/planner/plan"
)

const joinSources = `
CREATE STREAM s (id INT KEY, a INT, b STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM s2 (id INT KEY, a INT, c STRING) WITH (KAFKA_TOPIC='s2', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM s3 (id INT KEY, a INT) WITH (KAFKA_TOPIC='s3', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM json (id INT KEY, a INT) WITH (KAFKA_TOPIC='json', FORMAT='JSON', PARTITIONS=4);
CREATE STREAM two (k1 INT KEY, k2 INT KEY, a INT) WITH (KAFKA_TOPIC='two', FORMAT='JSON', PARTITIONS=4);
CREATE STREAM none (id INT, a INT) WITH (KAFKA_TOPIC='none', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE t (id INT PRIMARY KEY, a INT, d STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE t2 (id INT PRIMARY KEY, f INT, st STRUCT<x INT>, l ARRAY<INT>) WITH (KAFKA_TOPIC='t2', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE t3 (id INT PRIMARY KEY, a INT) WITH (KAFKA_TOPIC='t3', FORMAT='JSON', PARTITIONS=4);
CREATE TABLE w (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON', WINDOW_TYPE='SESSION', PARTITIONS=4);
`

// joinPlanner plans statements over joinSources.
func joinPlanner(t testing.TB) func(sql string) (*planner.Plan, error) {
	env := &planner.Env{Functions: functions.Standard(), Partitions: func(string) (int32, bool) { return 4, true }}
	cat := catalog.New()
	build := func(sql string) (*planner.Plan, error) {
		list, err := parser.Parse(sql, parser.Options{})
		if err != nil || len(list) != 1 {
			return nil, err
		}
		env.Catalog = cat.Snapshot()
		return planner.Build(list[0].Node, list[0].Text, env)
	}
	for _, sql := range strings.SplitAfter(strings.TrimSpace(joinSources), ";\n") {
		p, err := build(sql)
		if err == nil {
			err = cat.Apply(p.Change)
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return build
}

// Rows are sent to other partitions only where they don't lie right already.
func TestJoinRepartitions(t *testing.T) {
	build := joinPlanner(t)
	for _, c := range []struct{ from, want string }{
		{"s JOIN s2 WITHIN 1 HOUR ON s.id = s2.id", ""},
		{"s JOIN s2 WITHIN 1 HOUR ON s2.id = s.a", "Join-left"},
		{"s JOIN s2 WITHIN 1 HOUR ON s.id = ABS(s2.id)", "Join-right"},
		{"s JOIN json WITHIN 1 HOUR ON s.id = json.id", "Join-right"},
		{"json JOIN s WITHIN 1 HOUR ON s.a = json.id", "Join-right"},
		{"s JOIN none WITHIN 1 HOUR ON s.id = none.id", "Join-right"},
		{"two JOIN s WITHIN 1 HOUR ON two.k1 = s.id", "Join-left"},
		{"s JOIN t ON s.id = t.id", ""},
		{"s JOIN t ON t.id = s.a", "Join"},
		{"s JOIN t3 ON s.id = t3.id", "RightSourceKeyed-SelectKey"},
		{"s JOIN t3 ON s.a = t3.id", "Join"},
		{"t JOIN t2 ON t.id = t2.id", ""},
		{"t3 FULL JOIN t2 ON t3.id = t2.id", "RightSourceKeyed-SelectKey"},
		{"t2 LEFT JOIN t ON t2.f = t.id", "ForeignKey-response ForeignKey-subscription"},
		{"t2 LEFT JOIN t ON t2.f = t.id JOIN t3 ON t2.id = t3.id", "RightSourceKeyed-SelectKey L_ForeignKey-response L_ForeignKey-subscription"},
		{"s JOIN t ON s.id = t.id JOIN t2 ON s.id = t2.id", ""},
		{"s JOIN t ON s.id = t.id JOIN t2 ON t.id = t2.id", ""},
		{"s JOIN t ON s.a = t.id JOIN t2 ON s.a = t2.id", "L_Join"},
		{"s JOIN t ON s.a = t.id JOIN t2 ON s.id = t2.id", "Join L_Join"},
		{"s JOIN s2 WITHIN 1 HOUR ON s.id = ABS(s2.id) JOIN s3 WITHIN 1 HOUR ON ABS(s2.id) = s3.id", "L_Join-right"},
		{"s JOIN s2 WITHIN 1 HOUR ON s.a < s2.a AND s.id = s2.id AND s.b = s2.c", ""},
		{"s JOIN t ON s.a = t.a AND s.id = t.id", ""},
		{"t2 JOIN t ON t2.f = t.a AND t2.id = t.id", ""},
		{"t2 JOIN t ON t2.f = t.id AND t2.id = t.id", ""},
		{"t2 JOIN t ON t2.f = t.id AND t2.id > t.a", "ForeignKey-response ForeignKey-subscription"},
		{"w JOIN t ON w.id = t.id", ""},
		{"w LEFT JOIN t3 ON w.id = t3.id AND n > 3", "RightSourceKeyed-SelectKey"},
		{"s FULL JOIN s2 WITHIN 1 HOUR ON s.id = s2.id JOIN t ON s.id = t.id", "Join"},
	} {
		p, err := build("SELECT * FROM " + c.from + " EMIT CHANGES;")
		if err != nil {
			t.Errorf("%s: %v", c.from, err)
			continue
		}
		var steps []string
		plan.Walk(p.Query.Root, func(n plan.Node) bool {
			if r, ok := n.(*plan.Repartition); ok {
				steps = append(steps, r.Step)
			}
			return true
		})
		slices.Sort(steps)
		want := strings.Fields(c.want)
		slices.Sort(want)
		if !slices.Equal(steps, want) {
			t.Errorf("%s: topics %q, expected %q\n%s", c.from, steps, want, plan.Explain(p.Query))
		}
	}
}

// FuzzJoin plans joins, whatever is written.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{"* FROM s JOIN s2 WITHIN 1 HOUR ON s.id = s2.id", "a.*, b.id x FROM s a LEFT JOIN s2 b WITHIN (1 DAY, 0 DAYS) GRACE PERIOD 1 DAY ON a.id = b.a",
		"ROWKEY, t.d FROM t FULL JOIN t2 ON t.id = t2.id WHERE t2.f > 1", "t2.id, d, st->x FROM t2 JOIN t ON f = t.id JOIN t3 ON t2.id = t3.id",
		"t.d, COUNT(*) FROM s JOIN t ON s.a = t.id GROUP BY t.d", "s.b, t.* FROM s JOIN t ON s.a + 1 = t.id PARTITION BY s.b",
		"TRANSFORM(l, a => a + f) FROM t2 JOIN t ON t2.id = t.id", "* FROM s JOIN none ON s.id = s.id AND 1 = 2",
		"* FROM s LEFT JOIN t ON s.id = t.id AND s.a < t.a AND t.d LIKE 'x%'", "t2.id, t.d FROM t2 JOIN t ON f = t.id AND t2.id > t.a", "w.id, n, t.d FROM w LEFT JOIN t ON w.id = t.id AND n > t.a"} {
		f.Add(seed)
	}
	build := joinPlanner(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, head := range []string{"CREATE STREAM out AS SELECT ", "CREATE TABLE out AS SELECT ", "SELECT "} {
			p, err := build(head + query + " EMIT CHANGES;")
			if err != nil || p == nil || p.Query == nil || p.Query.Root == nil {
				continue
			}
			if plan.Explain(p.Query) == "" {
				t.Error("nothing to explain")
			}
			checkSlots(t, query, p.Query.Root)
		}
	})
}

// checkSlots sees that the layout of a join is that of its inputs, and its key.
func checkSlots(t *testing.T, query string, root plan.Node) {
	plan.Walk(root, func(n plan.Node) bool {
		j := plan.KeyJoinOf(n)
		if j == nil {
			return true
		}
		_, windowed := n.(*plan.WindowedJoin)
		want := len(j.Left.Layout()) + len(j.Right.Layout()) + len(j.LeftKey)
		if max(j.Headers[0], j.Headers[1]) >= 0 {
			want++
		}
		if len(j.Slots) != want || !windowed && len(j.LeftKey) != len(j.RightKey) {
			t.Errorf("%s: %d slots, expected %d\n", query, len(j.Slots), want)
		}
		return true
	})
}
