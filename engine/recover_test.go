package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
	"weir/kafka/faulty"
	"weir/parser"
	"weir/registry"
)

// refuses sees that a statement fails, and why.
func (n *node) refuses(t *testing.T, sql string, wants ...string) {
	t.Helper()
	out, err := n.try(t, NewSession(), sql)
	for _, want := range wants {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s %v; want %q in the error", sql, out, err, want)
		}
	}
}

// sources are the names that SHOW STREAMS or SHOW TABLES lists, and those that could not be brought back.
func (n *node) sources(t *testing.T, show string) string {
	t.Helper()
	var out []string
	err := n.Execute(t.Context(), NewSession(), show, func(_ parser.Stmt, r Result) error {
		s := r.(*Sources)
		for _, src := range s.Sources {
			out = append(out, src.Name)
		}
		for i, d := range s.Descriptions {
			if d.Source != s.Sources[i] {
				t.Errorf("%s: the description of %s is that of %s", show, s.Sources[i].Name, d.Source.Name)
			}
		}
		out[len(out)-1] += "; failed"
		for _, f := range s.Failed {
			out = append(out, f.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

const commandTopic = "_weir-default_-commands"

func TestPoisonedLog(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM good AS SELECT * FROM s;
		CREATE TABLE kept AS SELECT k, COUNT(*) AS c FROM s GROUP BY k;`)
	if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "AFTER", Partitions: 1, Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	logCommands(t, n.cluster, commandTopic,
		[]byte("{damaged"),
		command{ID: 5, Statement: "CREATE STREAM Bad (ROWTIME BIGINT, X INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON')"},
		command{ID: 6, Statement: "CREATE STREAM child AS SELECT * FROM BAD"},
		command{ID: 7, Statement: "CREATE TABLE t2 (K STRING PRIMARY KEY, N SOME NEW SYNTAX) WITH (KAFKA_TOPIC='t2')"},
		command{ID: 8, Statement: "CREATE STREAM S (other STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON')"},
		command{ID: 9, Statement: "INSERT INTO GOOD SELECT * FROM nowhere"},
		command{ID: 10, Statement: "CREATE TYPE ty AS STRUCT<A SOMETHING>"},
		command{ID: 11, Statement: "CREATE OR REPLACE TABLE kept AS SELECT k, COUNT(*) AS c, NOFUNCTION(1) AS d FROM s GROUP BY k"},
		command{ID: 12, Statement: "CREATE STREAM after AS SELECT * FROM s"})
	n.stop(t)
	n = startNode(t, dir)
	states := func() string {
		var out []string
		for _, q := range n.Queries() {
			out = append(out, q.ID+" "+string(q.State))
			if q.State == Failed && q.Error == "" {
				t.Errorf("%s is in ERROR without a reason", q.ID)
			}
		}
		return strings.Join(out, ", ")
	}
	want := "CSAS_GOOD_2 RUNNING, CSAS_AFTER_12 RUNNING, COMMAND_3 ERROR, CSAS_CHILD_6 ERROR, COMMAND_7 ERROR, INSERTQUERY_9 ERROR, CTAS_KEPT_3 ERROR"
	if got := states(); got != want {
		t.Errorf("queries %s\n   want %s", got, want)
	}
	var failed []string
	for _, f := range n.Info(t.Context()).Failed {
		failed = append(failed, f.Name)
	}
	if got, want := strings.Join(failed, " "), "COMMAND_3 CSAS_CHILD_6 COMMAND_7 INSERTQUERY_9 CTAS_KEPT_3 BAD T2 TY"; got != want {
		t.Errorf("failed %s, want %s", got, want)
	}
	for show, want := range map[string]string{"SHOW STREAMS;": "AFTER GOOD KSQL_PROCESSING_LOG S BAD CHILD; failed BAD CHILD",
		"SHOW TABLES;": "KEPT T2; failed T2 KEPT", "SHOW TABLES EXTENDED;": "KEPT T2; failed T2 KEPT"} {
		if got := n.sources(t, show); got != want {
			t.Errorf("%s %s, want %s", show, got, want)
		}
	}
	n.refuses(t, "DESCRIBE bad;", "'ROWTIME' is a reserved column name", "DROP STREAM `BAD`; and CREATE it again")
	n.refuses(t, "SELECT * FROM bad EMIT CHANGES;", "'ROWTIME' is a reserved column name")
	n.refuses(t, "SELECT * FROM kept WHERE k = 'a';", "NOFUNCTION")
	n.refuses(t, "CREATE STREAM x AS SELECT * FROM child;", "CHILD could not be brought back", "BAD could not be brought back")
	n.refuses(t, "CREATE STREAM bad (k STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');", "'ROWTIME' is a reserved column name")
	n.refuses(t, "DROP STREAM bad;", "go with it: [CHILD]")
	n.refuses(t, "DROP TABLE bad;", "Incompatible data source type is STREAM")
	n.refuses(t, "PAUSE INSERTQUERY_9;", "TERMINATE INSERTQUERY_9;")
	n.refuses(t, "DROP STREAM s;", "[AFTER, GOOD, KEPT]")
	mend := `DROP STREAM child; DROP STREAM bad; DROP TABLE t2; DROP TYPE ty; TERMINATE INSERTQUERY_9; TERMINATE COMMAND_3; TERMINATE COMMAND_7;
		TERMINATE CTAS_KEPT_3; DROP TABLE kept;
		CREATE STREAM bad (k STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON'); CREATE STREAM child AS SELECT * FROM bad;
		CREATE TABLE kept AS SELECT k, COUNT(*) AS c FROM s GROUP BY k;`
	if _, err := n.Validate(NewSession(), mend); err != nil {
		t.Errorf("validated: %v", err)
	}
	n.run(t, NewSession(), mend)
	want = "CSAS_GOOD_2 RUNNING, CSAS_AFTER_12 RUNNING, CSAS_CHILD_23 RUNNING, CTAS_KEPT_24 RUNNING"
	for range 2 {
		if got := states(); got != want {
			t.Errorf("mended: queries %s\n           want %s", got, want)
		}
		if f := n.Info(t.Context()).Failed; len(f) > 0 {
			t.Errorf("failed %v", f)
		}
		n.stop(t)
		n = startNode(t, dir)
	}
	n.stop(t)
}

// TestInferredColumns has columns from a schema that could not be declared.
func TestInferredColumns(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	reg := registry.NewLocal(n.store)
	for topic, schema := range map[string]string{
		"rowtime": `{"type":"record","name":"R","fields":[{"name":"ROWTIME","type":"long"},{"name":"x","type":"int"}]}`,
		"twice":   `{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"ID","type":"int"}]}`,
		"nested":  `{"type":"record","name":"R","fields":[{"name":"r","type":{"type":"record","name":"S","fields":[{"name":"id","type":"long"},{"name":"ID","type":"int"}]}}]}`,
		"fine":    `{"type":"record","name":"R","fields":[{"name":"select","type":"long"},{"name":"end_","type":["null","string"]}]}`,
	} {
		if _, err := reg.Register(t.Context(), topic+"-value", registry.Schema{Type: registry.Avro, Text: schema}); err != nil {
			t.Fatal(err)
		}
		sql := fmt.Sprintf("CREATE STREAM s_%[1]s WITH (KAFKA_TOPIC='%[1]s', VALUE_FORMAT='AVRO', PARTITIONS=1);", topic)
		if topic == "fine" {
			n.run(t, NewSession(), sql)
			continue
		}
		n.refuses(t, sql, "gives columns that can't be", "Declare the columns that you need")
		if _, err := n.Validate(NewSession(), sql); err == nil {
			t.Errorf("%s is validated", topic)
		}
		if n.hasTopic(t, topic) {
			t.Errorf("the topic %s was made", topic)
		}
	}
	n.stop(t)
	n = startNode(t, dir)
	n.run(t, NewSession(), "DESCRIBE s_fine;")
	n.stop(t)
}

// TestServerSettingsLast has a server with other settings at its next start.
func TestServerSettingsLast(t *testing.T) {
	_, brokers := fakeKafka(t)
	o := openOptions{dir: t.TempDir(), service: "d_", config: map[string]string{"ksql.output.topic.name.prefix": "one_", "commit.interval.ms": "50"}}
	n := mustOpen(t, brokers, o)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM o AS SELECT * FROM s;`)
	n.shut(t)
	o.config = map[string]string{"ksql.output.topic.name.prefix": "two_", "commit.interval.ms": "70"}
	n = mustOpen(t, brokers, o)
	defer n.shut(t)
	if src, _ := n.Snapshot().Source("O"); src == nil || src.Topic != "one_O" || n.Queries()[0].SinkTopic != "one_O" {
		t.Errorf("%+v", src)
	}
	if r := n.runs("CSAS_O_2"); r.config["commit.interval.ms"] != "70" {
		t.Errorf("how it runs is told by the server of today: %v", r.config)
	}
	n.run(t, NewSession(), `CREATE STREAM p AS SELECT * FROM s;`)
	if src, _ := n.Snapshot().Source("P"); src == nil || src.Topic != "two_P" {
		t.Errorf("%+v", src)
	}
}

// TestLeftovers has a process that died between the entry that ends a query and the end itself.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE gone AS SELECT v, COUNT(*) AS c FROM s GROUP BY v;
		CREATE TABLE `+"`GONE_2-X`"+` AS SELECT v, COUNT(*) AS c FROM s GROUP BY v;
		INSERT INTO s VALUES ('a', 1);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	lives := []string{"_weir-default_-CTAS_GONE_2-X_3-Aggregate-GroupBy-repartition"}
	others := []string{"_weir-default_-CTAS_GONE_2-y_-CTAS_Z_1-Aggregate-GroupBy-repartition", "_weir-default_-CTAS_GONE_2-y-commands", "GONE"}
	for _, topic := range others {
		if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: topic, Partitions: 1, Replicas: 1, IfNotExists: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.cluster.CommitOffsets(t.Context(), "_weir-default_-CTAS_GONE_2", kafka.Offsets{"s": {0: 1}}); err != nil {
		t.Fatal(err)
	}
	own := "_weir-default_-CTAS_GONE_2-Aggregate-GroupBy-repartition"
	if !n.hasTopic(t, own) {
		t.Fatal("there is no repartition topic")
	}
	logCommands(t, n.cluster, commandTopic, command{ID: 4, Statement: "TERMINATE CTAS_GONE_2"})
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	until(t, "what is left is removed", func() bool {
		metas, err := n.database(t).Metas("CTAS_GONE_2", "")
		if err != nil {
			t.Fatal(err)
		}
		committed, err := n.cluster.CommittedOffsets(t.Context(), "_weir-default_-CTAS_GONE_2")
		if err != nil {
			t.Fatal(err)
		}
		return !n.hasTopic(t, own) && len(metas) == 0 && len(committed) == 0
	})
	for _, topic := range append(lives, others...) {
		if !n.hasTopic(t, topic) {
			t.Errorf("the topic %s is gone", topic)
		}
	}
	n.run(t, NewSession(), `INSERT INTO s VALUES ('a', 1);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := n.run(t, NewSession(), "SELECT c FROM `GONE_2-X` WHERE v = 1;"); got != "2\n" {
		t.Errorf("the live query counts %q", got)
	}
}

// TestCutLog has a command log that has lost its end, as a broker cuts a damaged file off.
func TestCutLog(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	if err := n.state.SetMeta("", metaLast, binary.AppendVarint(nil, 5)); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	n = startNode(t, dir)
	if q := n.Queries(); len(q) != 1 || q[0].ID != "COMMANDS_2_TO_5" || q[0].State != Failed || !strings.Contains(q[0].Error, "lost its end, 4 commands:") {
		t.Errorf("%+v", q)
	}
	if got := n.run(t, NewSession(), `TERMINATE COMMANDS_2_TO_5; CREATE STREAM o AS SELECT * FROM s;`); !strings.Contains(got, "CSAS_O_7") {
		t.Errorf("numbers are given again: %s", got)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	if got := ids(n); got != "CSAS_O_7" {
		t.Errorf("queries %s", got)
	}
}

// TestClientLeaves has clients that leave once their statement stands in the log.
func TestClientLeaves(t *testing.T) {
	_, brokers := fakeKafka(t)
	var leave func()
	o := openOptions{dir: t.TempDir(), service: "d_", failPoint: func(name string) {
		if name == "command logged" && leave != nil {
			leave()
		}
	}}
	n := mustOpen(t, brokers, o)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE a AS SELECT v, COUNT(*) AS c FROM s GROUP BY v; CREATE STREAM b AS SELECT * FROM s;`)
	for _, sql := range []string{"CREATE STREAM c AS SELECT * FROM s;", "PAUSE CSAS_B_3;", "TERMINATE CTAS_A_2;", "DROP TABLE a;", "CREATE OR REPLACE STREAM b AS SELECT k, v, v AS w FROM s;"} {
		ctx, cancel := context.WithCancel(t.Context())
		leave = cancel
		_ = n.Execute(ctx, NewSession(), sql, func(parser.Stmt, Result) error { return nil })
	}
	leave = nil
	check := func(state QueryState) {
		t.Helper()
		if got := ids(n); got != "CSAS_B_3 CSAS_C_4" {
			t.Errorf("queries %s", got)
		}
		if _, there := n.Snapshot().Source("A"); there || len(n.Snapshot().Queries()) != 2 || n.Queries()[0].State != state || !strings.Contains(n.Queries()[0].SQL, "AS w") {
			t.Errorf("%+v", n.Queries())
		}
	}
	check(Paused)
	n.run(t, NewSession(), "CREATE TABLE a AS SELECT v, COUNT(*) AS c FROM s GROUP BY v; DROP TABLE a; RESUME CSAS_B_3;")
	n.shut(t)
	n = mustOpen(t, brokers, o)
	defer n.shut(t)
	check(Running)
	until(t, "what the ended queries had is gone", func() bool {
		return !n.hasTopic(t, "_weir-d_-CTAS_A_2-Aggregate-GroupBy-repartition") && !n.hasTopic(t, "_weir-d_-CTAS_A_2-stage1-changelog")
	})
}

// TestPauseInBackOff pauses a query that can't read its topic.
func TestPauseInBackOff(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM o AS SELECT * FROM s;`)
	if err := n.cluster.DeleteTopic(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	until(t, "the query tries again", func() bool { return n.Queries()[0].Error != "" })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	n.run(t, NewSession(), "PAUSE CSAS_O_2;")
	if q := n.Queries()[0]; q.State != Paused || ctx.Err() != nil {
		t.Errorf("%s %s", q.State, q.Error)
	}
	n.stop(t)
	n = startNode(t, dir)
	defer n.stop(t)
	if r := n.runs("CSAS_O_2"); !r.worker.Paused() {
		t.Error("it is not paused after a restart")
	}
	n.run(t, NewSession(), "RESUME CSAS_O_2;")
	if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "s", Partitions: 1, Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	n.run(t, NewSession(), "INSERT INTO s VALUES ('a', 1);")
	until(t, "a query that could not be started runs", func() bool { q := n.Queries()[0]; return q.State == Running && q.Stats.RowsOut == 1 })
}

// stuck is a registry that answers when it is told to.
type stuck struct {
	registry.Client
	asked, answer chan struct{}
}

func (s *stuck) Latest(ctx context.Context, subject string) (registry.Schema, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	select {
	case <-s.answer:
	case <-ctx.Done():
		return registry.Schema{}, ctx.Err()
	}
	return s.Client.Latest(ctx, subject)
}

// TestNobodyWaits has a statement that waits for the registry. Whatever does not change anything goes on; what does gives up with its client.
func TestNobodyWaits(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE a AS SELECT k, COUNT(*) AS c FROM s GROUP BY k; INSERT INTO s VALUES ('a', 1);`)
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	reg := &stuck{n.opt.Registry, make(chan struct{}, 1), make(chan struct{})}
	n.opt.Registry = reg
	created := make(chan error, 1)
	go func() {
		_, err := n.try(t, NewSession(), "CREATE STREAM v (a INTEGER) WITH (KAFKA_TOPIC='v', VALUE_FORMAT='AVRO', PARTITIONS=1);")
		created <- err
	}()
	<-reg.asked
	if got := n.run(t, NewSession(), "SELECT c FROM a WHERE k = 'a'; SHOW QUERIES; DESCRIBE a; SHOW STREAMS;"); !strings.HasPrefix(got, "1\n") {
		t.Errorf("meanwhile: %s", got)
	}
	if _, err := n.Validate(NewSession(), "CREATE STREAM w AS SELECT * FROM s;"); err != nil {
		t.Error(err)
	}
	_ = n.Info(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := n.Execute(ctx, NewSession(), "CREATE STREAM w AS SELECT * FROM s;", func(parser.Stmt, Result) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "given up while it waited") {
		t.Errorf("a statement whose client has left: %v", err)
	}
	select {
	case err := <-created:
		t.Errorf("the first statement has not waited: %v", err)
	default:
	}
	close(reg.answer)
	if err := <-created; err != nil {
		t.Error(err)
	}
}

// TestValidateBesideCreate is for the race detector.
func TestValidateBesideCreate(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			if _, err := n.Validate(NewSession(), `CREATE STREAM x (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM y AS SELECT * FROM x;`); err != nil {
				t.Error(err)
			}
			n.Queries()
		}
	}()
	for i := range 10 {
		n.run(t, NewSession(), fmt.Sprintf(`CREATE STREAM s%d (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM o%d AS SELECT * FROM s%d;`, i, i, i))
	}
	n.run(t, NewSession(), "PAUSE ALL; RESUME ALL; TERMINATE ALL;")
	<-done
}

// TestSettleWaitsForStart: a query that could not be started for the moment is not settled.
func TestSettleWaitsForStart(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	defer n.stop(t)
	n.run(t, NewSession(), `CREATE STREAM s (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM o AS SELECT * FROM s;
		INSERT INTO s VALUES ('a', 1);`)
	n.settle(t)
	if err := n.Engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := faulty.New(n.broker.Dialer())
	armed, err := d.Arm(faulty.Rule{Key: kmsg.DescribeConfigs, Times: -1, Do: faulty.Refuse, Code: kerr.UnknownServerError, Match: func(r kmsg.Request) bool {
		return slices.ContainsFunc(r.(*kmsg.DescribeConfigsRequest).Resources, func(c kmsg.DescribeConfigsRequestResource) bool { return c.ResourceName == "O" })
	}})
	if err != nil {
		t.Fatal(err)
	}
	n.cluster.Close()
	if n.cluster, err = kafka.Connect(t.Context(), kafka.Config{Brokers: []string{n.broker.Addr()}, Opts: append(n.broker.ClientOpts(), kgo.Dialer(d.Dial))}); err != nil {
		t.Fatal(err)
	}
	n.Engine, err = Open(t.Context(), Options{Cluster: n.cluster, Embedded: true, Registry: registry.NewLocal(n.store), DataDir: dir, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	if !n.starting() {
		t.Fatal("the query has been started without the settings of its topic")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := n.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("settled while the query waits for its start: %v", err)
	}
	armed.Disarm()
	n.run(t, NewSession(), "INSERT INTO s VALUES ('b', 2);")
	n.settle(t)
	if q := n.Queries()[0]; q.State != Running || q.Stats.RowsOut != 1 {
		t.Errorf("settled: %+v", q)
	}
}
