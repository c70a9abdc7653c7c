// Package exec runs planned queries: it cuts a plan into stages at its repartitions, makes a task of operators for every
// stage and partition, and feeds the tasks with records, on Kafka or in one process on virtual time.
package exec

import (
	"fmt"

	"weir/functions"
	"weir/planner/plan"
	"weir/registry"
)

// Topology is a query cut into stages. The first stage reads the source, the last one writes the result.
type Topology struct {
	Query  *plan.Query
	Stages []*Stage
}

// Stage is a run of steps without a repartition between them: one task per partition of its input.
type Stage struct {
	Index int
	// Scan or From is what the stage reads: a source's topic, or the repartition that ends another stage.
	Scan *plan.Scan
	From *plan.Repartition
	// Steps lie between input and end, in the order of the rows.
	Steps []plan.Node
	// End is a *plan.Sink, *plan.Result or *plan.Repartition.
	End plan.Node
}

// Env is what a query runs with.
type Env struct {
	Functions *functions.Env
	Registry  registry.Client // nil where there is none
	// Internal makes the name of a topic of the query's own, such as a repartition topic.
	Internal func(step, kind string) string
	// Coalesce holds a table's changes back until the commit.
	Coalesce bool
	// Bad takes what could not be read, computed or placed, for the processing log. It may be called from any task.
	Bad func(BadRecord)
}

// Build cuts a plan into stages.
func Build(q *plan.Query) (*Topology, error) {
	t := &Topology{Query: q}
	t.cut(q.Root)
	for i, s := range t.Stages {
		s.Index = i
		if s.Scan == nil && s.From == nil {
			return nil, fmt.Errorf("exec: stage %d of %s has no input", i, q.ID)
		}
	}
	return t, nil
}

// cut makes the stage that ends with a node, after those before it.
func (t *Topology) cut(end plan.Node) *Stage {
	s := &Stage{End: end}
	for n := end.Input(); n != nil; n = n.Input() {
		switch n := n.(type) {
		case *plan.Scan:
			s.Scan = n
		case *plan.Repartition:
			t.cut(n)
			s.From = n
			t.Stages = append(t.Stages, s)
			reverse(s.Steps)
			return s
		default:
			s.Steps = append(s.Steps, n)
		}
	}
	reverse(s.Steps)
	t.Stages = append(t.Stages, s)
	return s
}

func reverse(steps []plan.Node) {
	for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
}

// Input is the topic that a stage reads.
func (s *Stage) Input(env *Env) string {
	if s.From != nil {
		return env.Internal(s.From.Step, "repartition")
	}
	return s.Scan.Source.Topic
}

// Output is the topic that a stage writes; empty where rows go to a client.
func (s *Stage) Output(env *Env) string {
	switch end := s.End.(type) {
	case *plan.Sink:
		return end.Target.Topic
	case *plan.Repartition:
		return env.Internal(end.Step, "repartition")
	}
	return ""
}

// Stateful says whether the stage keeps state.
func (s *Stage) Stateful() bool {
	if s.Scan != nil && s.Scan.Materialize {
		return true
	}
	if sink, ok := s.End.(*plan.Sink); ok && sink.Materialize {
		return true
	}
	for _, n := range s.Steps {
		if _, ok := n.(*plan.Aggregate); ok {
			return true
		}
	}
	return false
}
