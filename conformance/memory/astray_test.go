package memory

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/kafka"
	"weir/parser"
)

// placing is how a writer chooses the partition of a key among four.
type placing func(key string) int32

func javas(key string) int32 { return kafka.Partition([]byte(key), 4) }

func librdkafkas(key string) int32 { return int32(crc32.ChecksumIEEE([]byte(key)) % 4) }

// Keys that lie in other partitions than a join looks in are told of, once for each source, and nothing else is.
func TestKeysAstray(t *testing.T) {
	const tables = `
		CREATE TABLE t (id STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE TABLE u (id STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='u', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE STREAM s (id STRING KEY, k STRING, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);`
	plain := func(i int) string { return fmt.Sprintf("key%d", i) }
	debezium := func(i int) string { return fmt.Sprintf(`{"id":%d}`, i) }
	spaced := func(i int) string { return fmt.Sprintf(`{"ID": %d}`, i) }
	structs := strings.ReplaceAll(tables, "t (id STRING PRIMARY KEY, v INT) WITH (", "t (id STRUCT<id INT> PRIMARY KEY, v INT) WITH (KEY_FORMAT='JSON', ")
	lookup := "CREATE STREAM j AS SELECT s.k AS k, n, v FROM s LEFT JOIN t ON s.k = t.id;"
	direct := "CREATE STREAM j AS SELECT s.id AS id, n, v FROM s LEFT JOIN t ON s.id = t.id;"
	for _, c := range []struct {
		name, sql string
		keys      func(i int) string // of t; those of the others are plain
		t, others placing
		few       bool // five keys, and 40 of s
		want      []string
	}{
		{name: "all right", sql: tables + lookup, keys: plain, t: javas, others: javas},
		{name: "all right, where they lie", sql: tables + direct, keys: plain, t: javas, others: javas},
		{name: "other partitioner of a table", sql: tables + lookup, keys: plain, t: librdkafkas, others: javas, want: []string{"table T"}},
		{name: "other partitioner, where they lie", sql: tables + direct, keys: plain, t: librdkafkas, others: javas, want: []string{"table T"}},
		{name: "few keys, where they lie", sql: tables + direct, keys: plain, t: librdkafkas, others: javas, few: true, want: []string{"table T"}},
		{name: "other partitioner of the stream", sql: tables + direct, keys: plain, t: javas, others: librdkafkas, want: []string{"stream S"}},
		{name: "one other partitioner for both: they meet", sql: tables + direct, keys: plain, t: librdkafkas, others: librdkafkas},
		{name: "one other partitioner for both, and for a few keys", sql: tables + direct, keys: plain, t: librdkafkas, others: librdkafkas, few: true},
		{name: "other names of fields", sql: structs + "CREATE STREAM j AS SELECT t.id, n, v FROM s LEFT JOIN t ON STRUCT(id := s.n) = t.id;", keys: debezium, t: javas, others: javas, want: []string{"table T"}},
		{name: "other spacing", sql: structs + "CREATE STREAM j AS SELECT t.id, n, v FROM s LEFT JOIN t ON STRUCT(id := s.n) = t.id;", keys: spaced, t: javas, others: javas, want: []string{"table T"}},
		{name: "the word", sql: strings.ReplaceAll(tables, "'t', ", "'t', REPARTITION=true, ") + lookup, keys: plain, t: librdkafkas, others: javas},
		{name: "two tables", sql: tables + "CREATE TABLE j AS SELECT t.id, v, w FROM t JOIN u ON t.id = u.id;", keys: plain, t: librdkafkas, others: javas, want: []string{"table T"}},
		{name: "a table that a query made", sql: tables + "CREATE TABLE v AS SELECT id, w FROM u; CREATE TABLE j AS SELECT t.id, v, w FROM t JOIN v ON t.id = v.id;",
			keys: plain, t: librdkafkas, others: javas, want: []string{"table T"}},
		{name: "a table that a query made of one with another partitioner", sql: tables + "CREATE TABLE v AS SELECT id, w FROM u; CREATE STREAM j AS SELECT s.k AS k, n, w FROM s LEFT JOIN v ON s.k = v.id;",
			keys: plain, t: javas, others: librdkafkas},
		{name: "a foreign key", sql: strings.Replace(tables, "w INT", "w STRING", 1) + "CREATE TABLE j AS SELECT u.id, v FROM u LEFT JOIN t ON u.w = t.id;", keys: plain, t: librdkafkas, others: javas, want: []string{"table T"}},
		{name: "the left table of a foreign key", sql: strings.Replace(tables, "w INT", "w STRING", 1) + "CREATE TABLE j AS SELECT u.id, v FROM u LEFT JOIN t ON u.w = t.id;", keys: plain, t: javas, others: librdkafkas},
		{name: "streams", sql: strings.ReplaceAll(tables, "TABLE u (id STRING PRIMARY", "STREAM u (id STRING") + "CREATE STREAM j AS SELECT s.k AS k, n, w FROM s JOIN u WITHIN 1 MINUTE ON s.k = u.id;",
			keys: plain, t: javas, others: librdkafkas, want: []string{"stream U"}},
		{name: "no join", sql: tables + "CREATE TABLE j AS SELECT k, COUNT(*) AS c FROM s GROUP BY k; CREATE STREAM p AS SELECT * FROM s PARTITION BY k;", keys: plain, t: librdkafkas, others: librdkafkas},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := run(t, c.sql)
			for i := range 40 {
				k := plain(i)
				if c.keys(0) != plain(0) || !c.few || i < 5 {
					put(t, e, "t", c.keys(i), c.t(c.keys(i)), i, `{"V":1}`)
				}
				put(t, e, "u", k, c.others(k), i, fmt.Sprintf(`{"W":%q}`, plain(i)))
				put(t, e, "s", k, c.others(k), i, fmt.Sprintf(`{"K":%q,"N":%d}`, k, i))
			}
			// Rows without a key match nothing, wherever they lie.
			for p := range int32(4) {
				rec := &kgo.Record{Topic: "s", Partition: p, Timestamp: time.UnixMilli(50), Value: []byte(`{"N":1}`)}
				if err := e.Driver.Produce(rec); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.Driver.Commit(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range e.Bad {
				if b.Kind == task.KeysAstray {
					got = append(got, strings.Join(strings.Fields(b.Message)[:2], " "))
				}
			}
			for i := range got {
				got[i] = strings.TrimSuffix(got[i], ":")
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("told of %v, want %v", got, c.want)
			}
		})
	}
}

// run carries out statements.
func run(t *testing.T, sql string) *Engine {
	t.Helper()
	e, err := New(Options{Config: map[string]string{"cache.max.bytes.buffering": "0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	stmts, err := parser.Parse(sql, parser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stmts {
		if _, err := e.Execute(s); err != nil {
			t.Fatalf("%s: %v", s.Text, err)
		}
	}
	return e
}

func put(t *testing.T, e *Engine, topic, key string, partition int32, at int, value string) {
	t.Helper()
	rec := &kgo.Record{Topic: topic, Partition: partition, Timestamp: time.UnixMilli(int64(at)), Key: []byte(key), Value: []byte(value)}
	if err := e.Driver.Produce(rec); err != nil {
		t.Fatal(err)
	}
}
