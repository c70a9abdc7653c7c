package hostile

import (
	"fmt"
	"strings"
)

// setup makes what statements are about.
const setup = `
CREATE STREAM s (k STRING KEY, a STRING, n BIGINT, l ARRAY<STRING>, m MAP<STRING, BIGINT>, d DOUBLE) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM r (k STRING KEY, a STRING, n BIGINT, l ARRAY<STRING>, m MAP<STRING, BIGINT>, d DOUBLE) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE TABLE t AS SELECT k, LATEST_BY_OFFSET(a) AS a, LATEST_BY_OFFSET(n) AS n, LATEST_BY_OFFSET(l) AS l, LATEST_BY_OFFSET(m) AS m, LATEST_BY_OFFSET(d) AS d, COUNT(*) AS c FROM s GROUP BY k;
`

// items are what a SELECT asks for.
func (g *generator) items() string {
	var out []string
	for i := range 1 + g.IntN(3) {
		out = append(out, fmt.Sprintf("%s AS e%d", g.top(g.some()), i))
	}
	return strings.Join(out, ", ")
}

func (g *generator) where() string {
	if g.IntN(3) > 0 {
		return ""
	}
	return " WHERE " + g.top(shape{name: "BOOLEAN"})
}

// window is a window, or none. Rows are in some dozens of windows at most where they are taken: what the rows of one fetch keep between two commits
// is not bounded but for each row.
func (g *generator) window() string {
	return pickOf(g, "", " WINDOW TUMBLING (SIZE 1 MILLISECOND)", " WINDOW TUMBLING (SIZE 1 HOUR)", " WINDOW HOPPING (SIZE 1 DAY, ADVANCE BY 1 HOUR)",
		" WINDOW HOPPING (SIZE 100000 DAYS, ADVANCE BY 1 MILLISECOND)", " WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS)", " WINDOW SESSION (1 MILLISECOND)", " WINDOW SESSION (1000 DAYS)")
}

// query is a SELECT without its EMIT.
func (g *generator) query() string {
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("SELECT %s, %s AS x, %s AS y FROM s%s%s GROUP BY %s", "k", g.aggregate(), g.aggregate(), g.window(), g.where(), "k")
	case 1:
		key := g.top(shape{name: "STRING"})
		return fmt.Sprintf("SELECT %s AS g, %s AS x FROM s%s GROUP BY %s", key, g.aggregate(), g.window(), key)
	case 2:
		return fmt.Sprintf("SELECT k, EXPLODE(%s) AS x, a, l FROM s%s", g.top(pickOf(g, array("STRING"), array("BIGINT"))), g.where())
	case 3:
		return "SELECT s.k, s.a, r.l, CONCAT(s.a, r.a) AS x FROM s JOIN r WITHIN 1000 DAYS ON s.k = r.k"
	case 4:
		return fmt.Sprintf("SELECT %s FROM s%s PARTITION BY %s", "k, "+g.items(), g.where(), g.top(shape{name: "STRING"}))
	}
	return fmt.Sprintf("SELECT k, %s FROM s%s", g.items(), g.where())
}

func array(of string) shape { return shape{name: "ARRAY", args: []shape{{name: of}}} }

// ask is a query of a client.
func (g *generator) ask() string {
	switch g.IntN(4) {
	case 0:
		return g.query() + fmt.Sprintf(" EMIT CHANGES LIMIT %d;", 1+g.IntN(50))
	case 1:
		return fmt.Sprintf("SELECT k, %s FROM s%s LIMIT %d;", g.items(), g.where(), 1+g.IntN(50))
	case 2:
		return fmt.Sprintf("SELECT k, %s FROM t%s ORDER BY e0;", g.items(), g.where())
	}
	return fmt.Sprintf("SELECT k, %s FROM t%s;", g.items(), g.where())
}

// create makes a query that goes on, and what drops it.
func (g *generator) create(n int) (statement, drop string) {
	q := g.query()
	kind := "STREAM"
	if strings.Contains(q, "GROUP BY") {
		kind = "TABLE"
	}
	with := pickOf(g, "", "", "", " WITH (PARTITIONS=3)", " WITH (PARTITIONS=2000000000)", " WITH (VALUE_FORMAT='AVRO')", " WITH (VALUE_FORMAT='PROTOBUF')", " WITH (VALUE_FORMAT='DELIMITED')")
	final := ""
	if strings.Contains(q, "WINDOW") && g.IntN(2) > 0 {
		final = " EMIT FINAL"
	}
	return fmt.Sprintf("CREATE %s x%d%s AS %s%s;", kind, n, with, q, final), fmt.Sprintf("DROP %s IF EXISTS x%d DELETE TOPIC;", kind, n)
}

func (g *generator) insert() string {
	return fmt.Sprintf("INSERT INTO %s (k, a, n, l) VALUES (%s, %s, %s, %s);", pickOf(g, "s", "r"), g.constant("STRING"), g.constant("STRING"), g.constant("BIGINT"), g.constant("ARRAY<STRING>"))
}

// constant is an expression without columns.
func (g *generator) constant(t string) string {
	columns := g.columns
	g.columns = nil
	defer func() { g.columns = columns }()
	s, _ := shapeOf(t)
	return strings.ReplaceAll(g.top(s), "(n > 3)", "TRUE")
}

// script is a text that is large for other reasons than what it asks for.
func (g *generator) script() string {
	n := pickOf(g, 100, 1000, 10_000)
	switch g.IntN(6) {
	case 0:
		return strings.Repeat("SET 'auto.offset.reset'='earliest'; ", n)
	case 1:
		return "INSERT INTO s (k, n) VALUES ('x', " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + ");"
	case 2:
		return "INSERT INTO s (k, n) VALUES ('x', 1" + strings.Repeat("+1", n) + ");"
	case 3:
		return "INSERT INTO s (k, a) VALUES ('x', '" + strings.Repeat("y", 100*n) + "');"
	case 4:
		return "CREATE STREAM z (v " + strings.Repeat("ARRAY<", n) + "INT" + strings.Repeat(">", n) + ") WITH (KAFKA_TOPIC='z', VALUE_FORMAT='JSON', PARTITIONS=1);"
	}
	return "INSERT INTO s (k, n) VALUES ('x', CASE" + strings.Repeat(" WHEN 1 = 2 THEN 3", n) + " END);"
}

// record is the value of a record: sometimes no JSON, or not of the columns.
func (g *generator) record() string {
	long := strings.Repeat("x", pickOf(g, 0, 1, 100, 10_000, 500_000))
	switch g.IntN(8) {
	case 0:
		return strings.Repeat("[", pickOf(g, 10, 100_000))
	case 1:
		return `{"A":` + strings.Repeat(`{"A":`, 900) + "1" + strings.Repeat("}", 901)
	case 2:
		return `{"L":[` + strings.Repeat(`"",`, pickOf(g, 10, 10_000, 100_000)) + `""]}`
	case 3:
		var b strings.Builder
		for i := range pickOf(g, 10, 1000, 20_000) {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return `{"M":{` + b.String() + `"k":1}}`
	case 4:
		return `{"N":` + strings.Repeat("9", pickOf(g, 5, 18, 400)) + `,"D":1e308,"A":"` + long + `"}`
	case 5:
		return long
	}
	return fmt.Sprintf(`{"A":"%s","N":%d,"L":["a","b","%s"],"M":{"a":1},"D":%d.5}`, long, g.IntN(1_000_000), long, g.IntN(100))
}
