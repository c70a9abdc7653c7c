package parser

import (
	"slices"
	"strings"

	"weir/parser/ast"
)

// Topic is an entry of the reference: something that can be written, and what it means. The parser's hints and the
// documentation come from the same entries.
type Topic struct {
	// Syntax shows the form: capitals are keywords, small words stand for something, [ ] may be left out, { | } is a choice,
	// ... may be repeated.
	Syntax  string
	Meaning string
	Example string // parses as it stands
}

// Clauses are the parts of a query.
var Clauses = []Topic{
	{"SELECT { expression [[AS] name] | * | source.* | struct->* } [, ...]",
		"The columns of the result. What has no name gets that of its column or field, or KSQL_COL_0, KSQL_COL_1 ...",
		"SELECT s.*, address->*, a + 1 AS b FROM s EMIT CHANGES"},
	{"FROM source [[AS] alias] [{ [INNER] | LEFT [OUTER] | RIGHT [OUTER] | FULL [OUTER] } JOIN source [[AS] alias] [WITHIN within] ON condition] ...",
		"What is read. Two streams are joined WITHIN a length of time, a stream and a table, or two tables, without.",
		"SELECT a.id, b.x FROM a LEFT JOIN b WITHIN 1 HOUR ON a.id = b.id EMIT CHANGES"},
	{"ORDER BY expression [ASC | DESC] [, ...]", "The order of the rows that a pull query over a table gives: by columns of the result, by their number, or by other expressions. NULLs come last. " +
		"In a query that goes on, with LIMIT: which rows of a table make a list, in each window where there are windows.",
		"SELECT page, n FROM hits ORDER BY n DESC LIMIT 10"},
	{"WITHIN { n unit | (n unit, n unit) } [GRACE PERIOD n unit]",
		"How far apart the rows of two streams may be: before and after may differ. With a grace period late rows are waited for.",
		"SELECT a.id FROM a JOIN b WITHIN (1 HOUR, 5 MINUTES) GRACE PERIOD 1 DAY ON a.id = b.id EMIT CHANGES"},
	{"WINDOW TUMBLING (SIZE n unit [, RETENTION n unit] [, GRACE PERIOD n unit])", "Windows of one size, one behind the other.",
		"SELECT k, COUNT(*) FROM s WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 5 SECONDS) GROUP BY k EMIT FINAL"},
	{"WINDOW HOPPING (SIZE n unit, ADVANCE BY n unit [, RETENTION n unit] [, GRACE PERIOD n unit])", "Windows of one size that begin at every advance, and overlap.",
		"SELECT k, COUNT(*) FROM s WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS) GROUP BY k EMIT CHANGES"},
	{"WINDOW SESSION (n unit [, RETENTION n unit] [, GRACE PERIOD n unit])", "Windows that end with a gap in which no row of the group comes.",
		"SELECT k, COUNT(*) FROM s WINDOW SESSION (5 MINUTES) GROUP BY k EMIT CHANGES"},
	{"WHERE condition", "The rows for which the condition is true.", "SELECT * FROM s WHERE a > 1 AND b IN ('x', 'y') EMIT CHANGES"},
	{"GROUP BY { expression [, ...] | (expression [, ...]) }", "One row for each value of the expressions, which become its key. Rows where one of them is NULL are left out.",
		"SELECT a, SUM(b) FROM s GROUP BY a EMIT CHANGES"},
	{"PARTITION BY { expression [, ...] | NULL }", "Gives the rows of a stream another key, or none.", "SELECT * FROM s PARTITION BY a, b EMIT CHANGES"},
	{"HAVING condition", "The groups for which the condition is true.", "SELECT a, COUNT(*) FROM s GROUP BY a HAVING COUNT(*) > 2 EMIT CHANGES"},
	{"EMIT { CHANGES | FINAL }", "CHANGES: every change as it comes. FINAL: one result for each window, once it is closed; of a list the rows that are in it then.",
		"SELECT a, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY a ORDER BY n DESC LIMIT 10 EMIT FINAL"},
	{"LIMIT n", "Ends the query after n rows; behind ORDER BY of a query that goes on, how many rows are in a list.", "SELECT * FROM s EMIT CHANGES LIMIT 5"},
}

// Expressions are the forms of expressions beside calls of functions. The examples are expressions.
var Expressions = []Topic{
	{"1, 10000000000, 1.5, 1E0, 'text', TRUE, FALSE, NULL", "INTEGER, BIGINT, DECIMAL, DOUBLE, STRING and BOOLEAN constants. '' in a text is one quote.", "'it''s'"},
	{"column, source.column, `Column`", "A column. Names are in capitals unless they are quoted.", "s.`Column`"},
	{"+ - * / %", "Arithmetic. Numbers widen from INTEGER over BIGINT and DECIMAL to DOUBLE.", "-(a + 2) * 3 % 4"},
	{"a || b", "Joins two STRINGs or BYTES; + does, too.", "'a' || b"},
	{"= <> != < <= > >=", "Comparisons; with NULL they are false. A text next to a time is read as one.", "a >= 1"},
	{"a IS [NOT] DISTINCT FROM b", "Comparisons that take NULL for a value.", "a IS DISTINCT FROM NULL"},
	{"a IS [NOT] NULL", "Whether there is a value.", "a IS NOT NULL"},
	{"a [NOT] BETWEEN b AND c", "From b to c, both included.", "a BETWEEN 1 AND 10"},
	{"a [NOT] IN (b [, ...])", "One of a list. Texts in it are read as what a is; numbers widen.", "a IN (1, '2', b)"},
	{"a [NOT] LIKE pattern [ESCAPE 'c']", "% stands for any text, _ for one character.", "a LIKE 'x!%%' ESCAPE '!'"},
	{"NOT a, a AND b, a OR b", "Logic of three values: NULL is neither true nor false.", "NOT a AND (b OR c)"},
	{"CASE [a] WHEN b THEN c ... [ELSE d] END", "The first result whose condition is true, or whose value equals a.", "CASE WHEN a > 1 THEN 'many' ELSE 'one' END"},
	{"CAST(a AS type)", "Another type; NULL where that is not possible.", "CAST('5' AS INT)"},
	{"ARRAY[a, ...], MAP(key := value, ...), STRUCT(field := value, ...)", "Values made of values, which get one type where they have to agree.", "MAP('a' := ARRAY[1, 2])"},
	{"a[n]", "An element of an ARRAY, counted from 1 or, below zero, from the end; or the value under a key of a MAP.", "a[-1]"},
	{"a->field", "A field of a STRUCT.", "a->b->c"},
	{"x => expression, (x, y) => expression", "A lambda: an argument of FILTER, REDUCE and TRANSFORM.", "TRANSFORM(a, x => x + 1)"},
}

// TypeTopic is an entry of the reference of types.
type TypeTopic struct {
	Topic
	JSON string // how values look in JSON
}

// Types are the types of columns. The examples are types.
var Types = []TypeTopic{
	{Topic{"BOOLEAN", "TRUE or FALSE.", "BOOLEAN"}, "true"},
	{Topic{"INTEGER, INT", "A whole number of 32 bits.", "INT"}, "1"},
	{Topic{"BIGINT", "A whole number of 64 bits.", "BIGINT"}, "1"},
	{Topic{"DOUBLE", "A floating-point number of 64 bits.", "DOUBLE"}, "1.5"},
	{Topic{"DECIMAL(precision, scale)", "An exact number of that many digits, up to 64, so many of them behind the point.", "DECIMAL(9, 2)"}, "1.50"},
	{Topic{"STRING, VARCHAR", "Text.", "VARCHAR"}, `"text"`},
	{Topic{"BYTES", "Bytes.", "BYTES"}, "text in base64"},
	{Topic{"TIME", "A time of day, in milliseconds.", "TIME"}, "milliseconds since midnight"},
	{Topic{"DATE", "A day.", "DATE"}, "days since 1970-01-01"},
	{Topic{"TIMESTAMP", "A point in time, in milliseconds.", "TIMESTAMP"}, "milliseconds since 1970-01-01T00:00Z"},
	{Topic{"ARRAY<type>", "A list.", "ARRAY<INT>"}, "[1, 2]"},
	{Topic{"MAP<type, type>", "Values under keys.", "MAP<STRING, INT>"}, `{"key": 1}`},
	{Topic{"STRUCT<field type [, ...]>", "Named fields.", "STRUCT<a INT, b STRING>"}, `{"A": 1, "B": "x"}`},
}

// Keywords are the words in capitals of the reference, sorted.
func Keywords() []string {
	var out []string
	for _, t := range slices.Concat(Statements(), Clauses, Expressions) {
		out = append(out, capitals(t.Syntax)...)
	}
	for _, t := range Types {
		out = append(out, capitals(t.Syntax)...)
	}
	for _, u := range Units {
		out = append(out, u.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func capitals(syntax string) []string {
	words := strings.FieldsFunc(syntax, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') })
	return slices.DeleteFunc(words, func(w string) bool { return len(w) < 2 })
}

// Units are the units of time, as DAYS or DAY.
var Units = []ast.Unit{ast.Millisecond, ast.Second, ast.Minute, ast.Hour, ast.Day}
