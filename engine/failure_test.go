package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
)

// place is a broker in this process that tests can make fail, with the data directory of a node; both outlive the node.
type place struct {
	dir      string
	embedded bool // the node commits by an outbox
	broker   *kfake.Cluster
	config   map[string]string
	adjust   func(o *Options) // what else is to be set; nil for nothing
	opts     []kgo.Opt        // of its clients
}

// bothWays runs a test on both kinds of commit.
func bothWays(t *testing.T, config map[string]string, test func(t *testing.T, p *place)) {
	for name, embedded := range map[string]bool{"outbox": true, "transactions": false} {
		t.Run(name, func(t *testing.T) {
			broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(broker.Close)
			c := map[string]string{"commit.interval.ms": "20"}
			maps.Copy(c, config)
			test(t, &place{dir: t.TempDir(), embedded: embedded, broker: broker, config: c})
		})
	}
}

// start opens the node; it is closed at the end of the test if it has not been.
func (p *place) start(t *testing.T) *node {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("WEIR_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs(), Timeout: 5 * time.Second, Opts: p.opts})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{cluster: cluster, store: registry.NewStore()}
	options := Options{Cluster: cluster, Embedded: p.embedded, Registry: registry.NewLocal(n.store), DataDir: p.dir, Config: p.config, Log: log}
	if p.adjust != nil {
		p.adjust(&options)
	}
	n.Engine, err = Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.leave(t) })
	return n
}

// leave closes the node; once.
func (n *node) leave(t *testing.T) {
	t.Helper()
	if n.cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := n.Engine.Close(ctx); err != nil {
		t.Error(err)
	}
	n.cluster.Close()
	n.cluster = nil
}

// texts are the committed records of a topic as key=value, by partition and offset.
func (n *node) texts(t *testing.T, topic string) []string {
	t.Helper()
	starts, err := n.cluster.StartOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := n.cluster.StableOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(ends[topic])) {
		err := n.cluster.Read(t.Context(), topic, p, starts[topic][p], ends[topic][p], func(r *kgo.Record) error {
			out = append(out, string(r.Key)+"="+string(r.Value))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// until waits for a condition.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}

// settle waits until all is read and written.
func (n *node) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.Settle(ctx); err != nil {
		t.Fatalf("%v; queries %+v", err, n.Queries())
	}
}

func (n *node) write(t *testing.T, topic string, recs ...string) {
	t.Helper()
	c, err := n.cluster.NewClient(kgo.ProducerBatchMaxBytes(16 << 20))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, kv := range recs {
		k, v, _ := strings.Cut(kv, "=")
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(k), Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// refuse has the broker refuse writes that a test picks, with an error code, as long as pick says so.
func (p *place) refuse(code *kerr.Error, pick func(topic string) bool) {
	p.broker.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		p.broker.KeepControl()
		req := r.(*kmsg.ProduceRequest)
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		refused := false
		for _, rt := range req.Topics {
			name := rt.Topic
			if name == "" {
				if info := p.broker.TopicIDInfo(rt.TopicID); info != nil {
					name = info.Topic
				}
			}
			refused = refused || pick(name)
			t := kmsg.NewProduceResponseTopic()
			t.Topic, t.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				sp := kmsg.NewProduceResponseTopicPartition()
				sp.Partition, sp.ErrorCode = rp.Partition, code.Code
				t.Partitions = append(t.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, t)
		}
		return resp, nil, refused
	})
}

const plainSQL = `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='KAFKA', PARTITIONS=1);
	CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='KAFKA') AS SELECT * FROM src;`

func noise(seed uint64, bytes int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	b := make([]byte, bytes)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// A row that its topic does not take is left out and told of, and all others are there once.
func TestRowTooLarge(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='KAFKA', PARTITIONS=1);
			CREATE STREAM big WITH (KAFKA_TOPIC='big') AS SELECT k, v || v AS l FROM src;`)
		n.write(t, "src", "k0=1", "huge="+noise(7, 600_000), "k1=1", "k2=1")
		n.settle(t)
		if got, want := n.texts(t, "big"), []string{"k0=11", "k1=11", "k2=11"}; !slices.Equal(got, want) {
			t.Errorf("%d rows, want %v", len(got), want)
		}
		q := n.Queries()[0]
		if q.State != Running || q.Stats.Bad != 1 || q.Stats.RowsOut != 3 {
			t.Errorf("%s, %s; %+v", q.State, q.Error, q.Stats)
		}
		log := n.texts(t, "default_ksql_processing_log")
		if len(log) != 1 || !strings.Contains(log[0], `huge`) || !strings.Contains(log[0], "max.message.bytes") || !strings.Contains(log[0], "1048588") {
			t.Errorf("processing log: %.300s", log)
		}
	})
}

// The limit of a topic is lowered while the query runs: what the broker refuses is found out, and left out.
func TestLimitLowered(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		limit := "2000"
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		res := kmsg.NewIncrementalAlterConfigsRequestResource()
		res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, "o"
		cfg := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		cfg.Name, cfg.Value = "max.message.bytes", &limit
		res.Configs = append(res.Configs, cfg)
		req.Resources = append(req.Resources, res)
		c, err := n.cluster.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := req.RequestWith(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		n.write(t, "src", "b=2", "long="+noise(3, 5000), "c=3")
		n.settle(t)
		if got, want := n.texts(t, "o"), []string{"a=1", "b=2", "c=3"}; !slices.Equal(got, want) {
			t.Errorf("%.200s, want %v", got, want)
		}
		if s := n.Queries()[0].Stats; s.RowsIn != 4 || s.RowsOut != 3 || s.Bad != 1 || s.Steps[0].Made != 3 {
			t.Errorf("%+v", s)
		}
		if log := n.texts(t, "default_ksql_processing_log"); len(log) != 1 || !strings.Contains(log[0], "long") {
			t.Errorf("processing log: %.300s", log)
		}
	})
}

// Records of real entropy do not compress: batches must be no larger than their topic takes.
func TestEntropy(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		var recs []string
		for i := range 120 {
			recs = append(recs, fmt.Sprintf("k%d=%s", i, noise(uint64(i), 100_000)))
		}
		n.write(t, "src", recs...)
		n.settle(t)
		if got := n.texts(t, "o"); !slices.Equal(got, recs) {
			t.Errorf("%d rows, want %d", len(got), len(recs))
		}
	})
}

// A write that is refused for the moment is tried again, the query says so meanwhile, and nothing is lost or there twice.
func TestWriteRefusedForAWhile(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		var refusing atomic.Bool
		refusing.Store(true)
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return topic == "o" && refusing.Load() })
		n.write(t, "src", "b=2")
		until(t, "the query says that it can't write", func() bool {
			q := n.Queries()[0]
			return q.State == Unresponsive && strings.Contains(q.Error, "INVALID_TXN_STATE")
		})
		n.write(t, "src", "c=3")
		refusing.Store(false)
		n.settle(t)
		until(t, "it runs", func() bool { return n.Queries()[0].State == Running })
		if got, want := n.texts(t, "o"), []string{"a=1", "b=2", "c=3"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// A write that will never be taken ends the query, with the reason.
func TestWriteRefusedForGood(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.InvalidRecord} {
		bothWays(t, nil, func(t *testing.T, p *place) {
			n := p.start(t)
			n.run(t, NewSession(), plainSQL)
			p.refuse(code, func(topic string) bool { return topic == "o" })
			n.write(t, "src", "b=2")
			until(t, "the query has failed", func() bool {
				q := n.Queries()[0]
				return q.State == Failed && strings.Contains(q.Error, code.Message)
			})
		})
	}
}

// A commit that fails inside a command ends the session as any other.
func TestCommitOfACommandFails(t *testing.T) {
	bothWays(t, map[string]string{"commit.interval.ms": "600000"}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		var refusing atomic.Bool
		refusing.Store(true)
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return topic == "o" && refusing.Load() })
		n.write(t, "src", "b=2")
		id := n.Queries()[0].ID
		r := n.Engine.queries[id]
		// The row is fetched before the command comes: a pause would not read it any more.
		until(t, "the row is under way", func() bool {
			_, _, _ = r.worker.CaughtUp(t.Context())
			return n.Queries()[0].State == Unresponsive
		})
		n.run(t, NewSession(), "PAUSE "+id+";")
		if got := n.Queries()[0].State; got != Paused {
			t.Errorf("after PAUSE it is %s", got)
		}
		refusing.Store(false)
		n.run(t, NewSession(), "RESUME "+id+";")
		n.write(t, "src", "c=3")
		n.settle(t)
		if got, want := n.texts(t, "o"), []string{"a=1", "b=2", "c=3"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// A joined table is read from its beginning, wherever the query's stream is.
func TestLatestJoinReadsTheTable(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE TABLE tab (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='tab', VALUE_FORMAT='JSON', PARTITIONS=1);
			INSERT INTO tab VALUES ('a', 'Anna'); INSERT INTO src VALUES ('a', 'old');
			SET 'auto.offset.reset'='latest';
			CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='DELIMITED') AS SELECT src.k AS k, v, name FROM src JOIN tab ON src.k = tab.k;`)
		n.settle(t)
		n.write(t, "src", "a=new")
		n.settle(t)
		if got, want := n.texts(t, "o"), []string{"a=new,Anna"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// A query that begins at the end keeps its place over a restart, though it has read nothing.
func TestLatestKeepsItsPlace(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"] = "latest"
		n.run(t, s, plainSQL)
		n.settle(t)
		n.leave(t)
		c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		(&node{cluster: c}).write(t, "src", "a=1")
		n = p.start(t)
		n.settle(t)
		if got, want := n.texts(t, "o"), []string{"a=1"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// What others do to an output topic between two starts: nothing is sent again, and nothing hangs.
func TestForeignHandsInTheOutput(t *testing.T) {
	foreign := map[string]func(t *testing.T, n *node){
		"records deleted": func(t *testing.T, n *node) {
			if err := n.cluster.DeleteRecords(t.Context(), "o", map[int32]int64{0: 9}); err != nil {
				t.Fatal(err)
			}
		},
		"all records deleted": func(t *testing.T, n *node) {
			ends, err := n.cluster.StableOffsets(t.Context(), "o")
			if err == nil {
				err = n.cluster.DeleteRecords(t.Context(), "o", map[int32]int64{0: ends["o"][0]})
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"transaction committed": func(t *testing.T, n *node) { foreignTransaction(t, n, "o", kgo.TryCommit) },
		"transaction aborted":   func(t *testing.T, n *node) { foreignTransaction(t, n, "o", kgo.TryAbort) },
		"record written":        func(t *testing.T, n *node) { n.write(t, "o", "foreign=1") },
	}
	for name, act := range foreign {
		t.Run(name, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), plainSQL)
				for i := range 10 {
					n.write(t, "src", fmt.Sprintf("k%d=%d", i, i))
				}
				n.settle(t)
				act(t, n)
				before := n.texts(t, "o")
				n.leave(t)
				n = p.start(t)
				n.write(t, "src", "next=10")
				n.settle(t)
				if got, want := n.texts(t, "o"), append(before, "next=10"); !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		})
	}
}

func foreignTransaction(t *testing.T, n *node, topic string, end kgo.TransactionEndTry) {
	t.Helper()
	c, err := n.cluster.NewClient(kgo.TransactionalID("foreign"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	err = c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte("foreign"), Value: []byte("1")}).FirstErr()
	if err := errors.Join(err, c.EndTransaction(t.Context(), end)); err != nil {
		t.Fatal(err)
	}
}

// Close ends in the time it is given, though no broker answers.
func TestCloseWithoutBroker(t *testing.T) {
	bothWays(t, map[string]string{"commit.interval.ms": "600000"}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		n.write(t, "src", "b=2")
		p.broker.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		closed := make(chan error, 1)
		go func() { closed <- n.Engine.Close(ctx) }()
		select {
		case <-closed:
		case <-time.After(40 * time.Second):
			t.Fatal("Close does not end")
		}
		n.cluster.Close()
		n.cluster = nil
	})
}

// Records that retention takes before the query has read them are named, and so is a topic that was made anew.
func TestLostRecords(t *testing.T) {
	for _, policy := range []string{"continue", "fail"} {
		t.Run(policy, func(t *testing.T) {
			bothWays(t, map[string]string{"weir.on.lost.records": policy}, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), plainSQL)
				n.write(t, "src", "a=0", "b=1")
				n.settle(t)
				n.leave(t)
				c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs()})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				outside := &node{cluster: c}
				outside.write(t, "src", "c=2", "d=3", "e=4")
				if err := c.DeleteRecords(t.Context(), "src", map[int32]int64{0: 4}); err != nil {
					t.Fatal(err)
				}
				n = p.start(t)
				if policy == "fail" {
					until(t, "the query has failed", func() bool {
						q := n.Queries()[0]
						return q.State == Failed && strings.Contains(q.Error, "offsets 2 to 3") && strings.Contains(q.Error, "weir.on.lost.records")
					})
					return
				}
				n.settle(t)
				if got, want := n.texts(t, "o"), []string{"a=0", "b=1", "e=4"}; !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
				log := n.texts(t, "default_ksql_processing_log")
				if len(log) != 1 || !strings.Contains(log[0], "RECORDS_LOST") || !strings.Contains(log[0], "offsets 2 to 3") {
					t.Errorf("processing log: %s", log)
				}
				n.leave(t)
				n = p.start(t)
				n.settle(t)
				if log := n.texts(t, "default_ksql_processing_log"); len(log) != 1 {
					t.Errorf("told again: %s", log)
				}
			})
		})
	}
}

// A topic that is deleted under a query is told of; made anew, it is read from its beginning, although it is longer by then.
func TestTopicMadeAnew(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=0", "b=1")
		n.settle(t)
		if err := n.cluster.DeleteTopic(t.Context(), "src"); err != nil {
			t.Fatal(err)
		}
		until(t, "the query says that its topic is gone", func() bool {
			q := n.Queries()[0]
			return q.State == Unresponsive && strings.Contains(q.Error, `"src" does not exist`)
		})
		if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "src", Partitions: 1, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
		n.write(t, "src", "c=2", "d=3", "e=4")
		until(t, "the new topic is read", func() bool { return len(n.texts(t, "o")) == 5 })
		n.settle(t)
		if got, want := n.texts(t, "o"), []string{"a=0", "b=1", "c=2", "d=3", "e=4"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if log := n.texts(t, "default_ksql_processing_log"); len(log) != 1 || !strings.Contains(log[0], "made anew") {
			t.Errorf("processing log: %s", log)
		}
	})
}

// Partitions that a source gets while a query runs are read, behind a repartition too.
func TestPartitionsAdded(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
			CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COUNT(*) AS n FROM src WINDOW TUMBLING (SIZE 1000 DAYS) GROUP BY v;`)
		n.write(t, "src", "a=x", "b=y")
		n.settle(t)
		if err := n.cluster.GrowTopic(t.Context(), "src", 4); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			n.write(t, "src", fmt.Sprintf("k%d=x", i))
		}
		until(t, "all rows are counted", func() bool {
			out, err := n.try(t, NewSession(), `SELECT v, n FROM c WHERE v = 'x';`)
			return err == nil && out == "x | 21\n"
		})
		n.leave(t)
		n = p.start(t)
		n.settle(t)
		if got := n.run(t, NewSession(), `SELECT v, n FROM c WHERE v = 'x';`); got != "x | 21\n" {
			t.Errorf("after a restart: %q", got)
		}
	})
}

// The processing log refuses a write once: the entries of a query wait with it, whatever others commit.
func TestProblemsAreNotLost(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		n.run(t, s, `CREATE STREAM a (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM b (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM oa AS SELECT * FROM a;
			SET 'commit.interval.ms'='1000';
			CREATE STREAM ob AS SELECT * FROM b;`)
		var refused atomic.Int32
		p.refuse(kerr.InvalidTxnState, func(topic string) bool { return strings.HasSuffix(topic, "processing_log") && refused.Add(1) == 1 })
		n.write(t, "b", "k=no JSON")
		for i := range 20 {
			n.write(t, "a", fmt.Sprintf(`k={"v":%d}`, i))
			time.Sleep(10 * time.Millisecond)
		}
		n.settle(t)
		if log := n.texts(t, "default_ksql_processing_log"); len(log) != 1 || !strings.Contains(log[0], "CSAS_OB") || refused.Load() == 0 {
			t.Errorf("processing log: %s; writes %d", log, refused.Load())
		}
	})
}

// State that is missing on the embedded broker is made anew from the sources; what comes meanwhile is put out all the same.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), `SET 'commit.interval.ms'='20';
		CREATE STREAM src (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE TABLE plain WITH (KAFKA_TOPIC='plain') AS SELECT k, COUNT(*) AS n FROM src GROUP BY k;
		CREATE TABLE behind WITH (KAFKA_TOPIC='behind') AS SELECT v, COUNT(*) AS n FROM src GROUP BY v;`)
	rows := func(from, to int) []string {
		var out []string
		for i := from; i < to; i++ {
			out = append(out, fmt.Sprintf(`k%d={"v":%d}`, i%13, i%7))
		}
		return out
	}
	n.write(t, "src", rows(0, 500)...)
	n.settle(t)
	n.stop(t)
	if err := os.RemoveAll(dir + "/state"); err != nil {
		t.Fatal(err)
	}
	broker, err := embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: []string{broker.Addr()}, Opts: broker.ClientOpts()})
	if err != nil {
		t.Fatal(err)
	}
	before, err := cluster.EndOffsets(t.Context(), "plain", "behind")
	if err != nil {
		t.Fatal(err)
	}
	(&node{cluster: cluster}).write(t, "src", rows(500, 700)...)
	cluster.Close()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, dir)
	defer n.stop(t)
	n.settle(t)
	for topic, keys := range map[string]int{"plain": 13, "behind": 7} {
		last := map[string]string{}
		for _, kv := range n.texts(t, topic) {
			k, v, _ := strings.Cut(kv, "=")
			last[k] = v
		}
		want := map[string]string{}
		counts := map[int]int{}
		for i := range 700 {
			counts[i%keys]++
		}
		for k, c := range counts {
			name := fmt.Sprintf("k%d", k)
			if topic == "behind" {
				name = string([]byte{0, 0, 0, byte(k)})
			}
			want[name] = fmt.Sprintf(`{"N":%d}`, c)
		}
		if !maps.Equal(last, want) {
			t.Errorf("%s: %q, want %q", topic, last, want)
		}
		after, err := n.cluster.EndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		grown := int64(0)
		for p, end := range after[topic] {
			grown += end - before[topic][p]
		}
		// Each group changes at least once by the new rows; the old ones are not put out again.
		if grown < int64(keys) || grown > 200 {
			t.Errorf("%s has %d more records", topic, grown)
		}
	}
}

// A source that was cut behind what the query had read, as by a power loss: what is written from then on is read.
func TestSourceCut(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, dir)
	n.run(t, NewSession(), plainSQL)
	for i := range 8 {
		n.write(t, "src", fmt.Sprintf("k%d=%d", i, i))
	}
	n.settle(t)
	n.stop(t)
	files, err := filepath.Glob(dir + "/kafka/partitions/src-0/*.dat")
	if err != nil || len(files) == 0 {
		t.Fatalf("data files %v, %v", files, err)
	}
	last := slices.Max(files)
	info, err := os.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(last, info.Size()-100); err != nil {
		t.Fatal(err)
	}
	// What a clean stop noted of the segments would hide it.
	for _, name := range []string{"snapshot.json", "index"} {
		_ = os.Remove(dir + "/kafka/partitions/src-0/" + name)
	}
	n = startNode(t, dir)
	defer n.stop(t)
	ends, err := n.cluster.EndOffsets(t.Context(), "src")
	if err != nil || ends["src"][0] >= 8 {
		t.Fatalf("the topic was not cut: %v, %v", ends, err)
	}
	// Only once the query has its place again is it clear which records are new.
	until(t, "the loss is told", func() bool {
		log := n.texts(t, "default_ksql_processing_log")
		return len(log) == 1 && strings.Contains(log[0], "shorter than it was")
	})
	n.write(t, "src", "new=1", "newer=2")
	n.settle(t)
	if got := n.texts(t, "o"); len(got) != 10 || got[8] != "new=1" || got[9] != "newer=2" {
		t.Errorf("%v", got)
	}
}

// writeMany writes records without waiting for each.
func writeMany(t *testing.T, c *kgo.Client, topic string, recs []string) {
	t.Helper()
	for _, kv := range recs {
		k, v, _ := strings.Cut(kv, "=")
		c.Produce(t.Context(), &kgo.Record{Topic: topic, Key: []byte(k), Value: []byte(v)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}
