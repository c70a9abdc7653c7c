package engine

import (
	"context"
	"errors"
	"strings"

	"weir/catalog"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
)

// statement carries out one statement.
func (e *Engine) statement(ctx context.Context, s *Session, stmt parser.Stmt) (Result, error) {
	r, err := e.carryOut(ctx, s, stmt)
	if d, ok := r.(*Done); ok && err == nil {
		e.history.note(d)
	}
	return r, err
}

func (e *Engine) carryOut(ctx context.Context, s *Session, stmt parser.Stmt) (Result, error) {
	if err := e.usable(stmt.Node); err != nil {
		return nil, err
	}
	switch n := stmt.Node.(type) {
	case *ast.Query:
		return e.query(ctx, s, stmt, n)
	case ast.Definition:
		return e.define(ctx, s, stmt, n)
	case *ast.CreateFrom:
		return e.createFrom(ctx, s, n)
	case *ast.InsertValues:
		return e.insert(ctx, s, n)
	case *ast.Copy:
		return e.copyRows(ctx, s, stmt, n)
	case ast.Setting:
		return e.setting(s, n)
	case *ast.Show:
		return e.show(ctx, s, n)
	case ast.Describing:
		return e.describe(ctx, n)
	case *ast.Explain:
		return e.explain(ctx, s, stmt, n)
	case *ast.Terminate:
		return e.terminate(ctx, s, stmt, n)
	case *ast.Pause:
		return e.pause(ctx, s, stmt, n.All, n.QueryID, true)
	case *ast.Resume:
		return e.pause(ctx, s, stmt, n.All, n.QueryID, false)
	case *ast.Print:
		return e.print(ctx, s, n)
	case *ast.CreateConnector:
		return e.createConnector(ctx, s, stmt, n)
	case *ast.DropConnector:
		return e.dropConnector(ctx, s, stmt, n)
	case *ast.PauseConnector:
		return e.pauseConnector(ctx, stmt, n)
	case *ast.CreateTopic:
		return e.createTopic(ctx, s, n)
	case *ast.DropTopic:
		return e.deleteTopic(ctx, n)
	case *ast.AssertTopic:
		return e.assertTopic(ctx, n)
	case *ast.AssertSchema:
		return e.assertSchema(ctx, n)
	case *ast.AlterSystem, *ast.AssertValues, *ast.AssertSource, *ast.RunScript: // refused below
	}
	return nil, refuse(BadStatement, "%s is not supported by this server", firstWords(stmt.Text))
}

// Messages are samples of the results that are messages, by the value of @type.
var Messages = map[string]Message{
	"assert_topic":    (*AssertTopic)(nil),
	"assert_schema":   (*AssertSchema)(nil),
	"drop_cascade":    (*Cascade)(nil),
	"function_names":  (*FunctionNames)(nil),
	"show_create":     (*ShowCreate)(nil),
	"terminate_query": (*Terminated)(nil),
	"variables":       (*Variables)(nil),
}

func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.ToUpper(strings.Join(words[:min(2, len(words))], " "))
}

// usable refuses statements that name what could not be brought back, and on a node that has lost its claim on the service id all that
// go by the catalog.
func (e *Engine) usable(n ast.Statement) error {
	if err := e.casualties().refuse(n); err != nil {
		return err
	}
	switch n.(type) {
	case *ast.Query, *ast.Copy, *ast.InsertValues, *ast.Print:
		return e.log.refused()
	default: // about these alone
	}
	return nil
}

// planEnv is the world for the planner; topics are those that statements not yet carried out will have made.
func (e *Engine) planEnv(s *Session, cat catalog.Reader, next int, topics map[string]int32) *planner.Env {
	config := e.config(s)
	return &planner.Env{Catalog: cat, Functions: e.functionsIn(cat), Config: config, NextID: next, MakeTopics: settings.MakeTopics.Or(config, e.opt.Embedded),
		Module: func(f *catalog.Function) error { return e.modules.offer(s, f) },
		Partitions: func(topic string) (int32, bool) {
			if n, ok := topics[topic]; ok {
				return n, true
			}
			ctx, cancel := context.WithTimeout(context.Background(), kafka.DefaultTimeout)
			defer cancel()
			t, err := e.opt.Cluster.Topic(ctx, topic)
			return int32(len(t.Partitions)), err == nil
		},
		Registry: e.opt.Registry,
		Running:  e.runningPlan,
	}
}

// runningPlan is the plan of a persistent query; nil where it does not run.
func (e *Engine) runningPlan(id string) *plan.Query {
	q, _ := e.plans.Load(id)
	out, _ := q.(*plan.Query)
	return out
}

// checkConfigs compares a topic that is there with what a statement asks for, where it asks for something.
func (e *Engine) checkConfigs(ctx context.Context, t *planner.Topic) error {
	if t.Configs[planner.MaxMessageBytes] == "" {
		return nil
	}
	configs, err := e.opt.Cluster.TopicConfigs(ctx, t.Name)
	if err != nil {
		return err
	}
	if err := t.CheckConfigs(configs[t.Name]); err != nil {
		return refuse(BadStatement, "%v", err)
	}
	return nil
}

// makeTopic sees that a topic is there; made says that it was not before.
func (e *Engine) makeTopic(ctx context.Context, p *planner.Plan, t *planner.Topic) (made bool, err error) {
	found, err := e.opt.Cluster.Topic(ctx, t.Name)
	if err != nil && !errors.Is(err, kafka.ErrNoTopic) {
		return false, err
	}
	exists := err == nil
	switch err := t.Check(p, int32(len(found.Partitions)), exists); {
	case err != nil && !exists:
		return false, refuse(BadStatement, "%v%s", err, e.similarTopic(ctx, t.Name))
	case err != nil:
		return false, err
	case exists:
		return false, e.checkConfigs(ctx, t)
	}
	return e.opt.Cluster.CreateTopic(ctx, e.topicSpec(t))
}

func (e *Engine) topicSpec(t *planner.Topic) kafka.TopicSpec {
	spec := kafka.TopicSpec{Name: t.Name, Partitions: t.New(), Replicas: t.Replicas, Configs: t.Configs, IfNotExists: true}
	if spec.Replicas == 0 {
		spec.Replicas = e.replicas()
	}
	return spec
}
