package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/engine"
	"weir/kafka"
	"weir/parser"
	"weir/registry"
	"weir/types"
)

// engineWay runs a case on an engine. Its topics have a prefix, so that many cases share a broker.
type engineWay struct {
	cluster *kafka.Cluster
	options engine.Options
	engine  *engine.Engine
	client  *kgo.Client
	schemas *registry.Local
	session *engine.Session
	prefix  string
	kind    engineKind
}

// engineKind says how an engine runs the cases.
type engineKind struct {
	embedded bool // commits go the embedded broker's way; otherwise they are transactions
	restarts bool // after every produce
	held     bool // with the settings that users have: changes of tables are held back until the commit
	sweeps   bool // the broker lives on, so that what the case has made is deleted
}

// config are the engine's properties. Unless changes are held back, every change of a table is written. Nothing is waited for: cases
// write to one source after the other, and say what comes of it, as ksqlDB's do.
func (k engineKind) config(prefix string) map[string]string {
	out := map[string]string{"ksql.output.topic.name.prefix": prefix, "weir.idle.upstream": "0"}
	if !k.held {
		maps.Copy(out, map[string]string{"cache.max.bytes.buffering": "0", "commit.interval.ms": "10"})
	}
	return out
}

var nextPrefix atomic.Int64

func newEngineWay(ctx context.Context, cluster *kafka.Cluster, kind engineKind, dir string) (way, error) {
	prefix := fmt.Sprintf("t%d%s-", nextPrefix.Add(1), runID)
	w := &engineWay{cluster: cluster, prefix: prefix, kind: kind, schemas: registry.NewLocal(registry.NewStore()), session: engine.NewSession()}
	w.session.Properties["auto.offset.reset"] = "earliest"
	w.options = engine.Options{Cluster: cluster, Embedded: kind.embedded, Registry: w.schemas, DataDir: dir, ServiceID: prefix, Config: kind.config(prefix)}
	if os.Getenv("WEIR_TEST_LOG") != "" {
		w.options.Log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("case", prefix)
	}
	var err error
	if w.engine, err = engine.Open(ctx, w.options); err != nil {
		return nil, err
	}
	w.client, err = cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	return w, err
}

// prefixed is a registry whose subjects are told without the prefix of their topics.
type prefixed struct {
	*registry.Local
	prefix string
}

// Latest finds the newest schema of a subject.
func (p prefixed) Latest(ctx context.Context, subject string) (registry.Schema, error) {
	return p.Local.Latest(ctx, p.prefix+subject)
}

func (w *engineWay) createTopic(ctx context.Context, name string, partitions int32) error {
	_, err := w.cluster.CreateTopic(ctx, kafka.TopicSpec{Name: w.prefix + name, Partitions: partitions, Replicas: 1, IfNotExists: true})
	return err
}

var topicProperty = regexp.MustCompile(`(?i)(KAFKA_TOPIC\s*=\s*')`)

// execute puts the prefix into the names of topics, and takes it out of the answers.
func (w *engineWay) execute(ctx context.Context, sql string) ([]string, error) {
	return w.refuse(ctx, topicProperty.ReplaceAllString(sql, "${1}"+w.prefix))
}

// refuse leaves the statement as it is: positions in errors are to be those of the case.
func (w *engineWay) refuse(ctx context.Context, sql string) ([]string, error) {
	var out []string
	err := w.engine.Execute(ctx, w.session, sql, func(_ parser.Stmt, r engine.Result) error {
		rows, ok := r.(*engine.Rows)
		if !ok {
			out = append(out, answer(r)...)
			return nil
		}
		defer rows.Close()
		var list [][]types.Value
		for {
			row, err := rows.Next(ctx)
			if errors.Is(err, io.EOF) {
				out = append(out, table(rows.Columns, list)...)
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, row.Values)
		}
	})
	if err != nil {
		return nil, errors.New(w.plain(err.Error()))
	}
	for i := range out {
		out[i] = w.plain(out[i])
	}
	return out, nil
}

// plain takes the prefix out.
func (w *engineWay) plain(s string) string { return strings.ReplaceAll(s, w.prefix, "") }

func (w *engineWay) produce(ctx context.Context, recs []*kgo.Record) error {
	for _, r := range recs {
		r.Topic = w.prefix + r.Topic
		if r.Partition >= 0 {
			continue
		}
		t, err := w.cluster.Topic(ctx, r.Topic)
		if err != nil {
			return err
		}
		if r.Partition = 0; r.Key != nil {
			r.Partition = kafka.Partition(r.Key, int32(len(t.Partitions)))
		}
	}
	if err := w.client.ProduceSync(ctx, recs...).FirstErr(); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil || !w.kind.restarts {
		return err
	}
	return w.restart(ctx)
}

// records reads a topic from its beginning to its end.
func (w *engineWay) records(ctx context.Context, topic string) ([][]*kgo.Record, error) {
	topic = w.prefix + topic
	ends, err := w.cluster.StableOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	starts, err := w.cluster.StartOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make([][]*kgo.Record, len(ends[topic]))
	for p, end := range ends[topic] {
		err := w.cluster.Read(ctx, topic, p, starts[topic][p], end, func(r *kgo.Record) error {
			r.Topic = strings.TrimPrefix(r.Topic, w.prefix)
			out[p] = append(out[p], r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (w *engineWay) restart(ctx context.Context) error {
	if err := w.engine.Close(ctx); err != nil {
		return err
	}
	var err error
	w.engine, err = engine.Open(ctx, w.options)
	return err
}

func (w *engineWay) closeWindows(ctx context.Context) error { return w.engine.Drain(ctx) }

// sources are the streams and tables, with their topics told without the prefix.
func (w *engineWay) sources() *catalog.Snapshot {
	snap := w.engine.Snapshot()
	for _, s := range snap.Sources() {
		plain := *s
		plain.Topic = strings.TrimPrefix(s.Topic, w.prefix)
		if next, err := snap.With(catalog.Change{PutSource: &plain}); err == nil {
			snap = next
		}
	}
	return snap
}

func (w *engineWay) registry() registry.Client { return prefixed{w.schemas, w.prefix} }

// close ends the engine; on a Kafka that lives on, it deletes what the case has made.
func (w *engineWay) close(ctx context.Context) error {
	var groups []string
	for _, q := range w.engine.Queries() {
		groups = append(groups, q.Group)
	}
	err := w.engine.Close(ctx)
	if w.kind.sweeps {
		err = errors.Join(err, w.sweep(ctx, groups))
	}
	w.client.Close()
	return err
}

// sweep deletes groups and topics. The members of the groups are static, so that they outlive their engine.
func (w *engineWay) sweep(ctx context.Context, groups []string) error {
	admin := kadm.NewClient(w.client)
	var described kadm.DescribedGroups
	if len(groups) > 0 { // none would be taken for all
		var err error
		if described, err = admin.DescribeGroups(ctx, groups...); err != nil {
			return err
		}
	}
	for _, g := range described {
		var members []string
		for _, m := range g.Members {
			if m.InstanceID != nil {
				members = append(members, *m.InstanceID)
			}
		}
		if _, err := admin.LeaveGroup(ctx, kadm.LeaveGroup(g.Group).InstanceIDs(members...)); err != nil {
			return err
		}
		if err := w.cluster.DeleteGroup(ctx, g.Group); err != nil && !errors.Is(err, kafka.ErrNoGroup) {
			return err
		}
	}
	topics, err := w.cluster.Topics(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if !strings.Contains(t.Name, w.prefix) {
			continue
		}
		if err := w.cluster.DeleteTopic(ctx, t.Name); err != nil && !errors.Is(err, kafka.ErrNoTopic) {
			return err
		}
	}
	return nil
}
