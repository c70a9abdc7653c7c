package engine

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"weir/answer"
	"weir/parser/ast"
	"weir/planner"
)

// AssertTopic answers ASSERT TOPIC.
type AssertTopic struct {
	answer.Common
	Topic  string `json:"topicName"`
	Exists bool   `json:"exists"`
}

func (*AssertTopic) result() {}

// Layout implements answer.Entity.
func (a *AssertTopic) Layout() answer.Layout {
	return answer.Layout{answer.Lines("Topic " + a.Topic + " " + exists(a.Exists) + ".")}
}

// AssertSchema answers ASSERT SCHEMA. Subject and ID are nil where they were not asked for.
type AssertSchema struct {
	answer.Common
	Subject *string `json:"subject"`
	ID      *int    `json:"id"`
	Exists  bool    `json:"exists"`
}

func (*AssertSchema) result() {}

// Layout implements answer.Entity.
func (a *AssertSchema) Layout() answer.Layout {
	what := "Schema"
	if a.Subject != nil {
		what += " with subject " + *a.Subject
	}
	if a.ID != nil {
		what += " with id " + strconv.Itoa(*a.ID)
	}
	return answer.Layout{answer.Lines(what + " " + exists(a.Exists) + ".")}
}

func exists(yes bool) string {
	if yes {
		return "exists"
	}
	return "does not exist"
}

const assertTimeout = time.Second

// assertTopic waits until a topic is there, or is not.
func (e *Engine) assertTopic(ctx context.Context, n *ast.AssertTopic) (Result, error) {
	want := map[string]int64{}
	for _, p := range n.With {
		lit, ok := p.Value.(*ast.IntLit)
		if !ok || (p.Name != "PARTITIONS" && p.Name != "REPLICAS") {
			return nil, &planner.Error{Pos: p.Pos(), Msg: "ASSERT TOPIC takes PARTITIONS and REPLICAS, whole numbers, but not " + p.Name}
		}
		want[p.Name] = int64(lit.Value)
	}
	err := await(ctx, n.Timeout, func() error {
		t, err := e.opt.Cluster.Topic(ctx, n.Topic.Name)
		switch {
		case n.NotExists && err == nil:
			return fmt.Errorf("Topic %s exists", n.Topic.Name)
		case n.NotExists:
			return nil
		case err != nil:
			return fmt.Errorf("Topic %s does not exist", n.Topic.Name)
		}
		if w, ok := want["PARTITIONS"]; ok && w != int64(len(t.Partitions)) {
			return fmt.Errorf("Mismatched configuration for topic %s: For config partitions, expected %d got %d", n.Topic.Name, w, len(t.Partitions))
		}
		if w, ok := want["REPLICAS"]; ok && w != int64(t.ReplicationFactor()) {
			return fmt.Errorf("Mismatched configuration for topic %s: For config replicas, expected %d got %d", n.Topic.Name, w, t.ReplicationFactor())
		}
		return nil
	})
	if err != nil {
		return nil, &Error{Kind: AssertFailed, Msg: err.Error()}
	}
	return &AssertTopic{Topic: n.Topic.Name, Exists: !n.NotExists}, nil
}

// assertSchema waits until a schema is registered, or is not.
func (e *Engine) assertSchema(ctx context.Context, n *ast.AssertSchema) (Result, error) {
	if e.opt.Registry == nil {
		return nil, refuse(BadStatement, "ASSERT SCHEMA needs a schema registry: name one with --schema-registry")
	}
	out := &AssertSchema{Exists: !n.NotExists}
	what := "Schema with"
	if n.Subject.Name != "" {
		out.Subject = &n.Subject.Name
		what += " subject name " + n.Subject.Name
	}
	if n.ID != nil {
		id := int(n.ID.Value)
		out.ID = &id
		what += fmt.Sprintf(" id %d", id)
	}
	err := await(ctx, n.Timeout, func() error {
		there := e.hasSchema(ctx, out)
		switch {
		case there && n.NotExists:
			return fmt.Errorf("%s exists", what)
		case !there && !n.NotExists:
			return fmt.Errorf("%s does not exist", what)
		}
		return nil
	})
	if err != nil {
		return nil, &Error{Kind: AssertFailed, Msg: err.Error()}
	}
	return out, nil
}

func (e *Engine) hasSchema(ctx context.Context, a *AssertSchema) bool {
	if a.Subject == nil {
		_, err := e.opt.Registry.SchemaByID(ctx, *a.ID)
		return err == nil
	}
	versions, err := e.opt.Registry.Versions(ctx, *a.Subject)
	if err != nil {
		return false
	}
	for _, v := range versions {
		s, err := e.opt.Registry.Version(ctx, *a.Subject, v)
		if err == nil && (a.ID == nil || s.ID == *a.ID) {
			return true
		}
	}
	return false
}

// await tries until it succeeds or the time is over.
func await(ctx context.Context, d *ast.Duration, try func() error) error {
	limit := assertTimeout
	if d != nil {
		limit = d.Duration()
	}
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
