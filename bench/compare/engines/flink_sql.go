package engines

import (
	"fmt"
	"strings"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

// FlinkSQL is a job's query as Flink is given it: the tables, then the INSERT. Only the columns that it uses are declared. The table of pages ends
// where its topic does now: its watermark would else stay at its last row, and the join would hold all clicks back.
func FlinkSQL(j Job) []string {
	f := flinkOf(j.Query)
	sql := []string{f.source(j, "clicks", j.In)}
	if j.Query.Shape == query.Enrich {
		sql = append(sql, flinkPages(j))
	}
	if j.Query.Shape == query.Pairs {
		sql = append(sql, f.source(j, "orders", j.Orders))
	}
	return append(sql, f.sink(j), "INSERT INTO answers SELECT "+f.selects)
}

// A flinkQuery is what the statements are made of.
type flinkQuery struct {
	key     string // column of the record's key
	columns string // the others that are read, but for ts
	event   bool   // event time is needed, with its watermark
	out     string // columns of the result
	by      string // which of them are its key
	selects string // behind INSERT INTO ... SELECT
}

const flinkTumble = "TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(rt), INTERVAL '1' MINUTE))"

// flinkOf puts a query into Flink's words. What changes is an ordinary GROUP BY, by the window's start alone or a plain number: with both ends
// of a window, Flink puts out its final result.
func flinkOf(q query.Query) flinkQuery {
	switch q.Shape {
	case query.Filter:
		return flinkQuery{"user_id", "page STRING, status INT, `bytes` BIGINT", false, "user_id STRING, page STRING, `bytes` BIGINT", "user_id",
			"user_id, page, `bytes` FROM clicks WHERE status >= 400"}
	case query.Enrich:
		return flinkQuery{"page", "user_id STRING", true, "page STRING, user_id STRING, title STRING", "page",
			"c.page, c.user_id, p.title FROM clicks AS c JOIN pages FOR SYSTEM_TIME AS OF c.rt AS p ON c.page = p.page"}
	case query.Pairs:
		return flinkQuery{"user_id", "id STRING", true, "user_id STRING, click STRING, bought STRING", "user_id",
			"c.user_id, c.id, o.id FROM clicks AS c, orders AS o WHERE c.user_id = o.user_id AND o.rt BETWEEN c.rt - INTERVAL '10' MINUTE AND c.rt + INTERVAL '10' MINUTE"}
	case query.Sessions:
		return flinkQuery{"user_id", "", true, "user_id STRING, `from` TIMESTAMP(3), `to` TIMESTAMP(3), n BIGINT", "user_id, `from`, `to`",
			"user_id, window_start, window_end, COUNT(*) FROM TABLE(SESSION(TABLE clicks PARTITION BY user_id, DESCRIPTOR(rt), INTERVAL '30' SECOND))" +
				" GROUP BY user_id, window_start, window_end"}
	case query.Hops:
		f := flinkWindows("user_id", "TABLE(HOP(TABLE clicks, DESCRIPTOR(rt), INTERVAL '1' MINUTE, INTERVAL '1' HOUR))")
		if !q.Final {
			f.selects = strings.TrimSuffix(f.selects, ", window_end")
		}
		return f
	case query.PerUser:
		if q.Final {
			return flinkWindows("user_id", flinkTumble)
		}
		return flinkMinutes("user_id", "")
	case query.PerPage:
		return flinkMinutes("page", "page STRING")
	}
	panic(fmt.Sprintf("no Flink SQL for %s", q.Shape))
}

func flinkWindows(by, window string) flinkQuery {
	return flinkQuery{"user_id", "", true, by + " STRING, `from` TIMESTAMP(3), n BIGINT", by + ", `from`",
		by + ", window_start, COUNT(*) FROM " + window + " GROUP BY " + by + ", window_start, window_end"}
}

func flinkMinutes(by, columns string) flinkQuery {
	const start = "ts - ts % 60000"
	return flinkQuery{"user_id", columns, false, by + " STRING, ws BIGINT, n BIGINT", by + ", ws",
		by + ", " + start + ", COUNT(*) FROM clicks GROUP BY " + by + ", " + start}
}

func (f flinkQuery) source(j Job, name, topic string) string {
	columns := f.key + " STRING"
	if f.columns != "" {
		columns += ", " + f.columns
	}
	columns += ", ts BIGINT"
	if f.event { // there is no idle timeout: on a busy machine it makes rows late
		columns += ", rt AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR rt AS rt - INTERVAL '60' SECOND"
	}
	return "CREATE TABLE " + name + " (" + columns + ") WITH (" + flinkTopic("kafka", j, topic) +
		", 'scan.startup.mode'='earliest-offset', 'key.format'='raw', 'key.fields'='" + f.key + "', 'value.format'='json', 'value.fields-include'='EXCEPT_KEY')"
}

func flinkPages(j Job) string {
	return "CREATE TABLE pages (page STRING, title STRING, since TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', WATERMARK FOR since AS since, PRIMARY KEY (page) NOT ENFORCED)" +
		" WITH (" + flinkTopic("upsert-kafka", j, clicks.PagesTopic) + ", 'scan.bounded.mode'='latest-offset', 'key.format'='raw', 'value.format'='json', 'value.fields-include'='EXCEPT_KEY')"
}

func (f flinkQuery) sink(j Job) string {
	exactly := ", 'sink.delivery-guarantee'='exactly-once', 'sink.transactional-id-prefix'='" + j.ID + "', 'properties.transaction.timeout.ms'='600000'" +
		", 'properties.compression.type'='lz4', 'properties.linger.ms'='100', 'value.format'='json', 'value.fields-include'='EXCEPT_KEY'"
	if !j.Query.Table() {
		return "CREATE TABLE answers (" + f.out + ") WITH (" + flinkTopic("kafka", j, j.Out) + exactly + ", 'key.format'='raw', 'key.fields'='" + f.by + "')"
	}
	return "CREATE TABLE answers (" + f.out + ", PRIMARY KEY (" + f.by + ") NOT ENFORCED) WITH (" + flinkTopic("upsert-kafka", j, j.Out) + exactly + ", 'key.format'='json')"
}

func flinkTopic(connector string, j Job, topic string) string {
	return fmt.Sprintf("'connector'='%s', 'properties.bootstrap.servers'='%s', 'topic'='%s', 'properties.group.id'='%s'", connector, j.Brokers, topic, j.ID)
}
