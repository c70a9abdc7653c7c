package engines

import (
	"fmt"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

// WeirSQL is a query as Weir is given it, with all columns declared.
func WeirSQL(j Job) string {
	q := j.Query
	columns := "user_id STRING KEY, page STRING"
	if q.Set.ByPage {
		columns = "page STRING KEY, user_id STRING"
	}
	sql := fmt.Sprintf(`CREATE STREAM clicks (%s, id STRING, referrer STRING, agent STRING, status INTEGER, bytes BIGINT, ts BIGINT)
  WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='JSON', TIMESTAMP='ts');
`, columns, j.In)
	with := fmt.Sprintf("WITH (KAFKA_TOPIC='%s', PARTITIONS=%d, VALUE_FORMAT='JSON')", j.Out, clicks.Partitions)
	switch q.Shape {
	case query.Filter:
		sql += "CREATE STREAM result " + with + " AS SELECT user_id, page, bytes FROM clicks WHERE status >= 400;"
	case query.Enrich:
		sql += "CREATE TABLE pages (page STRING PRIMARY KEY, title STRING, category STRING, words INTEGER) WITH (KAFKA_TOPIC='" + clicks.PagesTopic + "', VALUE_FORMAT='JSON');\n" +
			"CREATE STREAM result " + with + " AS SELECT c.page, c.user_id AS user_id, p.title AS title FROM clicks c JOIN pages p ON c.page = p.page;"
	case query.Pairs:
		sql += "CREATE STREAM orders (user_id STRING KEY, id STRING, ts BIGINT) WITH (KAFKA_TOPIC='" + j.Orders + "', VALUE_FORMAT='JSON', TIMESTAMP='ts');\n" +
			"CREATE STREAM result " + with + " AS SELECT c.user_id, c.id AS click, o.id AS bought FROM clicks c JOIN orders o WITHIN 10 MINUTES GRACE PERIOD 2 MINUTES ON c.user_id = o.user_id;"
	case query.PerUser:
		sql += weirCounts(q, with, "user_id", "TUMBLING (SIZE 1 MINUTE")
	case query.PerPage:
		sql += weirCounts(q, with, "page", "TUMBLING (SIZE 1 MINUTE")
	case query.Sessions:
		sql += weirCounts(q, with, "user_id", "SESSION (30 SECONDS")
	case query.Hops:
		sql += weirCounts(q, with, "user_id", "HOPPING (SIZE 1 HOUR, ADVANCE BY 1 MINUTE")
	}
	return sql
}

// weirCounts is a count by a column in windows. With changes the grace period is the default, what is left of a day.
func weirCounts(q query.Query, with, by, window string) string {
	emit := ") GROUP BY " + by + " EMIT CHANGES;"
	if q.Final {
		emit = ", GRACE PERIOD 2 MINUTES) GROUP BY " + by + " EMIT FINAL;"
	}
	return "CREATE TABLE result " + with + " AS SELECT " + by + ", COUNT(*) AS n FROM clicks WINDOW " + window + emit
}
