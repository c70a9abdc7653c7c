package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/settings"
)

// command is an entry of the command log: a statement as it was carried out, after substitution and inference.
type command struct {
	Statement  string            `json:"statement"`
	Properties map[string]string `json:"properties,omitempty"`
	ID         int               `json:"id"` // number for the query that it makes
	BaseDir    string            `json:"baseDir,omitempty"`
	// Layout is that of the state of the query that it makes: a node whose plan has another one does not touch the state.
	Layout task.Layout `json:"layout,omitempty"`
}

// commandLog is the topic that holds every change of the catalog, in order. Whoever reads it from its beginning has the
// catalog and the queries.
type commandLog struct {
	topic  string
	client *kgo.Client
	next   int64
	past   []command
}

func (e *Engine) internalTopic(name string) string {
	return "_weir-" + e.opt.ServiceID + "-" + name
}

// openLog reads the log to its end.
func (e *Engine) openLog(ctx context.Context) (*commandLog, error) {
	l := &commandLog{topic: e.internalTopic("commands")}
	_, err := e.opt.Cluster.CreateTopic(ctx, kafka.TopicSpec{Name: l.topic, Partitions: 1, Replicas: e.replicas(), IfNotExists: true,
		Configs: map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}})
	if err != nil {
		return nil, err
	}
	ends, err := e.opt.Cluster.EndOffsets(ctx, l.topic)
	if err != nil {
		return nil, err
	}
	l.client, err = e.opt.Cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{l.topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		return nil, err
	}
	for l.next < ends[l.topic][0] {
		fetches := l.client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return l, err
		}
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			var c command
			if err := json.Unmarshal(r.Value, &c); err != nil && failed == nil {
				failed = fmt.Errorf("the command log %s is damaged at offset %d: %w", l.topic, r.Offset, err)
			}
			l.past = append(l.past, c)
			l.next = r.Offset + 1
		})
		if failed != nil {
			return l, failed
		}
	}
	l.client.PauseFetchTopics(l.topic)
	return l, nil
}

// nextID numbers the next query: the place of its command in the log, counted from 1.
func (l *commandLog) nextID() int { return int(l.next) + 1 }

// append writes a command and waits until the broker has it.
func (l *commandLog) append(ctx context.Context, c command) (int64, error) {
	blob, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	r := &kgo.Record{Topic: l.topic, Value: blob}
	if err := l.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return 0, fmt.Errorf("cannot write the command log: %w", err)
	}
	l.next = r.Offset + 1
	return r.Offset, nil
}

func (l *commandLog) close() {
	if l.client != nil {
		l.client.Close()
	}
}

// recover carries the commands of the log out again: the catalog first, and then the queries that are left are started.
func (e *Engine) recover(ctx context.Context) error {
	started := map[string]pendingStart{}
	paused := map[string]bool{}
	var order []string
	for i, c := range e.log.past {
		list, err := parser.Parse(c.Statement+";", parser.Options{})
		if err != nil || len(list) != 1 {
			return fmt.Errorf("command %d of the log can't be parsed: %w", i, err)
		}
		s := &Session{Properties: e.remembered(c.Properties), Variables: map[string]string{}, BaseDir: c.BaseDir}
		switch n := list[0].Node.(type) {
		case *ast.Terminate:
			e.forget(n, started)
			continue
		case *ast.Pause:
			paused[n.QueryID.Name] = true
			continue
		case *ast.Resume:
			delete(paused, n.QueryID.Name)
			continue
		case *ast.CreateConnector, *ast.DropConnector:
			e.recoverConnector(s, list[0])
			continue
		default: // about these alone
		}
		env := e.planEnv(s, e.catalog.Snapshot(), c.ID, nil)
		env.Partitions = func(string) (int32, bool) { return 0, false }
		env.Config[settings.CreateOrReplace.About().Name] = "true" // it was, whatever the server is told now
		p, err := planner.Build(list[0].Node, list[0].Text, env)
		if err == nil {
			err = e.catalog.Apply(p.Change)
		}
		if err != nil {
			return fmt.Errorf("command %d of the log can't be carried out again: %s: %w", i, c.Statement, err)
		}
		delete(started, p.Change.DropQuery)
		e.plans.Delete(p.Change.DropQuery)
		if p.Query != nil {
			if _, replaced := started[p.Query.ID]; !replaced {
				order = append(order, p.Query.ID)
			}
			started[p.Query.ID] = pendingStart{p, e.config(s), c.Layout}
			e.plans.Store(p.Query.ID, p.Query)
		}
	}
	e.log.past = nil
	for _, id := range order {
		if q, ok := started[id]; ok {
			delete(started, id)
			if err := e.knowLayout(id, q.layout); err != nil {
				return err
			}
			if err := e.start(q.plan.Query, q.config, paused[id]); err != nil {
				return err
			}
		}
	}
	return e.startConnectors()
}

type pendingStart struct {
	plan   *planner.Plan
	config map[string]string
	layout task.Layout
}

// forget takes terminated queries out of what is to be started.
func (e *Engine) forget(n *ast.Terminate, started map[string]pendingStart) {
	for _, q := range e.catalog.Snapshot().Queries() {
		if n.All && q.Sink != "" || q.ID == n.QueryID.Name {
			delete(started, q.ID)
			e.plans.Delete(q.ID)
			_ = e.catalog.Apply(dropQuery(q.ID))
		}
	}
}
