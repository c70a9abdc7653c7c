package chains

import (
	"fmt"
	"strings"
)

// declare is the statement of a source. Names of topics have the prefix.
func (s *source) declare(prefix string) string {
	what, key, with := "STREAM", "KEY", ""
	if s.table {
		what, key = "TABLE", "PRIMARY KEY"
	}
	var cols []string
	for _, k := range s.keys() {
		cols = append(cols, k+" STRING "+key+", ")
	}
	if !s.keyless {
		with = fmt.Sprintf(", KEY_FORMAT='%s'", s.format)
	}
	if s.windows() {
		with += fmt.Sprintf(", WINDOW_TYPE='%s'", s.made.kind)
		if s.made.kind != session {
			with += fmt.Sprintf(", WINDOW_SIZE='%d MILLISECONDS'", s.made.size)
		}
	}
	if !s.view {
		with += fmt.Sprintf(", PARTITIONS=%d", s.partitions)
	}
	return fmt.Sprintf("CREATE %s %s (%sg STRING, v BIGINT) WITH (KAFKA_TOPIC='%s'%s, VALUE_FORMAT='JSON');",
		what, s.name, strings.Join(cols, ""), s.topic(prefix), with)
}

func (s *source) topic(prefix string) string {
	if s.view {
		return s.made.out.topic(prefix)
	}
	return prefix + s.name
}

// cache is the statement that says how a query's changes are written.
func (q *query) cache() string {
	if q.uncached {
		return "SET 'cache.max.bytes.buffering'='0';"
	}
	return "SET 'cache.max.bytes.buffering'='10000000';"
}

// sql is the statements of a query, and of the stream over its topic, nil for none.
func (q *query) sql(prefix string, view *source) string {
	what := "STREAM"
	if q.out.table {
		what = "TABLE"
	}
	text := fmt.Sprintf("CREATE %s %s WITH (KAFKA_TOPIC='%s', KEY_FORMAT='%s', VALUE_FORMAT='JSON', PARTITIONS=%d) AS\n  SELECT %s;",
		what, q.out.name, q.out.topic(prefix), q.out.format, q.out.partitions, q.body())
	if q.kind == union {
		text += fmt.Sprintf("\nINSERT INTO %s SELECT %s, g, v FROM %s;", q.out.name, keysOf("", q.in[1].keys()), q.in[1].name)
	}
	if view != nil {
		text += "\n" + view.declare(prefix)
	}
	return text
}

// undo is the statements that drop what sql makes, but for the query of an INSERT INTO.
func (q *query) undo(deletes bool) string {
	what, with := "STREAM", ""
	if q.out.table {
		what = "TABLE"
	}
	if deletes {
		with = " DELETE TOPIC"
	}
	return fmt.Sprintf("DROP %s %s%s;", what, q.out.name, with)
}

// keysOf is columns as those of a key.
func keysOf(prefix string, cols []string) string {
	var out []string
	for i, c := range cols {
		out = append(out, prefix+c+" AS "+[]string{"k", "h"}[i])
	}
	return strings.Join(out, ", ")
}

func (q *query) body() string {
	from := q.in[0].name
	switch q.kind {
	case filter, tableFilter:
		return fmt.Sprintf("%s, g, v + %d AS v FROM %s WHERE v %% %d <> 0", keysOf("", q.in[0].keys()), q.plus, from, q.mod)
	case rekey:
		switch {
		case q.out.two:
			return "k AS k, g AS h, CAST(v % 7 AS STRING) AS g, v FROM " + from + " PARTITION BY k, g"
		case q.in[0].keyless:
			return "g AS k, CAST(v % 5 AS STRING) AS g, v FROM " + from + " PARTITION BY g"
		default:
			return "g AS k, k AS g, v FROM " + from + " PARTITION BY g"
		}
	case regroup:
		return "g AS k, COUNT(*) AS n, SUM(v) AS v, CAST(SUM(v) % 7 AS STRING) AS g FROM " + from + " GROUP BY g HAVING COUNT(*) > 0"
	case aggregate, tumbling, hopping, session:
		return q.grouped()
	case union:
		return keysOf("", q.in[0].keys()) + ", g, v FROM " + from
	case streamJoin:
		if q.more != nil {
			return q.joined(q.value(both)+" AS v", "COALESCE(a.g, '')")
		}
		return q.joined(both+" AS v", "COALESCE(a.g, b.g)")
	case lookup:
		v := "a.v"
		if !q.open() {
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
	by, v, from := q.in[0].cols(q.by), "v", q.in[0].name
	switch q.inner {
	case streamJoin:
		v, from = q.value(both), q.from()
		by = []string{"COALESCE(a.g, b.g)"}
		if q.by == "k" {
			by = []string{fmt.Sprintf("COALESCE(a.%s, b.%s)", q.in[0].cols(q.on[0])[0], q.in[1].cols(q.on[1])[0])}
		}
	case lookup:
		v, from, by = q.value(looked), q.from(), []string{"a.g"}
		if q.by == "k" {
			by = []string{"a." + q.in[0].cols(q.on[0])[0]}
		}
	default: // it joins nothing
	}
	switch {
	case q.more != nil && q.by == "k":
		by = []string{q.moreKey()}
	case q.more != nil:
		by = []string{"a.g"}
	}
	fmt.Fprintf(&b, "%s, COUNT(*) AS n, SUM(%s) AS v, MIN(%s) AS mi, MAX(%s) AS ma, CAST(SUM(%s) %% 7 AS STRING) AS g", keysOf("", by), v, v, v, v)
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
	fmt.Fprintf(&b, " GROUP BY %s", strings.Join(by, ", "))
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
	key := keysOf("a.", q.in[0].cols(q.on[0]))
	switch {
	case q.more != nil:
		key = keysOf("", []string{q.moreKey()})
	case q.kind == foreignJoin:
		key = keysOf("a.", q.in[0].keys())
	case q.join == "RIGHT":
		key = keysOf("b.", q.in[1].cols(q.on[1]))
	case q.join == "FULL":
		key = keysOf("ROWKEY", []string{"", "_1"}[:len(q.out.keys())])
	}
	return fmt.Sprintf("%s, %s AS g, %s FROM %s", key, g, values, q.from())
}

func (q *query) from() string {
	within := ""
	if q.does(streamJoin) {
		within = fmt.Sprintf(" WITHIN (%d MILLISECONDS, %d MILLISECONDS) GRACE PERIOD %d MILLISECONDS", q.before, q.after, q.grace)
	}
	var on []string
	for i, l := range q.in[0].cols(q.on[0]) {
		on = append(on, fmt.Sprintf("a.%s = b.%s", l, q.in[1].cols(q.on[1])[i]))
	}
	text := fmt.Sprintf("%s a %s JOIN %s b%s ON %s", q.in[0].name, q.join, q.in[1].name, within, strings.Join(on, " AND "))
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
	return "a." + q.in[0].cols(q.on[0])[0]
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
		lines = append(lines, q.cache(), q.sql("", q.view))
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
