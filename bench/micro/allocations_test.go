package bench

import (
	"fmt"
	"testing"

	"weir/types"
)

// flat are queries over flat rows, by what they measure: a batch of 1,000 must cost no more than one allocation.
var flat = []struct{ name, format, sql string }{
	{"decode JSON", "JSON", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"decode AVRO", "AVRO", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"decode JSON_SR", "JSON_SR", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"decode PROTOBUF", "PROTOBUF", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"decode MSGPACK", "MSGPACK", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"decode DELIMITED", "DELIMITED", `SELECT page, amount, score FROM events EMIT CHANGES;`},
	{"filter", "JSON", `SELECT page, amount * 2 AS twice, score FROM events WHERE amount >= 250 AND country <> 'DE' EMIT CHANGES;`},
	{"count", "JSON", `CREATE TABLE counts AS SELECT user_id, COUNT(*) AS n FROM events GROUP BY user_id EMIT CHANGES;`},
	{"count in windows", "JSON", `CREATE TABLE counts AS SELECT user_id, COUNT(*) AS n FROM events WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY user_id EMIT CHANGES;`},
	{"encode JSON", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'JSON') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
	{"encode AVRO", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'AVRO') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
	{"encode JSON_SR", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'JSON_SR') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
	{"encode PROTOBUF", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'PROTOBUF') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
	{"encode MSGPACK", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'MSGPACK') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
	{"encode DELIMITED", "JSON", `CREATE STREAM out WITH (VALUE_FORMAT = 'DELIMITED') AS SELECT user_id, page, amount, score FROM events EMIT CHANGES;`},
}

// TestAllocations counts allocations per batch, each batch with a commit behind it, once everything has its size.
func TestAllocations(t *testing.T) {
	const warmUp, batches = 50, 200
	for _, c := range flat {
		t.Run(c.name, func(t *testing.T) {
			p := newPipeline()
			p.plan(t, fmt.Sprintf(event, c.format))
			task := p.task(t, c.sql)
			recs := p.events(t, types.BatchRows, 1000)
			run := func(n int) func() {
				return func() {
					for range n {
						process(t, task, recs)
						commit(t, task, nil)
						advance(recs)
					}
				}
			}
			run(warmUp)()
			if c := task.Counts(); c.Read != warmUp*types.BatchRows || c.Bad+c.Errors+c.Late+c.NullKey > 0 {
				t.Fatalf("not every row passed: %+v", c)
			}
			if got := testing.AllocsPerRun(1, run(batches)) / batches; got > 1 {
				t.Errorf("%.2f allocations per batch of %d rows, more than 1", got, types.BatchRows)
			} else {
				t.Logf("%.2f allocations per batch", got)
			}
		})
	}
}
