package engine

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka"
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

// bothWays runs a test on both kinds of commit. Where a Kafka is named, that is what is tested, and not the broker in this process once more.
func bothWays(t *testing.T, config map[string]string, test func(t *testing.T, p *place)) {
	if os.Getenv("WEIR_TEST_KAFKA") != "" {
		t.Skip("WEIR_TEST_KAFKA names a broker: this test has one of its own, and runs without")
	}
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
	cluster, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs(), Timeout: 5 * time.Second, Opts: p.opts})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{cluster: cluster, store: registry.NewStore()}
	options := Options{Cluster: cluster, Embedded: p.embedded, Registry: registry.NewLocal(n.store), DataDir: p.dir, Config: p.config, Log: testLog()}
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

// outside reaches the broker without a node: what others do to it.
func (p *place) outside(t *testing.T) *node {
	t.Helper()
	c, err := kafka.Connect(t.Context(), kafka.Config{Brokers: p.broker.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &node{cluster: c}
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
