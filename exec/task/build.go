package task

import (
	"fmt"
	"slices"

	"weir/catalog"
	"weir/exec/op"
	"weir/planner/plan"
	"weir/types"
)

// NewTask makes the operators of a stage.
func NewTask(s *Stage, env *Env, o TaskOptions) (*Task, error) {
	t := &Task{Stage: s, Partition: o.Partition, env: env}
	t.Out.Topics, t.Out.Bank = []string{s.Output(env)}, &Bank{}
	t.Told.Topics, t.Told.Bank = t.Out.Topics, &Bank{}
	if late := s.Late(); late != nil {
		t.Out.Topics = append(t.Out.Topics, late.Target.Topic)
	}
	t.host = &op.Host{Env: env.Functions, Coalesce: env.Coalesce, Counts: &t.Counts, Report: t.report}
	end, err := t.end(o)
	if err != nil {
		return nil, err
	}
	if err := t.build(s.End.Inputs()[0], o, false, end); err != nil {
		return nil, err
	}
	// Steps were built against the stream: what an end or a pause brings out of one has to reach the next before it closes.
	slices.Reverse(t.announce)
	slices.Reverse(t.closers)
	slices.Reverse(t.idlers)
	t.idle = newIdling(t.inputs, o.Upstream)
	return t, nil
}

// build makes the operators of a step and of those before it, down to the inputs. wantOld says that a later step asks what
// rows were before.
func (t *Task) build(n plan.Node, o TaskOptions, wantOld bool, next op.Op) error {
	switch n := n.(type) {
	case *plan.Scan:
		return t.scan(n, o, next)
	case *plan.Repartition:
		t.add(n, o, &repartitionReader{cols: len(n.Layout()), table: n.Table()}, next)
		return nil
	case *plan.Filter:
		wantOld = wantOld || n.Having
	}
	if in := n.Inputs(); len(in) == 2 {
		left, right, err := t.join(n, o, wantOld, next)
		if err == nil {
			err = t.build(in[0], o, wantOld, left)
		}
		if err == nil {
			err = t.build(in[1], o, wantOld, right)
		}
		return err
	}
	first, err := t.step(n, o, wantOld, next)
	if err != nil {
		return err
	}
	return t.build(n.Inputs()[0], o, wantOld, first)
}

func (t *Task) scan(n *plan.Scan, o TaskOptions, next op.Op) error {
	if n.Materialize {
		m := op.NewMaterialize(t.host, keySlots(n), n.Source.Windowed != nil, len(n.Cols), false, next)
		t.Stores = append(t.Stores, m)
		next = m
	}
	r, err := newScanReader(n, t.env)
	t.add(n, o, r, next)
	return err
}

// add makes the next input. Inputs are built from left to right, as the stage lists them.
func (t *Task) add(n plan.Node, o TaskOptions, r reader, first op.Op) {
	in := &input{topic: t.Stage.Topic(len(t.inputs), t.env), reader: r, first: first, number: uint8(len(t.inputs)),
		upstream: -1, repartitioned: IsRepartition(n), table: n.Table()}
	if o.FirstUpstream != nil {
		in.upstream = o.FirstUpstream[len(t.inputs)]
	}
	in.batch.Reset(r.width())
	t.inputs = append(t.inputs, in)
}

// keySlots are the slots of a scanned table's primary key. The planner takes them all up for a materialized scan.
func keySlots(s *plan.Scan) []int {
	var out []int
	for i, c := range s.Source.Schema {
		if c.Role != types.KeyColumn {
			continue
		}
		for slot, col := range s.Cols {
			if col.Kind == plan.ScanColumn && col.Column == i {
				out = append(out, slot)
			}
		}
	}
	return out
}

func (t *Task) end(o TaskOptions) (op.Op, error) {
	switch end := t.Stage.End.(type) {
	case *plan.Repartition:
		r, err := newRepartition(t.host, end, int(o.Partition), &t.Out, &t.Told, o.Out, t.env)
		t.repart = r
		return r, err
	case *plan.Sink:
		s, err := newSink(t.host, end, &t.Out, 0, o.Out, int(o.Partition), t.env)
		if err != nil || !end.Materialize {
			return s, err
		}
		m := op.NewMaterialize(t.host, end.KeySlots, end.Target.Windowed != nil, len(end.Layout()), true, s)
		if w := end.Target.Windowed; w != nil {
			m.KeepWindows(end.Retention, w.Kind == catalog.Session)
		}
		t.Stores = append(t.Stores, m)
		return m, nil
	case *plan.Result:
		return &rows{give: o.Rows}, nil
	}
	return nil, fmt.Errorf("task: a stage can't end with %T", t.Stage.End)
}

// step makes the operator of a step with one input.
func (t *Task) step(n plan.Node, o TaskOptions, wantOld bool, next op.Op) (op.Op, error) {
	switch n := n.(type) {
	case *plan.Filter:
		return op.NewFilter(t.host, n, next), nil
	case *plan.Project:
		return op.NewProject(t.host, n, next), nil
	case *plan.Explode:
		return op.NewExplode(t.host, n, next), nil
	case *plan.Top:
		top := op.NewTop(t.host, n, o.Upstream, next)
		t.windowed(top, top.Announce, top.CloseAll)
		return top, nil
	case *plan.Aggregate:
		late, err := t.late(n, o)
		if err != nil {
			return nil, err
		}
		if n.Window != nil && n.Window.Advance == 0 {
			s := op.NewSession(t.host, n, o.Upstream, next)
			s.LateTo(late)
			t.windowed(s, s.Announce, s.CloseAll)
			return s, nil
		}
		if n.Panes() {
			p := op.NewPanes(t.host, n, o.Upstream, next)
			p.LateTo(late)
			t.windowed(p, p.Announce, p.CloseAll)
			return p, nil
		}
		a := op.NewAggregate(t.host, n, wantOld, o.Upstream, next)
		a.LateTo(late)
		t.windowed(a, a.Announce, a.CloseAll)
		return a, nil
	}
	return t.foreignKey(n, wantOld, next)
}

// late makes the way of rows that come too late for a window, the second output of the task; nil where there is none.
func (t *Task) late(n *plan.Aggregate, o TaskOptions) (*op.LateStream, error) {
	if n.Late == nil {
		return nil, nil
	}
	s, err := newSink(t.host, n.Late.Sink, &t.Out, len(t.Out.Topics)-1, o.Late, int(t.Partition), t.env)
	if err != nil {
		return nil, err
	}
	return op.NewLateStream(n.Late, s), nil
}

// windowed adds the store of an operator that is told stream times.
func (t *Task) windowed(s op.Store, announce func(int, int64, bool) error, closeAll func() error) {
	t.Stores = append(t.Stores, s)
	t.announce = append(t.announce, announce)
	t.closers = append(t.closers, closeAll)
	if i, ok := s.(op.Idler); ok {
		t.idlers = append(t.idlers, i)
	}
}

// rows hands rows to a client; to nobody where the query only keeps state.
type rows struct{ give func(b *types.Batch) error }

// Push gives the rows.
func (r *rows) Push(b *types.Batch) error {
	if r.give == nil {
		return nil
	}
	return r.give(b)
}

func (r *rows) Flush() error { return nil }
