package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/answer"
	"weir/kafka"
	"weir/parser/ast"
	"weir/planner"
	"weir/settings"
)

// createTopic makes a topic. It is Kafka's, and stands in no command log.
func (e *Engine) createTopic(ctx context.Context, s *Session, n *ast.CreateTopic) (Result, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	name := n.Topic.Name
	if err := e.notOurs(n.Topic); err != nil {
		return nil, err
	}
	t, err := planner.TopicOf(n, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil {
		return nil, err
	}
	found, err := e.opt.Cluster.Topic(ctx, name)
	switch {
	case err == nil && n.IfNotExists:
		is := "Topic " + name + " already exists."
		return &Done{Warning: is, Message: is, Sequence: -1}, nil
	case err == nil:
		return nil, &planner.Error{Pos: n.Topic.Pos(), Msg: fmt.Sprintf("Topic %s already exists, with %s. CREATE TOPIC IF NOT EXISTS takes it as it is.", name, partitionsText(len(found.Partitions)))}
	case !errors.Is(err, kafka.ErrNoTopic):
		return nil, err
	}
	spec := e.topicSpec(t)
	spec.IfNotExists = false
	if spec.Partitions == 0 && e.opt.Embedded { // on other brokers, their own setting counts
		spec.Partitions = int32(settings.TopicPartitions.In(e.config(s)))
	}
	if _, err := e.opt.Cluster.CreateTopic(ctx, spec); err != nil {
		return nil, err
	}
	out := &Done{Entity: "topic", Name: name, Action: ast.Creates, Message: "Topic " + name + " created", Sequence: -1,
		did: effect{undo: []string{"DROP TOPIC " + ast.QuoteString(name)}}}
	if made, err := e.opt.Cluster.Topic(ctx, name); err == nil {
		out.Message += " with " + partitionsText(len(made.Partitions))
	}
	return out, nil
}

func partitionsText(n int) string { return answer.Counted(int64(n), "partition") }

// deleteTopic deletes a topic that nothing here reads or writes.
func (e *Engine) deleteTopic(ctx context.Context, n *ast.DropTopic) (Result, error) {
	done, err := e.change(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	name := n.Topic.Name
	if err := e.notOurs(n.Topic); err != nil {
		return nil, err
	}
	_, err = e.opt.Cluster.Topic(ctx, name)
	switch {
	case errors.Is(err, kafka.ErrNoTopic) && n.IfExists:
		is := "Topic " + name + " does not exist."
		return &Done{Warning: is, Message: is, Sequence: -1}, nil
	case errors.Is(err, kafka.ErrNoTopic):
		return nil, &planner.Error{Pos: n.Topic.Pos(), Msg: "Topic " + name + " does not exist." + e.similarTopic(ctx, name)}
	case err != nil:
		return nil, err
	}
	if err := e.unused(n.Topic); err != nil {
		return nil, err
	}
	if err := e.dropTopic(ctx, name); err != nil {
		return nil, err
	}
	return &Done{Entity: "topic", Name: name, Action: ast.Drops, Message: "Topic " + name + " was deleted.", Sequence: -1}, nil
}

// unused refuses to delete what something here reads or writes.
func (e *Engine) unused(topic ast.Ident) error {
	for _, src := range e.catalog.Snapshot().Sources() {
		if src.Topic == topic.Name {
			kind := strings.ToUpper(src.Kind())
			return &planner.Error{Pos: topic.Pos(), Msg: fmt.Sprintf("Cannot delete topic %s: the %s %s is over it. To drop both: DROP %s %s DELETE TOPIC;",
				topic.Name, src.Kind(), src.Name, kind, ast.Quote(src.Name))}
		}
	}
	return e.unconnected(topic.Pos(), []string{topic.Name}, "")
}

// unconnected refuses to delete topics that connectors read or write. instead is what else can be done.
func (e *Engine) unconnected(at ast.Pos, topics []string, instead string) error {
	var list []string
	for _, topic := range topics {
		for _, c := range e.conns.List() {
			if slices.Contains(c.Topics, topic) {
				list = append(list, fmt.Sprintf("Cannot delete topic %s: the connector %s uses it. DROP CONNECTOR %s; first%s.", topic, c.Name, ast.Quote(c.Name), instead))
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &planner.Error{Pos: at, Msg: strings.Join(list, "\n")}
}

// notOurs refuses the topics in which the engine keeps what is its own.
func (e *Engine) notOurs(topic ast.Ident) error {
	if strings.HasPrefix(topic.Name, "_weir-") || topic.Name == e.problems.topic {
		return &planner.Error{Pos: topic.Pos(), Msg: "Topic " + topic.Name + " is one of those that Weir keeps for itself: it makes and deletes them."}
	}
	return nil
}
