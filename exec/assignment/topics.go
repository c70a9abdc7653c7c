package assignment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"weir/exec/task"
	"weir/kafka"
)

// Topic is what a session knows of a topic that the query reads or writes.
type Topic struct {
	ID         [16]byte // zero where the broker has none
	Partitions int32
	Limits     task.Limits // of one that is written
}

// Survey finds out how the topics of the query are at the moment. create makes a repartition topic that is not there yet.
func (a *Assignment) Survey(ctx context.Context, cluster *kafka.Cluster, create func(topic string, partitions int32) error) error {
	a.Topics = map[string]Topic{}
	count := func(name string) (int32, error) {
		err := a.describe(ctx, cluster, name)
		return a.Topics[name].Partitions, err
	}
	var failed error
	kept := func(from *task.Stage) int32 {
		n, err := count(from.Output(a.Env))
		if err != nil && !errors.Is(err, kafka.ErrNoTopic) {
			failed = err
		}
		return n
	}
	var err error
	if a.Parts, err = a.Topology.Partitions(count, kept); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	var written []string
	for _, s := range a.Topology.Stages {
		written = append(written, s.Outputs(a.Env)...)
		if task.IsRepartition(s.End) {
			if err := a.repartition(s, count, create); err != nil {
				return err
			}
		}
	}
	for _, topic := range written {
		if _, err := count(topic); err != nil {
			return a.missing(topic, err)
		}
	}
	configs, err := cluster.TopicConfigs(ctx, written...)
	if err != nil {
		return err
	}
	for topic, c := range configs {
		t := a.Topics[topic]
		t.Limits = task.TopicLimits(c)
		a.Topics[topic] = t
	}
	return nil
}

func (a *Assignment) describe(ctx context.Context, cluster *kafka.Cluster, name string) error {
	if _, known := a.Topics[name]; known {
		return nil
	}
	t, err := cluster.Topic(ctx, name)
	if err == nil {
		a.Topics[name] = Topic{ID: t.ID, Partitions: int32(len(t.Partitions))}
	}
	return err
}

// repartition sees that the topic behind a stage has as many partitions as the stage that reads it has tasks.
func (a *Assignment) repartition(s *task.Stage, count func(string) (int32, error), create func(string, int32) error) error {
	topic, want := s.Output(a.Env), a.Parts[s.To]
	have, err := count(topic)
	if errors.Is(err, kafka.ErrNoTopic) {
		if err := create(topic, want); err != nil {
			return err
		}
		have, err = count(topic)
	}
	if err == nil && have != want {
		err = &task.FatalError{Err: fmt.Errorf("a topic that %s joins has %d partitions now, and the repartition topic %s, made when there were as many, has %d: "+
			"rows of one key would no longer meet. DROP what the query makes and CREATE it again", a.Query(), want, topic, have)}
	}
	return err
}

// missing says what to do about a topic that the query writes and that is not there. It is not made again: what lay in it is gone, and who has
// deleted it knows why. The query waits in the place where it stands, so that nothing else is lost.
func (a *Assignment) missing(topic string, err error) error {
	if !errors.Is(err, kafka.ErrNoTopic) || slices.Contains(a.InputTopics(), topic) {
		return err
	}
	return fmt.Errorf("%w, to which the query writes: make the topic again, and the query goes on, or DROP what the query makes", err)
}

// TopicsChanged says how the topics of the query differ from what they were at the last Survey; nil where they don't.
func (a *Assignment) TopicsChanged(ctx context.Context, cluster *kafka.Cluster) error {
	for _, name := range slices.Sorted(maps.Keys(a.Topics)) {
		was := a.Topics[name]
		is, err := cluster.Topic(ctx, name)
		switch {
		case err != nil:
			return a.missing(name, err)
		case is.ID != was.ID:
			return &TopicChanged{fmt.Sprintf("topic %s was deleted and made anew", name)}
		case int32(len(is.Partitions)) != was.Partitions:
			return &TopicChanged{fmt.Sprintf("topic %s has %d partitions now, and had %d", name, len(is.Partitions), was.Partitions)}
		}
	}
	return nil
}

// TopicChanged ends a session, so that the next one takes the topics as they are now.
type TopicChanged struct{ What string }

func (e *TopicChanged) Error() string { return e.What }
