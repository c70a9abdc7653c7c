package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
	"weir/settings"
)

// ksqlCluster writes what a ksqlDB cluster leaves on Kafka: a command topic with its records in transactions, topics, and the offsets of its groups.
type ksqlCluster struct {
	*kafka.Cluster
	prefix  string // of topics, and the service id
	records []*kgo.Record
}

// put adds a command as ksqlDB writes it; columns are those of what it makes, id that of its query, both empty for none.
func (c *ksqlCluster) put(key, sql, id, columns string, properties map[string]string) {
	statement := strings.ReplaceAll(sql, "$", c.prefix)
	value := map[string]any{"statement": statement, "streamsProperties": properties, "version": 18, "expectedOffset": nil,
		"originalProperties": map[string]any{"ksql.streams.auto.offset.reset": "earliest", "ksql.service.id": c.prefix, "ksql.persistent.prefix": "query_"}}
	if id != "" || columns != "" {
		plan := map[string]any{"@type": "ksqlPlanV1", "statementText": statement}
		if columns != "" {
			plan["ddlCommand"] = map[string]any{"@type": "createStreamV1", "schema": columns}
		}
		if id != "" {
			plan["queryPlan"] = map[string]any{"sources": []string{}, "sink": nil, "physicalPlan": map[string]any{}, "queryId": id, "runtimeId": nil}
		}
		value["plan"] = plan
	} else {
		value["plan"] = nil
	}
	k, _ := json.Marshal(key)
	v, _ := json.Marshal(value)
	c.records = append(c.records, &kgo.Record{Topic: c.commandTopic(), Key: k, Value: v})
}

func (c *ksqlCluster) commandTopic() string {
	return "_confluent-ksql-" + c.prefix + "_command_topic"
}

func (c *ksqlCluster) group(id string) string { return "_confluent-ksql-" + c.prefix + "query_" + id }

// write brings the commands to the topic, each in a transaction of its own where the broker keeps transactions.
func (c *ksqlCluster) write(t *testing.T, transactions bool) {
	t.Helper()
	if _, err := c.CreateTopic(t.Context(), kafka.TopicSpec{Name: c.commandTopic(), Partitions: 1, Replicas: 1, Configs: map[string]string{"retention.ms": "-1"}}); err != nil {
		t.Fatal(err)
	}
	var opts []kgo.Opt
	if transactions {
		opts = append(opts, kgo.TransactionalID(c.prefix))
	}
	client, err := c.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, r := range c.records {
		if transactions {
			if err := client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if transactions {
			if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The rows of events, of which the groups of the cluster have read so many.
const allEvents, readEvents = 400, 250

// fill makes a cluster of 60 commands: sources, chains of queries, tables, what was dropped, replaced, terminated and paused, types, and
// properties of sessions.
func (c *ksqlCluster) fill(t *testing.T) {
	t.Helper()
	n := 0
	create := func(kind, name, sql, columns string, properties map[string]string) string {
		n++
		id := ""
		if strings.Contains(sql, "AS SELECT") {
			id = map[string]string{"stream": "CSAS_", "table": "CTAS_"}[kind] + name + fmt.Sprintf("_%d", 2*n-1)
		}
		c.put(kind+"/"+name+"/create", sql, id, columns, properties)
		return id
	}
	const row = "`K` STRING KEY, `V` INTEGER"
	source := func(name string) {
		create("stream", name, "CREATE STREAM "+name+" (K STRING KEY, V INTEGER) WITH (KAFKA_TOPIC='$events', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');", row, nil)
	}
	sink := func(kind, name, query, columns string, properties map[string]string) string {
		return create(kind, name, "CREATE "+strings.ToUpper(kind)+" "+name+" WITH (KAFKA_TOPIC='$"+name+"', PARTITIONS=4, REPLICAS=1) AS SELECT "+query+" EMIT CHANGES;", columns, properties)
	}
	source("EVENTS")
	source("OTHER")
	c.put("stream/KSQL_PROCESSING_LOG/create", "CREATE STREAM KSQL_PROCESSING_LOG (logger VARCHAR) WITH (kafka_topic='$log', value_format='JSON');", "", "", nil)
	c.put("type/POINT/create", "CREATE TYPE POINT AS STRUCT<X INTEGER, Y INTEGER>;", "", "", nil)
	create("stream", "PLACES", "CREATE STREAM PLACES (K STRING KEY, P POINT) WITH (KAFKA_TOPIC='$places', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');", "`K` STRING KEY, `P` STRUCT<`X` INTEGER, `Y` INTEGER>", nil)
	c.put("type/POINT/drop", "DROP TYPE POINT;", "", "", nil)
	create("table", "NAMES", "CREATE TABLE NAMES (K STRING PRIMARY KEY, NAME STRING) WITH (KAFKA_TOPIC='$names', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');", "`K` STRING KEY, `NAME` STRING", nil)
	// What is still there, with sinks that hold what was made of the first rows.
	for i := range 5 {
		name := fmt.Sprintf("KEPT%d", i)
		c.committed(t, sink("stream", name, "* FROM EVENTS EVENTS", row, map[string]string{"ksql.streams.auto.offset.reset": "earliest", "ksql.streams.num.stream.threads": "4"}))
	}
	paused := sink("stream", "PAUSED", "* FROM EVENTS EVENTS", row, nil)
	c.committed(t, paused)
	c.put("pause/"+paused+"/execute", "PAUSE "+paused+";", "", "", nil)
	resumed := sink("stream", "RESUMED", "* FROM EVENTS EVENTS", row, nil)
	c.committed(t, resumed)
	c.put("pause/"+resumed+"/execute", "PAUSE "+resumed+";", "", "", nil)
	c.put("resume/"+resumed+"/execute", "RESUME "+resumed+";", "", "", nil)
	ended := sink("stream", "ENDED", "* FROM EVENTS EVENTS", row, nil)
	c.put("terminate/"+ended+"/execute", "TERMINATE "+ended+";", "", "", nil)
	for i := range 8 {
		name := fmt.Sprintf("GONE%d", i)
		sink("stream", name, "* FROM EVENTS EVENTS", row, nil)
		c.put("stream/"+name+"/drop", "DROP STREAM "+name+";", "", "", nil)
	}
	// Replaced: the last one wins, under the first one's id, and stands behind what reads it.
	replaced := sink("stream", "REPLACED", "* FROM OTHER OTHER", row, nil)
	c.committed(t, replaced)
	reader := sink("stream", "READER", "K, V FROM REPLACED REPLACED", row, nil)
	c.committedIn(t, reader, "REPLACED", readEvents)
	for _, extra := range []string{"", ", V * 2 W"} {
		columns := row
		if extra != "" {
			columns += ", `W` INTEGER"
		}
		c.put("stream/REPLACED/create", "CREATE OR REPLACE STREAM REPLACED WITH (KAFKA_TOPIC='$REPLACED', PARTITIONS=4, REPLICAS=1) AS SELECT *"+extra+" FROM OTHER OTHER EMIT CHANGES;", replaced, columns, nil)
	}
	c.put("stream/OTHER/alter", "ALTER STREAM OTHER ADD COLUMN EXTRA STRING;", "", "", nil)
	c.put("stream/KEPT0/create", "INSERT INTO KEPT0 SELECT K, V + 100000 V FROM KEPT1 KEPT1 EMIT CHANGES;", "INSERTQUERY_99", "", nil)
	c.committedIn(t, "INSERTQUERY_99", "KEPT1", readEvents)
	c.put("stream/KEPT0/create", "INSERT INTO KEPT0 SELECT K, V FROM KEPT2 KEPT2 EMIT CHANGES;", "INSERTQUERY_101", "", nil)
	c.put("terminate/INSERTQUERY_101/execute", "TERMINATE INSERTQUERY_101;", "", "", nil)
	joined := sink("stream", "JOINED", "E.K K, E.V V, N.NAME NAME FROM EVENTS E LEFT OUTER JOIN NAMES N ON ((E.K = N.K))", "`K` STRING KEY, `V` INTEGER, `NAME` STRING", nil)
	c.committed(t, joined)
	c.committed(t, sink("table", "COUNTS", "K, COUNT(*) N FROM EVENTS EVENTS GROUP BY K", "`K` STRING KEY, `N` BIGINT", nil))
	c.committed(t, sink("table", "SUMS", "K, SUM(V) S FROM EVENTS EVENTS GROUP BY K", "`K` STRING KEY, `S` INTEGER", nil))
	for len(c.records) < 60 {
		source(fmt.Sprintf("MORE%d", len(c.records)))
	}
}

// committed notes that a query has read the first rows of events and written its sink.
func (c *ksqlCluster) committed(t *testing.T, id string) { c.committedIn(t, id, "events", readEvents) }

func (c *ksqlCluster) committedIn(t *testing.T, id, topic string, rows int) {
	t.Helper()
	at := kafka.Offsets{}
	for p := range 4 {
		at.Set(c.prefix+topic, int32(p), int64((rows-p+3)/4))
	}
	if err := c.CommitOffsets(t.Context(), c.group(id), at); err != nil {
		t.Fatal(err)
	}
}

func (c *ksqlCluster) rows(t *testing.T, topic string, from, to int) {
	t.Helper()
	client, err := c.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var recs []*kgo.Record
	for i := from; i < to; i++ {
		recs = append(recs, &kgo.Record{Topic: c.prefix + topic, Partition: int32(i % 4), Key: fmt.Appendf(nil, "k%d", i%4), Value: fmt.Appendf(nil, `{"V":%d}`, i)})
	}
	if err := client.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// values are the numbers V that a topic holds, in order.
func (c *ksqlCluster) values(t *testing.T, topic string) []int {
	t.Helper()
	ends, err := c.StableOffsets(t.Context(), c.prefix+topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for p, end := range ends[c.prefix+topic] {
		err := c.Read(t.Context(), c.prefix+topic, p, 0, end, func(r *kgo.Record) error {
			var v struct{ V int }
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return err
			}
			out = append(out, v.V)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

func count(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// imported runs the command, and reads its report.
func imported(t *testing.T, want int, args ...string) (out struct {
	Commands   int
	Created    int
	Blocked    []string
	Left       []string
	Statements []importedStatement
	LeftOut    []struct{ Why string }
}) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(t.Context(), append([]string{"import", "ksqldb", "--output", "json"}, args...), strings.NewReader(""), &stdout, &stderr); got != want {
		t.Fatalf("it ends with %d, want %d: %s%s", got, want, stdout.String(), stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	return out
}

// TestImportKsqlDB takes a cluster of 60 commands over, on the broker in the process and on the Kafka that WEIR_TEST_KAFKA names.
func TestImportKsqlDB(t *testing.T) {
	for _, way := range []string{"embedded", "kafka"} {
		t.Run(way, func(t *testing.T) {
			brokers := ""
			if way == "kafka" {
				if brokers = os.Getenv("WEIR_TEST_KAFKA"); brokers == "" {
					t.Skip("WEIR_TEST_KAFKA names no broker")
				}
			}
			prefix := fmt.Sprintf("ksql%d_", time.Now().UnixNano()%1e9)
			n := testNode(t, brokers, prefix)
			cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{n.kafka}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			takeOver(t, n, &ksqlCluster{Cluster: cluster, prefix: prefix}, way == "kafka")
		})
	}
}

func testNode(t *testing.T, brokers, service string) *node {
	t.Helper()
	base := quiet()
	base[settings.DataDir.About().Name] = t.TempDir()
	base[settings.ServiceID.About().Name] = "weir_" + service
	if brokers != "" {
		base[settings.Brokers.About().Name] = brokers
	}
	s, err := nodeFlags(flag.NewFlagSet("", flag.ContinueOnError)).resolve(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := startNode(t.Context(), s, nodeOptions{serveAPI: true, freePorts: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(n.engine.Forget(ctx), n.close()); err != nil {
			t.Error(err)
		}
	})
	return n
}

func takeOver(t *testing.T, n *node, c *ksqlCluster, transactions bool) {
	for _, topic := range []string{"events", "places", "names", "KEPT0", "KEPT1", "KEPT2", "KEPT3", "KEPT4", "PAUSED", "RESUMED", "ENDED", "REPLACED", "READER", "JOINED", "COUNTS", "SUMS"} {
		if _, err := c.CreateTopic(t.Context(), kafka.TopicSpec{Name: c.prefix + topic, Partitions: 4, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		topics, err := c.Topics(context.Background())
		if err != nil {
			t.Error(err)
		}
		for _, topic := range topics {
			if strings.HasPrefix(topic.Name, c.prefix) || strings.HasPrefix(topic.Name, "_confluent-ksql-"+c.prefix) {
				_ = c.DeleteTopic(context.Background(), topic.Name)
			}
		}
	})
	c.rows(t, "events", 0, allEvents)
	for _, topic := range []string{"KEPT0", "KEPT1", "KEPT2", "KEPT3", "KEPT4", "PAUSED", "RESUMED", "REPLACED", "READER", "JOINED"} {
		c.rows(t, topic, 0, readEvents)
	}
	c.fill(t)
	c.write(t, transactions)
	from := []string{"--brokers", n.kafka, "--service-id", c.prefix}
	plan := imported(t, 0, from...)
	if plan.Commands != 60 || plan.Created != 0 || len(plan.LeftOut) != 1 {
		t.Fatalf("%d commands, %d created, left out %v", plan.Commands, plan.Created, plan.LeftOut)
	}
	at := map[string]int{}
	for i, s := range plan.Statements {
		if s.Verdict == "refused" {
			t.Errorf("%s is refused: %s", s.SQL, s.Reason)
		}
		if _, there := at[s.Name]; !there {
			at[s.Name] = i
		}
	}
	if at["REPLACED"] > at["READER"] {
		t.Errorf("READER comes before REPLACED, which it reads")
	}
	for _, name := range []string{"GONE0", "GONE7", "KSQL_PROCESSING_LOG", "POINT"} {
		if _, there := at[name]; there {
			t.Errorf("%s is gone, and still taken over", name)
		}
	}
	if s := plan.Statements[at["KEPT3"]]; s.Verdict != "different" || !strings.Contains(strings.Join(s.Differences, "\n"), "ksql.streams.num.stream.threads has no effect") {
		t.Errorf("the properties of KEPT3: %+v", s)
	}
	if s := plan.Statements[at["KEPT3"]]; !strings.HasPrefix(s.Begins, "where group ") {
		t.Errorf("KEPT3 begins %s", s.Begins)
	}
	if s := plan.Statements[at["PLACES"]]; !strings.Contains(s.SQL, "STRUCT<X INTEGER, Y INTEGER>") {
		t.Errorf("PLACES: %s", s.SQL)
	}
	from = append(from, "--to", n.api)
	if r := imported(t, 0, from...); len(r.Statements) != len(plan.Statements) || r.Created != 0 || len(n.engine.Snapshot().Queries()) != 0 {
		t.Errorf("the server's plan has %d statements, want %d; %d were created", len(r.Statements), len(plan.Statements), r.Created)
	}
	from = append(from, "--apply")
	if r := imported(t, 1, from...); r.Created != 0 || len(r.Blocked) != 1 || !strings.Contains(r.Blocked[0], "CTAS_COUNTS") {
		t.Errorf("without a choice for those with state: %v, %d created", r.Blocked, r.Created)
	}
	from = append(from, "--stateful", "rebuild")
	if r := imported(t, 0, from...); r.Created != len(plan.Statements) {
		t.Fatalf("%d of %d were created: %v", r.Created, len(plan.Statements), r.Blocked)
	}
	var before []string
	for _, q := range n.engine.Queries() {
		before = append(before, q.ID)
	}
	if r := imported(t, 0, from...); r.Created != 0 {
		t.Errorf("a second time %d were created", r.Created)
	}
	c.rows(t, "events", allEvents, allEvents+100)
	if err := n.engine.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	const all = allEvents + 100
	want := map[string][]int{"PAUSED": count(0, readEvents), "ENDED": nil,
		"KEPT0": append(count(0, all), count(100000+readEvents, 100000+all)...)}
	for _, topic := range []string{"KEPT1", "KEPT2", "KEPT3", "KEPT4", "RESUMED", "REPLACED", "READER", "JOINED"} {
		want[topic] = count(0, all)
	}
	for _, topic := range slices.Sorted(maps.Keys(want)) {
		if got := c.values(t, topic); !slices.Equal(got, want[topic]) {
			t.Errorf("%s has %d rows, want %d: %v", topic, len(got), len(want[topic]), got)
		}
	}
	if got := lastOf(t, c, "COUNTS"); !maps.Equal(got, map[string]string{"k0": `{"N":125}`, "k1": `{"N":125}`, "k2": `{"N":125}`, "k3": `{"N":125}`}) {
		t.Errorf("counts: %v", got)
	}
	for _, id := range before {
		if strings.HasPrefix(id, "CSAS_KEPT") || strings.HasPrefix(id, "INSERTQUERY_") {
			if id != "INSERTQUERY_99" && !slices.ContainsFunc(plan.Statements, func(s importedStatement) bool { return s.QueryID == id }) {
				t.Errorf("%s is no id that a query had", id)
			}
		}
	}
}

// lastOf are the last values of the keys of a topic.
func lastOf(t *testing.T, c *ksqlCluster, topic string) map[string]string {
	t.Helper()
	ends, err := c.StableOffsets(t.Context(), c.prefix+topic)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for p, end := range ends[c.prefix+topic] {
		err := c.Read(t.Context(), c.prefix+topic, p, 0, end, func(r *kgo.Record) error {
			out[string(r.Key)] = string(r.Value)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// A dump of the command topic and a script need no Kafka to be planned, and what is refused says what to write.
func TestImportFiles(t *testing.T) {
	dir := t.TempDir()
	dump, script := filepath.Join(dir, "backup"), filepath.Join(dir, "app.sql")
	line := func(key, sql, id string) string {
		v, _ := json.Marshal(map[string]any{"statement": sql, "plan": map[string]any{"queryPlan": map[string]any{"queryId": id}}})
		return fmt.Sprintf("%q:%s\n", key, v)
	}
	put := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(dump, line("stream/S/create", "CREATE STREAM S (K STRING KEY, V INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');", "")+
		line("stream/A/create", "CREATE STREAM A AS SELECT * FROM S;", "CSAS_A_3"))
	if r := imported(t, 0, dump); len(r.Statements) != 2 || r.Statements[1].QueryID != "CSAS_A_3" {
		t.Errorf("the dump: %+v", r)
	}
	put(script, `DEFINE topic = 's'; SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON');
		CREATE STREAM c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		CREATE STREAM d AS SELECT * FROM c;
		INSERT INTO s VALUES ('secret', 1);`)
	r := imported(t, 1, script)
	if len(r.Statements) != 3 || len(r.LeftOut) != 1 || r.Statements[0].Verdict != "taken" {
		t.Fatalf("the script: %+v", r)
	}
	if s := r.Statements[1]; s.Verdict != "refused" || !strings.HasPrefix(s.Do, "Write instead: CREATE TABLE C") {
		t.Errorf("%+v", s)
	}
	if s := r.Statements[2]; s.Reason != "It needs C, which is refused." {
		t.Errorf("%+v", s)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"import", "ksqldb", script}, strings.NewReader(""), &out, io.Discard); code != 1 || !strings.Contains(out.String(), "1 taken as they are") || strings.Contains(out.String(), "secret") {
		t.Errorf("%d: %s", code, out.String())
	}
	// Over from a server: a Weir stands in for ksqlDB's.
	n := testNode(t, "", "from_")
	for _, sql := range []string{"CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);", "CREATE TYPE p AS STRUCT<x INT>;",
		"CREATE STREAM a AS SELECT * FROM s;", "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM a GROUP BY k;", "INSERT INTO a SELECT * FROM s;", "PAUSE CTAS_T_4;"} {
		out.Reset()
		if code := run(t.Context(), []string{"cli", n.api, "-e", sql}, strings.NewReader(""), &out, &out); code != 0 {
			t.Fatalf("%s: %s", sql, out.String())
		}
	}
	r = imported(t, 0, n.api)
	var got []string
	for _, s := range r.Statements {
		got = append(got, s.Kind+" "+s.Name+" "+s.QueryID)
	}
	if text := strings.Join(got, ", "); !strings.Contains(text, "CSAS_A_3") || !strings.Contains(text, "CTAS_T_4") || !strings.Contains(text, "INSERTQUERY_5") || !strings.Contains(text, "type P") {
		t.Errorf("of the server: %s", text)
	}
}
