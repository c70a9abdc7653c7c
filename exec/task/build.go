package task

import (
	"fmt"
	"slices"

	"weir/exec/op"
	"weir/planner/plan"
	"weir/types"
)

// NewTask makes the operators of a stage.
func NewTask(s *Stage, env *Env, o TaskOptions) (*Task, error) {
	t := &Task{Stage: s, Partition: o.Partition, env: env, front: types.NoTime, passed: types.NoTime, patience: o.Idle, room: o.Room, portion: newPortion(o.Room)}
	s.keys.restart()
	t.Out.Topics, t.Out.Bank = []string{s.Output(env)}, &Bank{}
	t.Told.Topics, t.Told.Bank = t.Out.Topics, &Bank{}
	t.limitOut(o)
	if late := s.Late(); late != nil {
		t.Out.Topics = append(t.Out.Topics, late.Target.Topic)
	}
	t.host = &op.Host{Env: env.Functions, Coalesce: env.Coalesce, Report: t.report}
	if err := t.build(s.End, &making{host: t.host, TaskOptions: o, ends: t}); err != nil {
		return nil, err
	}
	// Steps were built against the stream: what an end or a pause brings out of one has to reach the next before it closes.
	slices.Reverse(t.windowed)
	t.feeders = newFeeders(t.inputs, max(o.Feeders, len(t.inputs)))
	if o.Lanes && s.Ordered() {
		t.openLanes(o)
	}
	t.waits = o.Lanes && !o.AtOnce && len(t.inputs) > 1
	for _, in := range t.inputs {
		if in.asOf = never; t.waits {
			in.asOf = types.NoTime
		}
	}
	t.lists = s.lists()
	t.idle = newIdling(t.inputs, t.feeders)
	t.sources = len(t.inputs) > 1 && !slices.ContainsFunc(t.inputs, func(in *input) bool { return (in.repartitioned || in.woven != nil) && !t.feeders[in.feeder].free })
	return t, nil
}

// build makes the operators of a step and of those before it, down to the inputs.
func (t *Task) build(n plan.Node, m *making) error {
	step := t.Stage.stepOf(n)
	ports, err := t.operator(n, step, m)
	if err != nil {
		return err
	}
	if scan, ok := n.(*plan.Scan); ok {
		r, err := newScanReader(scan, t.env)
		if err != nil {
			return err
		}
		r.keys, err = t.Stage.keys.watch(len(t.inputs), m.Tasks, t.env.Bad)
		t.add(n, m, r, ports[0])
		return err
	}
	filter, ok := n.(*plan.Filter)
	having := m.having || ok && filter.Having
	for i, in := range n.Inputs() {
		before := *m
		before.next, before.having = ports[i], having
		if r, ok := in.(*plan.Repartition); ok { // another stage ends with it
			t.add(r, m, &repartitionReader{cols: len(r.Layout()), table: r.Table(), states: r.Combine != nil}, ports[i])
		} else if err := t.build(in, &before); err != nil {
			return err
		}
	}
	return nil
}

// operator makes the operator of a step, finds out what it is, and gives a port for each of its inputs.
func (t *Task) operator(n plan.Node, s step, m *making) ([]op.Op, error) {
	if _, scan := n.(*plan.Scan); scan && s.keeps.Name == "" {
		return []op.Op{m.next}, nil // its records alone are counted
	}
	host, c := t.count(plan.Describe(n), m.next)
	if n == t.Stage.End {
		c.Writes = t.Out.Topics[0]
	}
	if g := plan.GroupingOf(n); g != nil && g.Late != nil {
		h, late := t.count("Late rows to topic "+g.Late.Sink.Target.Topic, nil)
		late.Writes = g.Late.Sink.Target.Topic
		sink, err := newSink(h, g.Late.Sink, &t.Out, len(t.Out.Topics)-1, m.Late, int(t.Partition), t.env)
		if err != nil {
			return nil, err
		}
		host.Late = op.NewLateStream(g.Late, op.Count(sink, &late.Counts))
	}
	m.host, m.store = host, t.Stage.store(s.keeps.Name)
	if s.join != nil {
		j := s.join(m)
		t.keep(m.store, j)
		left, right := j.Ports()
		return []op.Op{op.Count(left, &c.Counts), op.Count(right, &c.Counts)}, nil
	}
	o, err := s.one(m)
	if err != nil {
		return nil, err
	}
	if s.keeps.Name != "" {
		t.keep(m.store, o.(op.Stateful))
	}
	return []op.Op{op.Count(o, &c.Counts)}, nil
}

// keep adds the store of a step.
func (t *Task) keep(k Kept, o op.Stateful) {
	t.Stores = append(t.Stores, Store{k, o})
	if h, ok := o.(op.Holder); ok {
		t.holders = append(t.holders, h)
	}
	if w, ok := o.(op.Windowed); ok {
		t.windowed = append(t.windowed, w)
	}
}

// add makes the next input. Inputs are built from left to right, as the stage lists them.
func (t *Task) add(n plan.Node, m *making, r reader, first op.Op) {
	in := &input{topic: t.Stage.Topic(len(t.inputs), t.env), reader: r, first: first, number: uint8(len(t.inputs)),
		feeder: len(t.inputs), repartitioned: IsRepartition(n), table: n.Table()}
	if m.Lanes && !in.repartitioned && t.Stage.mixed(n) {
		in.woven = newWoven(t.Partition)
	}
	if m.FirstFeeder != nil {
		in.feeder = m.FirstFeeder[len(t.inputs)]
	}
	in.batch.Reset(r.width())
	_, in.counts = t.count(inputStep(n), first)
	if in.counts.Reads = op.ReadsSource; in.repartitioned {
		in.counts.Reads = op.ReadsBack
	}
	t.inputs = append(t.inputs, in)
}

// sink is what writes rows; behind a store, it is a step of its own.
func (t *Task) sink(m *making, n *plan.Sink) (op.Op, error) {
	if n.Materialize {
		h, c := t.count("Write to topic "+n.Target.Topic, nil)
		c.Writes = n.Target.Topic
		s, err := newSink(h, n, &t.Out, 0, m.Out, int(t.Partition), t.env)
		t.marks(s, m)
		t.steps[0].next, t.steps[0].Writes = op.Count(s, &c.Counts), ""
		return t.steps[0].next, err
	}
	s, err := newSink(m.host, n, &t.Out, 0, m.Out, int(t.Partition), t.env)
	t.marks(s, m)
	return s, err
}

// marks gives the rows of the query's result their trails.
func (t *Task) marks(s *sink, m *making) {
	if s != nil {
		t.written, s.trail.query = s, m.Query
	}
}

func (t *Task) repartition(m *making, n *plan.Repartition) (op.Op, error) {
	r, err := newRepartition(m.host, n, t.Stage.onePath(), int(t.Partition), &t.Out, &t.Told, m.Out, t.env)
	t.repart = r
	if err != nil || n.Combine == nil || !t.env.Coalesce {
		return r, err
	}
	var bound *int64
	if r.onePath {
		bound = &r.note.bound
	}
	c := op.NewCombine(m.host, n.Combine, bound, r)
	t.holders = append(t.holders, c)
	return c, nil
}

// noStep is what is made of a node that no operator runs.
func noStep(n plan.Node) step {
	return step{one: func(*making) (op.Op, error) { return nil, fmt.Errorf("task: no operator for %T", n) }}
}
