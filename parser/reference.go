package parser

import "weir/parser/ast"

// Topic is an entry of the reference: something that can be written, and what it means. The parser's hints and the
// documentation come from the same entries.
type Topic struct {
	// Syntax shows the form: capitals are keywords, small words stand for something, [ ] may be left out, { | } is a choice,
	// ... may be repeated.
	Syntax  string
	Meaning string
	Example string // parses as it stands
}

// Statements are the statements, grouped as the documentation shows them.
var Statements = []Topic{
	{"SELECT item [, ...] FROM source [join ...] [WINDOW window] [WHERE condition] [GROUP BY expression [, ...]] [PARTITION BY expression [, ...]] [HAVING condition] [ORDER BY expression [DESC] [, ...]] [EMIT { CHANGES | FINAL }] [LIMIT n]",
		"A query. With EMIT it is a push query and runs until it is ended; without, a pull query that answers from what is there.",
		"SELECT page, COUNT(*) AS n FROM clicks GROUP BY page EMIT CHANGES LIMIT 10"},
	{"CREATE [OR REPLACE] [SOURCE] STREAM [IF NOT EXISTS] name [(column type [KEY | HEADERS | HEADER('name')] [, ...])] WITH (property = value [, ...])",
		"Declares a stream over a topic. Columns may be left out where the format has its schemas in a registry. A SOURCE stream is only read.",
		"CREATE STREAM clicks (user_id STRING KEY, page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1)"},
	{"CREATE [OR REPLACE] [SOURCE] TABLE [IF NOT EXISTS] name [(column type [PRIMARY KEY | HEADERS | HEADER('name')] [, ...])] WITH (property = value [, ...])",
		"Declares a table over a topic whose records change the row of their key. A SOURCE table is also kept for pull queries.",
		"CREATE TABLE users (id STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='users', VALUE_FORMAT='JSON')"},
	{"CREATE [OR REPLACE] { STREAM | TABLE } [IF NOT EXISTS] name [WITH (property = value [, ...])] AS query",
		"Starts a query that runs until it is terminated and writes its result to a topic. Queries with GROUP BY make a TABLE.",
		"CREATE TABLE hits AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page"},
	{"INSERT INTO stream [WITH (QUERY_ID = 'name')] query",
		"Starts another query that writes into a stream. Its columns have the stream's names; numbers widen.",
		"INSERT INTO clicks SELECT * FROM old_clicks"},
	{"INSERT INTO name [(column [, ...])] VALUES (expression [, ...])",
		"Writes one record. ROWTIME may be given among the columns.",
		"INSERT INTO clicks (user_id, page) VALUES ('u1', '/home')"},
	{"ALTER { STREAM | TABLE } name ADD [COLUMN] column type [, ...]",
		"Adds value columns to a declared stream or table.",
		"ALTER STREAM clicks ADD COLUMN referrer STRING"},
	{"DROP { STREAM | TABLE } [IF EXISTS] name [DELETE TOPIC]",
		"Forgets a stream or table and ends the query that makes it. With DELETE TOPIC its topic and its schemas go too.",
		"DROP STREAM IF EXISTS clicks DELETE TOPIC"},
	{"CREATE TYPE [IF NOT EXISTS] name AS type", "Gives a type a name.",
		"CREATE TYPE address AS STRUCT<street STRING, city STRING>"},
	{"DROP TYPE [IF EXISTS] name", "Forgets the name of a type. What uses it stays as it is.", "DROP TYPE IF EXISTS address"},
	{"CREATE { SOURCE | SINK } CONNECTOR [IF NOT EXISTS] name WITH (property = value [, ...])",
		"Starts a connector: a built-in one, or one of Kafka Connect.",
		"CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks')"},
	{"DROP CONNECTOR [IF EXISTS] name", "Ends a connector.", "DROP CONNECTOR demo"},
	{"PRINT topic [FROM BEGINNING] [{ INTERVAL | SAMPLE } n] [LIMIT n]",
		"Shows the records of a topic, whatever their format; every n-th with INTERVAL.",
		"PRINT clicks FROM BEGINNING LIMIT 3"},
	{"EXPLAIN { query id | statement }", "Shows the steps of a query.", "EXPLAIN SELECT * FROM clicks EMIT CHANGES"},
	{"DESCRIBE name [EXTENDED]", "Shows the columns of a stream or table; EXTENDED its topic, queries and statistics.", "DESCRIBE clicks EXTENDED"},
	{"DESCRIBE { STREAMS | TABLES } [EXTENDED]", "Does so for all of them.", "DESCRIBE STREAMS EXTENDED"},
	{"DESCRIBE FUNCTION name", "Tells what a function does and takes.", "DESCRIBE FUNCTION SUBSTRING"},
	{"DESCRIBE CONNECTOR name", "Tells the state of a connector.", "DESCRIBE CONNECTOR demo"},
	{"{ SHOW | LIST } { STREAMS | TABLES | QUERIES } [EXTENDED]", "Lists them.", "SHOW QUERIES EXTENDED"},
	{"{ SHOW | LIST } [ALL] TOPICS [EXTENDED]", "Lists the topics; ALL of them with internal ones.", "LIST ALL TOPICS"},
	{"{ SHOW | LIST } { FUNCTIONS | PROPERTIES | TYPES | VARIABLES }", "Lists them.", "SHOW FUNCTIONS"},
	{"{ SHOW | LIST } [SOURCE | SINK] CONNECTORS", "Lists the connectors.", "SHOW SOURCE CONNECTORS"},
	{"{ SHOW | LIST } CONNECTOR PLUGINS", "Lists what connectors there could be.", "SHOW CONNECTOR PLUGINS"},
	{"{ TERMINATE | PAUSE | RESUME } { query id | ALL }", "Ends a query for good, stops it, or lets it go on.", "PAUSE CTAS_HITS_1"},
	{"SET 'property' = 'value'", "Sets a property for the statements that follow in the session.", "SET 'auto.offset.reset' = 'earliest'"},
	{"UNSET 'property'", "Goes back to the server's value.", "UNSET 'auto.offset.reset'"},
	{"ALTER SYSTEM 'property' = 'value'", "Sets a property of the server.", "ALTER SYSTEM 'ksql.max.push.queries' = '10'"},
	{"DEFINE name = 'text'", "Gives a variable a value; ${name} stands for it from then on.", "DEFINE topic = 'clicks'"},
	{"UNDEFINE name", "Forgets a variable.", "UNDEFINE topic"},
	{"ASSERT [NOT EXISTS] TOPIC name [WITH (PARTITIONS = n, REPLICAS = n)] [TIMEOUT n unit]",
		"Waits for a topic, or for its absence, and fails where it does not come about; one second unless told otherwise.",
		"ASSERT TOPIC clicks WITH (PARTITIONS=1) TIMEOUT 10 SECONDS"},
	{"ASSERT [NOT EXISTS] SCHEMA [SUBJECT 'name'] [ID n] [TIMEOUT n unit]", "Does so for a schema in the registry.",
		"ASSERT SCHEMA SUBJECT 'clicks-value' TIMEOUT 10 SECONDS"},
}

// Clauses are the parts of a query.
var Clauses = []Topic{
	{"SELECT { expression [[AS] name] | * | source.* | struct->* } [, ...]",
		"The columns of the result. What has no name gets that of its column or field, or KSQL_COL_0, KSQL_COL_1 ...",
		"SELECT s.*, address->*, a + 1 AS b FROM s EMIT CHANGES"},
	{"FROM source [[AS] alias] [{ [INNER] | LEFT [OUTER] | RIGHT [OUTER] | FULL [OUTER] } JOIN source [[AS] alias] [WITHIN within] ON condition] ...",
		"What is read. Two streams are joined WITHIN a length of time, a stream and a table, or two tables, without.",
		"SELECT a.id, b.x FROM a LEFT JOIN b WITHIN 1 HOUR ON a.id = b.id EMIT CHANGES"},
	{"ORDER BY expression [ASC | DESC] [, ...]", "The order of the rows that a pull query over a table gives: by columns of the result, by their number, or by other expressions. NULLs come last.",
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
	{"EMIT { CHANGES | FINAL }", "CHANGES: every change as it comes. FINAL: one result for each window, once it is closed.",
		"SELECT a, COUNT(*) FROM s GROUP BY a EMIT CHANGES"},
	{"LIMIT n", "Ends the query after n rows.", "SELECT * FROM s EMIT CHANGES LIMIT 5"},
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

// Units are the units of time, as DAYS or DAY.
var Units = []ast.Unit{ast.Millisecond, ast.Second, ast.Minute, ast.Hour, ast.Day}
