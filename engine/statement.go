package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"weir/catalog"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
)

// parse substitutes the session's variables in one statement of a text and parses it. Positions are those of the text.
func (e *Engine) parse(s *Session, text string, piece parser.Piece) (*parser.Stmt, error) {
	src := strings.TrimSuffix(piece.Text, ";") + ";"
	if len(s.Variables) > 0 || strings.Contains(src, "${") {
		out, err := parser.Substitute(src, s.Variables)
		if err != nil {
			return nil, e.fault(text, parser.Stmt{Text: piece.Text}, err)
		}
		src = out
	}
	// White space in front keeps the positions those of the whole text.
	lead := strings.Repeat("\n", max(piece.Pos.Line-1, 0)) + strings.Repeat(" ", max(piece.Pos.Col-1, 0))
	list, err := parser.Parse(lead+src, parser.Options{})
	if err != nil {
		return nil, e.fault(text, parser.Stmt{Text: piece.Text}, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// Validate parses and plans all statements against a catalog that changes as they would change it, and does nothing.
func (e *Engine) Validate(s *Session, text string) ([]parser.Stmt, error) {
	sandbox := &Session{Principal: s.Principal, Properties: maps.Clone(s.Properties), Variables: maps.Clone(s.Variables), BaseDir: s.BaseDir}
	pieces := parser.Split(text)
	if pieces.Open != parser.Complete {
		_, err := parser.Parse(text, parser.Options{})
		if err == nil {
			err = fmt.Errorf("the text ends inside a statement: end it with ;")
		}
		return nil, e.fault(text, parser.Stmt{}, err)
	}
	snap, next, lost := e.catalog.Snapshot(), e.log.nextID(), e.casualties()
	topics := map[string]int32{}
	plans := map[string]*plan.Query{}
	var out []parser.Stmt
	for _, piece := range pieces.Statements {
		stmt, err := e.parse(sandbox, text, piece)
		if err != nil {
			return nil, err
		}
		if stmt == nil {
			continue
		}
		out = append(out, *stmt)
		if n, ok := stmt.Node.(ast.Setting); ok {
			if err := sandboxSet(sandbox, n); err != nil {
				return nil, e.fault(text, *stmt, err)
			}
		}
		if !planned(stmt.Node) {
			continue
		}
		env := e.planEnv(sandbox, snap, next, topics)
		env.Running = func(id string) *plan.Query {
			if q := plans[id]; q != nil {
				return q
			}
			return e.runningPlan(id)
		}
		p, err := e.draft(sandbox, *stmt, world{env, lost})
		if err == nil && !p.Change.Empty() {
			snap, err = snap.With(p.Change)
			next++
		}
		if err != nil {
			return nil, e.fault(text, *stmt, err)
		}
		lost = lost.afterDrop(stmt.Node)
		if p.Change.PutQuery != nil {
			plans[p.Query.ID] = p.Query
		}
		for _, t := range []*planner.Topic{p.Topic, p.LateTopic} {
			if t == nil {
				continue
			}
			if n, ok := env.Partitions(t.Name); ok {
				topics[t.Name] = n
			} else {
				topics[t.Name] = max(t.Partitions, 1)
			}
		}
	}
	return out, nil
}

// planned says whether a statement goes through the planner.
func planned(n ast.Statement) bool {
	_, query := n.(*ast.Query)
	_, definition := n.(ast.Definition)
	return query || definition
}

// planEnv is the world for the planner; topics are those that statements not yet carried out will have made.
func (e *Engine) planEnv(s *Session, cat catalog.Reader, next int, topics map[string]int32) *planner.Env {
	return &planner.Env{Catalog: cat, Functions: e.opt.Functions, Config: e.config(s), NextID: next,
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

// statement carries out one statement.
func (e *Engine) statement(ctx context.Context, s *Session, stmt parser.Stmt) (Result, error) {
	if err := e.usable(stmt.Node); err != nil {
		return nil, err
	}
	switch n := stmt.Node.(type) {
	case *ast.Query:
		return e.query(ctx, s, stmt, n)
	case ast.Definition:
		return e.define(ctx, s, stmt, n)
	case *ast.InsertValues:
		return e.insert(ctx, s, n)
	case ast.Setting:
		return e.setting(s, n)
	case *ast.Show:
		return e.show(ctx, s, n)
	case ast.Describing:
		return e.describe(ctx, n)
	case *ast.Explain:
		return e.explain(s, stmt, n)
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
	case *ast.AssertTopic:
		return e.assertTopic(ctx, n)
	case *ast.AssertSchema:
		return e.assertSchema(ctx, n)
	case *ast.AlterSystem, *ast.AssertValues, *ast.AssertSource, *ast.RunScript: // refused below
	}
	return nil, refuse(BadStatement, "%s is not supported by this server", firstWords(stmt.Text))
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
	case *ast.Query, *ast.InsertValues, *ast.Print:
		return e.log.refused()
	default: // about these alone
	}
	return nil
}

func (e *Engine) makeTopic(ctx context.Context, p *planner.Plan, t *planner.Topic) error {
	found, err := e.opt.Cluster.Topic(ctx, t.Name)
	if err != nil && !errors.Is(err, kafka.ErrNoTopic) {
		return err
	}
	exists := err == nil
	switch err := t.Check(p, int32(len(found.Partitions)), exists); {
	case err != nil && !exists:
		return refuse(BadStatement, "%v%s", err, e.similarTopic(ctx, t.Name))
	case err != nil || exists:
		return err
	}
	spec := kafka.TopicSpec{Name: t.Name, Partitions: t.Partitions, Replicas: t.Replicas, Configs: t.Configs, IfNotExists: true}
	if spec.Replicas == 0 {
		spec.Replicas = e.replicas()
	}
	_, err = e.opt.Cluster.CreateTopic(ctx, spec)
	return err
}
