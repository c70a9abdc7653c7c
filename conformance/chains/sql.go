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
	text := fmt.Sprintf("CREATE %s %s WITH (KAFKA_TOPIC='%s', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=%d) AS\n  SELECT %s;",
		what, q.out.name, q.out.topic(prefix), q.out.partitions, q.body())
	if q.kind == union {
		text += fmt.Sprintf("\nINSERT INTO %s SELECT k, g, v FROM %s;", q.out.name, q.in[1].name)
	}
	return text
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
		return q.grouped()
	case union:
		return "k, g, v FROM " + from
	case streamJoin:
		if q.more != nil {
			return q.joined(q.value(both)+" AS v", "COALESCE(a.g, '')")
		}
		return q.joined(both+" AS v", "COALESCE(a.g, b.g)")
	case lookup:
		v := "a.v"
		if q.in[1].exact() {
			v = q.value(looked)
		}
		return q.joined(v+" AS v, COALESCE(b.v, -1) AS w", "COALESCE(a.g, '')")
	case tableJoin, foreignJoin:
		return q.joined(both+" AS v", "COALESCE(a.g, b.g)")
	}
	panic("no such kind " + q.kind)
}

// both is v of two joined rows, either of which may not be there; looked of a row and what it finds in a table.
const (
	both   = "COALESCE(a.v, 1) * 3 + COALESCE(b.v, 2)"
	looked = "a.v * 3 + COALESCE(b.v, -1)"
)

func (q *query) grouped() string {
	var b strings.Builder
	by, v, from := q.by, "v", q.in[0].name
	switch q.inner {
	case streamJoin:
		v, from = q.value(both), q.from()
		by = "COALESCE(a.g, b.g)"
		if q.by == "k" {
			by = fmt.Sprintf("COALESCE(a.%s, b.%s)", q.on[0], q.on[1])
		}
	case lookup:
		v, from, by = q.value(looked), q.from(), "a."+q.by
		if q.by == "k" {
			by = "a." + q.on[0]
		}
	default: // it joins nothing
	}
	switch {
	case q.more != nil && q.by == "k":
		by = q.moreKey()
	case q.more != nil:
		by = "a.g"
	}
	fmt.Fprintf(&b, "%s AS k, COUNT(*) AS n, SUM(%s) AS v, MIN(%s) AS mi, MAX(%s) AS ma, CAST(SUM(%s) %% 7 AS STRING) AS g", by, v, v, v, v)
	if q.ordered {
		fmt.Fprintf(&b, ", EARLIEST_BY_OFFSET(%s) AS e, LATEST_BY_OFFSET(%s) AS l, COLLECT_LIST(%s) AS c", v, v, v)
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
	fmt.Fprintf(&b, " GROUP BY %s", by)
	if q.having {
		b.WriteString(" HAVING COUNT(*) > 1")
	}
	if q.final {
		b.WriteString(" EMIT FINAL")
	} else {
		b.WriteString(" EMIT CHANGES")
	}
	return b.String()
}

// joined is a join. Its key is what joins the sources, but for foreign keys.
func (q *query) joined(values, g string) string {
	key := "a." + q.on[0]
	switch {
	case q.more != nil:
		key = q.moreKey()
	case q.kind == foreignJoin:
		key = "a.k"
	case q.join == "RIGHT":
		key = "b." + q.on[1]
	case q.join == "FULL":
		key = "ROWKEY"
	}
	return fmt.Sprintf("%s AS k, %s AS g, %s FROM %s", key, g, values, q.from())
}

func (q *query) from() string {
	within := ""
	if q.does(streamJoin) {
		within = fmt.Sprintf(" WITHIN (%d MILLISECONDS, %d MILLISECONDS) GRACE PERIOD %d MILLISECONDS", q.before, q.after, q.grace)
	}
	text := fmt.Sprintf("%s a %s JOIN %s b%s ON a.%s = b.%s", q.in[0].name, q.join, q.in[1].name, within, q.on[0], q.on[1])
	if q.more != nil {
		text += fmt.Sprintf(" %s JOIN %s c ON %s = c.k", q.moreJoin, q.more.name, q.moreKey())
	}
	return text
}

// moreKey is what a third source is joined by.
func (q *query) moreKey() string {
	if q.moreOn == "g" {
		return "a.g"
	}
	return "a." + q.on[0]
}

// value is v of the rows of a join, with what a third source adds.
func (q *query) value(v string) string {
	if q.more == nil {
		return v
	}
	return "(" + v + ") * 3 + COALESCE(c.v, -1)"
}

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

// shape names what the queries are and what they read, in short.
func (p *pipeline) shape() string {
	var out []string
	for _, q := range p.queries {
		name := string(q.kind)
		if q.inner != "" {
			name += " over " + string(q.inner)
		}
		var from []string
		for _, s := range q.in {
			from = append(from, s.name)
		}
		out = append(out, fmt.Sprintf("%s(%s)", name, strings.Join(from, " ")))
	}
	return strings.Join(out, " > ")
}
