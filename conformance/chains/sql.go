package chains

import (
	"fmt"
	"strings"
)

// declare is the statement of a source. Names of topics have the prefix.
func (s *source) declare(prefix string) string {
	what, key, format := "STREAM", "KEY", "KAFKA"
	if s.table {
		what, key = "TABLE", "PRIMARY KEY"
	}
	if s.jsonKey {
		format = "JSON"
	}
	return fmt.Sprintf("CREATE %s %s (k STRING %s, g STRING, v BIGINT) WITH (KAFKA_TOPIC='%s', KEY_FORMAT='%s', VALUE_FORMAT='JSON', PARTITIONS=%d);",
		what, s.name, key, s.topic(prefix), format, s.partitions)
}

func (s *source) topic(prefix string) string { return prefix + s.name }

// cache is the statement that says how a query's changes are written.
func (q *query) cache() string {
	if q.uncached {
		return "SET 'cache.max.bytes.buffering'='0';"
	}
	return "SET 'cache.max.bytes.buffering'='10000000';"
}

// sql is the statement of a query.
func (q *query) sql(prefix string) string {
	what := "STREAM"
	if q.out.table {
		what = "TABLE"
	}
	return fmt.Sprintf("CREATE %s %s WITH (KAFKA_TOPIC='%s', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=%d) AS\n  SELECT %s;",
		what, q.out.name, q.out.topic(prefix), q.out.partitions, q.body())
}

func (q *query) body() string {
	from := q.in[0].name
	switch q.kind {
	case filter, tableFilter:
		return fmt.Sprintf("k, g, v + %d AS v FROM %s WHERE v %% %d <> 0", q.plus, from, q.mod)
	case rekey:
		return "g AS k, k AS g, v FROM " + from + " PARTITION BY g"
	case regroup:
		return "g AS k, COUNT(*) AS n, SUM(v) AS v, CAST(SUM(v) % 7 AS STRING) AS g FROM " + from + " GROUP BY g HAVING COUNT(*) > 0"
	case aggregate, tumbling, hopping, session:
		return q.grouped(from)
	case streamJoin:
		return q.joined("COALESCE(a.v, 1) * 3 + COALESCE(b.v, 2) AS v", "COALESCE(a.g, b.g)") + fmt.Sprintf(" WITHIN (%d MILLISECONDS, %d MILLISECONDS) GRACE PERIOD %d MILLISECONDS", q.before, q.after, q.grace) + q.condition()
	case lookup:
		v := "a.v"
		if q.in[1].exact() {
			v = "a.v * 3 + COALESCE(b.v, -1)"
		}
		return q.joined(v+" AS v, COALESCE(b.v, -1) AS w", "COALESCE(a.g, '')") + q.condition()
	case tableJoin, foreignJoin:
		return q.joined("COALESCE(a.v, 1) * 3 + COALESCE(b.v, 2) AS v", "COALESCE(a.g, b.g)") + q.condition()
	}
	panic("no such kind " + q.kind)
}

func (q *query) grouped(from string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s AS k, COUNT(*) AS n, SUM(v) AS v, MIN(v) AS mi, MAX(v) AS ma, CAST(SUM(v) %% 7 AS STRING) AS g", q.on[0])
	if q.ordered {
		b.WriteString(", EARLIEST_BY_OFFSET(v) AS e, LATEST_BY_OFFSET(v) AS l, COLLECT_LIST(v) AS c")
	}
	fmt.Fprintf(&b, " FROM %s", from)
	switch q.kind {
	case tumbling:
		fmt.Fprintf(&b, " WINDOW TUMBLING (SIZE %d MILLISECONDS, GRACE PERIOD %d MILLISECONDS)", q.size, q.grace)
	case hopping:
		fmt.Fprintf(&b, " WINDOW HOPPING (SIZE %d MILLISECONDS, ADVANCE BY %d MILLISECONDS, GRACE PERIOD %d MILLISECONDS)", q.size, q.advance, q.grace)
	case session:
		fmt.Fprintf(&b, " WINDOW SESSION (%d MILLISECONDS, GRACE PERIOD %d MILLISECONDS)", q.size, q.grace)
	}
	fmt.Fprintf(&b, " GROUP BY %s", q.on[0])
	if q.final {
		b.WriteString(" EMIT FINAL")
	} else {
		b.WriteString(" EMIT CHANGES")
	}
	return b.String()
}

// joined is a join up to its sources. Its key is what joins them, but for foreign keys.
func (q *query) joined(values, g string) string {
	key := "a." + q.on[0]
	switch {
	case q.kind == foreignJoin:
		key = "a.k"
	case q.join == "RIGHT":
		key = "b." + q.on[1]
	case q.join == "FULL":
		key = "ROWKEY"
	}
	return fmt.Sprintf("%s AS k, %s AS g, %s FROM %s a %s JOIN %s b", key, g, values, q.in[0].name, q.join, q.in[1].name)
}

func (q *query) condition() string { return fmt.Sprintf(" ON a.%s = b.%s", q.on[0], q.on[1]) }

// text is the whole pipeline.
func (p *pipeline) text() string {
	var lines []string
	for _, s := range p.sources {
		lines = append(lines, s.declare(""))
	}
	for _, q := range p.queries {
		lines = append(lines, q.cache(), q.sql(""))
	}
	return strings.Join(lines, "\n")
}

// shape names what the queries are, in short.
func (p *pipeline) shape() string {
	var out []string
	for _, q := range p.queries {
		out = append(out, string(q.kind))
	}
	return strings.Join(out, " > ")
}
