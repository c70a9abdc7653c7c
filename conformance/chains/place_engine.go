package chains

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/engine"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/parser"
	"weir/planner/plan"
	"weir/registry"
)

// onBroker is an engine on a broker.
type onBroker struct {
	broker  *embedded.Broker // nil where it is not ours
	cluster *kafka.Cluster
	client  *kgo.Client
	options engine.Options
	engine  *engine.Engine
	session *engine.Session
	late    map[string]int64
	prefix  string // of service and topics
}

// patience is how long a slice is waited for: what can't be read yet is waited for no longer.
const patience = 500 * time.Millisecond

var opened atomic.Int64

// newOnBroker opens an engine for a course. Only a Kafka that is not ours has an address.
func newOnBroker(ctx context.Context, c *course, addr, dir string) (*onBroker, error) {
	b := &onBroker{session: engine.NewSession(), late: map[string]int64{}, prefix: fmt.Sprintf("c%d-%d-", os.Getpid(), opened.Add(1))}
	var opts []kgo.Opt
	if c.fetch > 0 {
		opts = append(opts, kgo.FetchMaxPartitionBytes(c.fetch), kgo.MaxConcurrentFetches(1))
	}
	brokers := strings.Split(addr, ",")
	if c.way != kafkaWay {
		var err error
		if b.broker, err = embedded.Start(embedded.Options{DataDir: dir + "/kafka", Addr: "127.0.0.1:0"}); err != nil {
			return nil, err
		}
		brokers, opts = []string{b.broker.Addr()}, append(opts, b.broker.ClientOpts()...)
	}
	var err error
	if b.cluster, err = kafka.Connect(ctx, kafka.Config{Brokers: brokers, Opts: opts}); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	b.options = engine.Options{Cluster: b.cluster, Embedded: c.way == outboxWay, Registry: registry.NewLocal(registry.NewStore()), DataDir: dir, ServiceID: b.prefix,
		Config: map[string]string{"commit.interval.ms": fmt.Sprint(c.interval), "weir.idle.upstream": "600000", "weir.wait.upstream": "600000", "max.task.idle.ms": c.taskIdle()}}
	if os.Getenv("WEIR_TEST_LOG") != "" {
		b.options.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if b.engine, err = engine.Open(ctx, b.options); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	if b.client, err = b.cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

func (b *onBroker) execute(ctx context.Context, sql string) error {
	return b.engine.Execute(ctx, b.session, sql, func(parser.Stmt, engine.Result) error { return nil })
}

// produce writes runs of records of one topic, each once the one before it is there: so none is there before one of an earlier time.
func (b *onBroker) produce(ctx context.Context, recs []*kgo.Record) error {
	for len(recs) > 0 {
		n := 1
		for n < len(recs) && recs[n].Topic == recs[0].Topic {
			n++
		}
		if err := b.client.ProduceSync(ctx, recs[:n]...).FirstErr(); err != nil {
			return err
		}
		recs = recs[n:]
	}
	return nil
}

func (b *onBroker) settle(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := b.engine.Settle(waiting); err != nil && waiting.Err() == nil {
		return err
	}
	return ctx.Err()
}

func (b *onBroker) restart(ctx context.Context) error {
	b.count()
	if err := b.engine.Close(ctx); err != nil {
		return err
	}
	b.engine = nil
	var err error
	b.engine, err = engine.Open(ctx, b.options)
	return err
}

func (b *onBroker) pause(ctx context.Context, q *query, stop bool) error {
	word := "RESUME"
	if stop {
		word = "PAUSE"
	}
	for _, running := range b.engine.Queries() {
		if strings.EqualFold(running.Sink, q.out.name) {
			if err := b.execute(ctx, word+" "+running.ID+";"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *onBroker) drop(ctx context.Context, q *query, deletes bool) error {
	for _, running := range b.engine.Queries() {
		if strings.EqualFold(running.Sink, q.out.name) && strings.HasPrefix(running.ID, "INSERTQUERY") {
			if err := b.execute(ctx, "TERMINATE "+running.ID+";"); err != nil {
				return err
			}
		}
	}
	return b.execute(ctx, q.undo(deletes))
}

func (b *onBroker) count() {
	for _, q := range b.engine.Queries() {
		if q.Stats.Late > 0 {
			b.late[q.ID] += q.Stats.Late
		}
	}
}

func (b *onBroker) drain(ctx context.Context) (map[string]int64, error) {
	err := b.engine.Drain(ctx)
	for _, q := range b.engine.Queries() {
		if q.Kind == plan.Persistent && q.Error != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s", q.ID, q.Error))
		}
	}
	b.count()
	return b.late, err
}

// records reads a topic from its beginning to its end.
func (b *onBroker) records(ctx context.Context, topic string) (out []*kgo.Record, err error) {
	ends, err := b.cluster.StableOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	for _, p := range slices.Sorted(maps.Keys(ends[topic])) {
		err := b.cluster.Read(ctx, topic, p, 0, ends[topic][p], func(r *kgo.Record) error {
			out = append(out, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// close ends what there is; of a Kafka that lives on it deletes what was made.
func (b *onBroker) close(ctx context.Context) error {
	var errs []error
	if b.engine != nil {
		errs = append(errs, b.engine.Close(ctx))
	}
	if b.client != nil {
		if b.broker == nil {
			errs = append(errs, b.sweep(ctx))
		}
		b.client.Close()
	}
	if b.cluster != nil {
		b.cluster.Close()
	}
	if b.broker != nil {
		errs = append(errs, b.broker.Close())
	}
	return errors.Join(errs...)
}

func (b *onBroker) sweep(ctx context.Context) error {
	topics, err := b.cluster.Topics(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if strings.Contains(t.Name, b.prefix) {
			if err := b.cluster.DeleteTopic(ctx, t.Name); err != nil && !errors.Is(err, kafka.ErrNoTopic) {
				return err
			}
		}
	}
	admin := kadm.NewClient(b.client)
	groups, err := admin.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups.Groups() {
		if !strings.Contains(g, b.prefix) {
			continue
		}
		described, err := admin.DescribeGroups(ctx, g)
		if err != nil {
			return err
		}
		var members []string
		for _, m := range described[g].Members {
			if m.InstanceID != nil {
				members = append(members, *m.InstanceID)
			}
		}
		if len(members) > 0 {
			if _, err := admin.LeaveGroup(ctx, kadm.LeaveGroup(g).InstanceIDs(members...)); err != nil {
				return err
			}
		}
		if err := b.cluster.DeleteGroup(ctx, g); err != nil && !errors.Is(err, kafka.ErrNoGroup) {
			return err
		}
	}
	return nil
}
