// Package task cuts a planned query into stages at its repartitions and makes a task of operators for every stage and
// partition: records in, records out. Who feeds tasks and makes durable what they did is none of its business.
package task

import (
	"fmt"
	"math"
	"slices"
	"time"

	"weir/functions"
	"weir/planner/plan"
	"weir/registry"
)

// Topology is a query cut into stages. A stage stands behind those whose repartitions it reads; the last one writes the result.
type Topology struct {
	Query  *plan.Query
	Stages []*Stage
}

// Stage is a tree of steps without a repartition between them: one task per partition of its inputs.
type Stage struct {
	Index int
	// Inputs are what the stage reads, from left to right: a *plan.Scan, or the *plan.Repartition that ends another stage.
	Inputs []plan.Node
	// End is a *plan.Sink, *plan.Result or *plan.Repartition.
	End plan.Node
	// To and ToInput are the stage and the input that read the repartition at the end.
	To, ToInput int
	// Woven says of each input whether another query of ours writes its topic: then its rows are of several paths.
	Woven []bool
	// Stores are what its steps keep, from the end to the inputs.
	Stores []Kept
	keys   *astray // nil where no keys are looked at
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
	for _, s := range t.Stages {
		if len(s.Inputs) == 0 {
			return nil, fmt.Errorf("task: stage %d of %s has no input", s.Index, q.ID)
		}
		if err := s.listStores(); err != nil {
			return nil, err
		}
		s.keys = s.watchKeys()
	}
	return t, nil
}

// cut makes the stage that ends with a node, after those before it.
func (t *Topology) cut(end plan.Node) *Stage {
	s := &Stage{End: end}
	var before []*Stage
	var down func(n plan.Node)
	down = func(n plan.Node) {
		for _, in := range n.Inputs() {
			switch in := in.(type) {
			case *plan.Scan:
				s.Inputs = append(s.Inputs, in)
			case *plan.Repartition:
				from := t.cut(in)
				from.ToInput = len(s.Inputs)
				s.Inputs = append(s.Inputs, in)
				before = append(before, from)
			default:
				down(in)
			}
		}
	}
	down(end)
	s.Index = len(t.Stages)
	t.Stages = append(t.Stages, s)
	for _, from := range before {
		from.To = s.Index
	}
	return s
}

// Last is the stage that writes the result.
func (t *Topology) Last() *Stage { return t.Stages[len(t.Stages)-1] }

// Stateful says whether the query keeps anything.
func (t *Topology) Stateful() bool {
	return slices.ContainsFunc(t.Stages, func(s *Stage) bool { return len(s.Stores) > 0 })
}

// Sources are the topics that the query reads, each once.
func (t *Topology) Sources() []string {
	var out []string
	for _, s := range t.Stages {
		for _, in := range s.Inputs {
			if scan, ok := in.(*plan.Scan); ok && !slices.Contains(out, scan.Source.Topic) {
				out = append(out, scan.Source.Topic)
			}
		}
	}
	return out
}

// Whole are the topics of tables that are joined: they are needed from their beginning, wherever the others are read from.
func (t *Topology) Whole() []string {
	var out []string
	for _, s := range t.Stages {
		for _, in := range s.Inputs {
			if t.ReadsWhole(in) {
				out = append(out, in.(*plan.Scan).Source.Topic)
			}
		}
	}
	return out
}

// ReadsWhole says whether an input is a table that is joined.
func (t *Topology) ReadsWhole(in plan.Node) bool {
	scan, ok := in.(*plan.Scan)
	scans := 0
	plan.Walk(t.Query.Root, func(n plan.Node) bool {
		if _, ok := n.(*plan.Scan); ok {
			scans++
		}
		return true
	})
	return ok && scan.Table() && scans > 1
}

// Partitions is how many tasks each stage has, given how many partitions a source's topic has. Scanned topics that meet in
// a stage have the same number; repartition topics take the number of the stage that reads them, and keep the one they
// have: kept tells it of the topic that a stage writes, 0 where there is none yet. It may be nil.
func (t *Topology) Partitions(of func(topic string) (int32, error), kept func(from *Stage) int32) ([]int32, error) {
	out := make([]int32, len(t.Stages))
	for i, s := range t.Stages {
		first := ""
		for _, in := range s.Inputs {
			scan, ok := in.(*plan.Scan)
			if !ok {
				continue
			}
			n, err := of(scan.Source.Topic)
			if err != nil {
				return nil, err
			}
			if first != "" && n != out[i] {
				return nil, fmt.Errorf("topics that are joined need the same number of partitions: %s has %d and %s has %d. "+
					"Write one of them into a topic with as many partitions as the other, with CREATE ... AS SELECT and PARTITIONS", first, out[i], scan.Source.Topic, n)
			}
			first, out[i] = scan.Source.Topic, n
		}
		if first != "" {
			continue
		}
		have := int32(0)
		for _, from := range t.Stages[:i] {
			if from.To == i {
				out[i] = max(out[i], out[from.Index])
				if kept != nil {
					have = max(have, kept(from))
				}
			}
		}
		if have > 0 {
			out[i] = have
		}
	}
	return out, nil
}

// Topic is the topic of an input.
func (s *Stage) Topic(input int, env *Env) string {
	switch in := s.Inputs[input].(type) {
	case *plan.Scan:
		return in.Source.Topic
	case *plan.Repartition:
		return env.Internal(in.Step, "repartition")
	default: // no other node is an input
		return ""
	}
}

// Output is the topic that a stage writes; empty where rows go to a client.
func (s *Stage) Output(env *Env) string {
	switch end := s.End.(type) {
	case *plan.Sink:
		return end.Target.Topic
	case *plan.Repartition:
		return env.Internal(end.Step, "repartition")
	default: // a Result writes none
		return ""
	}
}

// Late is where the stage writes rows that come too late for a window; nil where it does not.
func (s *Stage) Late() *plan.Sink {
	for _, n := range s.Steps() {
		if g := plan.GroupingOf(n); g != nil && g.Late != nil {
			return g.Late.Sink
		}
	}
	return nil
}

// Outputs are the topics that a stage writes: the one of Output, and that of Late.
func (s *Stage) Outputs(env *Env) []string {
	var out []string
	if topic := s.Output(env); topic != "" {
		out = append(out, topic)
	}
	if late := s.Late(); late != nil {
		out = append(out, late.Target.Topic)
	}
	return out
}

// Steps are the nodes between the end and the inputs, the end's side first.
func (s *Stage) Steps() []plan.Node {
	var out []plan.Node
	var down func(n plan.Node)
	down = func(n plan.Node) {
		for _, in := range n.Inputs() {
			switch in.(type) {
			case *plan.Scan, *plan.Repartition:
			default:
				out = append(out, in)
				down(in)
			}
		}
	}
	down(s.End)
	return out
}

// Stateful says whether the stage keeps state.
func (s *Stage) Stateful() bool {
	return len(s.Stores) > 0
}

// asksOld says whether any step asks what a table's rows were before.
func (s *Stage) asksOld() bool {
	return IsRepartition(s.End) || slices.ContainsFunc(s.Steps(), func(n plan.Node) bool {
		_, filters := n.(*plan.Filter)
		return filters || plan.GroupingOf(n) != nil
	})
}

// resolves says whether the stage ends a join by a foreign key.
func (s *Stage) resolves() bool {
	return slices.ContainsFunc(s.Steps(), func(n plan.Node) bool {
		_, is := n.(*plan.Resolve)
		return is
	})
}

// Feeders numbers what feeds each task of a stage: a partition of a source, or the tasks behind a repartition. first is the number
// of each input's first one.
func (t *Topology) Feeders(stage int, parts []int32) (first []int, all int) {
	s := t.Stages[stage]
	first = make([]int, len(s.Inputs))
	for i := range s.Inputs {
		n := 1
		for _, from := range t.Stages[:stage] {
			if from.To == stage && from.ToInput == i {
				n = int(parts[from.Index])
			}
		}
		first[i] = all
		all += n
	}
	return first, all
}

// IsRepartition says whether an input or an end is a repartition topic.
func IsRepartition(n plan.Node) bool {
	_, ok := n.(*plan.Repartition)
	return ok
}

// IdleSpan is how far stream time has to go on to close every window that is open and to end the waiting of every row in
// a join, in whole milliseconds.
func (t *Topology) IdleSpan() time.Duration {
	span := int64(0)
	plan.Walk(t.Query.Root, func(n plan.Node) bool {
		if g := plan.GroupingOf(n); g != nil && g.Window != nil {
			span = max(span, g.Window.Size+g.Window.Grace+1)
		}
		if j, ok := n.(*plan.StreamJoin); ok {
			span = max(span, max(j.Within.Before, j.Within.After)+j.Within.Grace+1)
		}
		return true
	})
	return time.Duration(min(span, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond // windows may be longer than a Duration
}
