package exec

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/op"
	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// Task runs the operators of one stage for one partition. One goroutine at a time may use it.
type Task struct {
	Stage     *Stage
	Partition int32
	Out       Output
	Told      Output // announcements: they follow the rows of all tasks of the stage
	Counts    op.Counts
	Stores    []op.Store
	host      *op.Host
	env       *Env
	inputs    []*input
	announce  []func(upstream int, streamTime int64, atEnd bool) error
	closers   []func() error
	idlers    []op.Idler
	repart    *repartition
	idle      idling
}

// TaskOptions say where a task stands in its topology.
type TaskOptions struct {
	Partition int32
	// Upstream is the number of tasks that tell this one their stream time, and FirstUpstream which of them each input begins
	// with, -1 where it tells nothing.
	Upstream      int
	FirstUpstream []int
	// OutPartitions is how many partitions the topic has that the stage writes.
	OutPartitions int32
	// LatePartitions is how many the topic has that late rows go to.
	LatePartitions int32
	// Rows takes the rows of a query whose result goes to a client.
	Rows func(b *types.Batch) error
}

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
		upstream: -1, repartitioned: isRepartition(n), table: n.Table()}
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
		r, err := newRepartition(t.host, end, int(o.Partition), &t.Out, &t.Told, o.OutPartitions, t.env)
		t.repart = r
		return r, err
	case *plan.Sink:
		s, err := newSink(t.host, end, &t.Out, 0, o.OutPartitions, int(o.Partition), t.env)
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
	return nil, fmt.Errorf("exec: a stage can't end with %T", t.Stage.End)
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
	s, err := newSink(t.host, n.Late.Sink, &t.Out, len(t.Out.Topics)-1, max(o.LatePartitions, 1), int(t.Partition), t.env)
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

// refuse counts a record that makes no row, and logs it where it is bad.
func (t *Task) refuse(rec *kgo.Record, err error) {
	if err == nil {
		t.Counts.NullKey++
		err = fmt.Errorf("the record has no key: a row of a table needs one")
	} else {
		t.Counts.Bad++
	}
	if t.env.Bad != nil {
		t.env.Bad(BadRecord{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Time: rec.Timestamp.UnixMilli(),
			Kind: DeserializationError, Message: err.Error(), Key: rec.Key, Value: rec.Value})
	}
}

// report logs what an operator could not do with a row, with the record that the row came from where it is at hand.
func (t *Task) report(p op.Problem) {
	if t.env.Bad == nil {
		return
	}
	in := t.inputs[p.Row.Input]
	b := BadRecord{Topic: in.topic, Partition: t.Partition, Offset: max(p.Row.Offset, -1), Time: p.Row.Timestamp,
		Kind: RecordProcessingError, Message: fmt.Sprintf("%s: %s: %s", p.Operator, p.Reason, p.Message)}
	if rec := in.record(p.Row.Offset); rec != nil && !in.repartitioned {
		b.Key, b.Value = rec.Key, rec.Value
	}
	t.env.Bad(b)
}

// outputs are the rows of tasks, then their announcements: a time that is announced must not overtake the rows of
// another task that came up to it in the same interval.
func outputs(tasks []*Task) []*Output {
	var out []*Output
	for _, t := range tasks {
		out = append(out, &t.Out)
	}
	for _, t := range tasks {
		out = append(out, &t.Told)
	}
	return out
}

// Flush hands on what operators held back: the end of a commit interval.
func (t *Task) Flush() error {
	for _, in := range t.inputs {
		if err := in.first.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// SetAtEnd says whether the task has read its input to the end; told to the tasks behind a repartition at the next Flush.
func (t *Task) SetAtEnd(atEnd bool) {
	if t.repart != nil {
		t.repart.atEnd = atEnd
	}
}

// AtEnd is what SetAtEnd was last told.
func (t *Task) AtEnd() bool { return t.repart != nil && t.repart.atEnd }

// CloseAll closes all windows that are open: the input has ended for good.
func (t *Task) CloseAll() error {
	for _, f := range t.closers {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// writeStores puts what changed in a task's stores into a batch.
func writeStores(b *state.Batch, query string, t *Task) error {
	var failed error
	for n, s := range t.Stores {
		id := state.StoreID{Query: query, Stage: t.Stage.Index, Partition: t.Partition, Store: n}
		s.Dirty(func(key, value []byte) { failed = errors.Join(failed, b.Put(id, key, value)) })
		s.Expired(func(from, to []byte) { failed = errors.Join(failed, b.Drop(id, from, to)) })
	}
	return failed
}

// backing reads one store's entries from the database.
type backing struct {
	db *state.DB
	id state.StoreID
}

func (b backing) Get(key []byte) ([]byte, error) { return b.db.Get(b.id, key) }

func (b backing) Scan(lo, hi []byte, f func(key, value []byte) error) error {
	return b.db.Scan(b.id, lo, hi, f)
}

// load gives the stores of a task their committed entries, as long as the budget has room for them.
func (t *Task) load(db *state.DB, query string, budget *state.Budget) error {
	for n, s := range t.Stores {
		id := state.StoreID{Query: query, Stage: t.Stage.Index, Partition: t.Partition, Store: n}
		evicter, can := s.(op.Evicter)
		if can {
			evicter.Back(backing{db, id})
		}
		loaded := 0
		err := db.Load(id, func(key, value []byte) error {
			if loaded++; can && loaded%loadCheck == 0 {
				if _, size := s.Size(); budget.Hold(t, int64(size)) {
					return errFull
				}
			}
			return s.Load(key, value)
		})
		if errors.Is(err, errFull) {
			evicter.Full()
		} else if err != nil {
			return &FatalError{fmt.Errorf("the state of %s can't be read: %w", query, err)}
		}
	}
	budget.Hold(t, 0)
	return nil
}

const loadCheck = 10_000

var errFull = errors.New("the memory budget has no more room")

// Committed says that state and output of the interval are durable.
func (t *Task) Committed() {
	for _, s := range t.Stores {
		s.Committed()
	}
}

// ProblemKind is the kind of an entry of the processing log, named as in ksqlDB.
type ProblemKind string

// The kinds.
const (
	DeserializationError  ProblemKind = "DESERIALIZATION_ERROR"
	RecordProcessingError ProblemKind = "RECORD_PROCESSING_ERROR"
)

// BadRecord is an entry for the processing log: a record that was left out, or of which a part could not be computed.
type BadRecord struct {
	Topic     string
	Partition int32
	Offset    int64
	Time      int64 // of the record
	Kind      ProblemKind
	Message   string
	Key       []byte // of a DeserializationError: shares memory with the record
	Value     []byte
}
