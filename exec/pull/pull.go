// Package pull answers pull queries from the state that the query of a table has committed.
package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"weir/exec/eval"
	"weir/exec/op"
	"weir/exec/state"
	"weir/exec/task"
	"weir/fault"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// Answer answers a pull query over a table from the state that the table's query has committed. partitions is how many
// partitions the table's tasks have. give is called with each row; io.EOF from it ends the query early, and so does the end of the context.
func Answer(ctx context.Context, l *plan.Lookup, of *task.Topology, env *functions.Env, view *state.View, partitions int32, give func(ctx context.Context, row []types.Value, ts int64) error) (err error) {
	defer fault.Caught(&err, "the query")
	p := &puller{asker: ctx, lookup: l, topo: of, env: env, view: view}
	if l.Limit == 0 {
		return nil
	}
	k := &eval.Compiler{Env: env}
	if l.Where != nil {
		p.where = k.Compile(l.Where)
	}
	p.exprs = k.All(l.Exprs)
	p.ctx = k.NewCtx()
	p.most = env.QueryBytes()
	p.answer = &answer{l: l, exprs: p.exprs, ctx: p.ctx, give: func(row []types.Value, ts int64) error { return give(ctx, row, ts) }, left: l.Limit, columns: l.Shown, fits: p.fits}
	if err := p.group(l); err != nil {
		return err
	}
	for part := range partitions {
		if err := p.partition(part); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return p.finish()
}

// NotRunning is why a table can't be asked whose query does not run here.
func NotRunning(l *plan.Lookup) error {
	return fmt.Errorf("%s can't be queried: the query that makes it, %s, is not running on this node", l.Table.Name, l.Table.Query)
}

type puller struct {
	asker   context.Context
	seen    int // rows looked at
	lookup  *plan.Lookup
	topo    *task.Topology
	env     *functions.Env
	view    *state.View
	where   eval.Fn
	exprs   []eval.Fn
	ctx     *eval.Ctx
	groups  op.Op         // of a GROUP BY; nil without
	keeps   []op.Stateful // of the groups
	most    int64         // bytes that what waits for the end may take
	answer  *answer
	toGroup types.Batch // the row that the groups are given
	made    *made       // once the first partition is read
}

// made is what all partitions are read by.
type made struct {
	node  plan.Node // that keeps what is asked for
	store task.Kept
	sink  *plan.Sink
	// The others are an aggregation's.
	host   *op.Host
	chain  op.Op // of the steps
	row    types.Batch
	reader *op.Reader
	lo, hi []byte
	keys   [][]byte // groups that are asked for; nil for all
}

// partition reads the store of one task.
func (p *puller) partition(part int32) error {
	stage := p.topo.Stages[len(p.topo.Stages)-1]
	if p.made == nil {
		var err error
		if p.made, err = p.make(stage); err != nil {
			return err
		}
	}
	id := stage.ID(p.topo.Query.ID, part, p.made.store)
	if p.made.chain == nil {
		return p.stored(id, p.made.sink)
	}
	return p.aggregation(id)
}

// make finds out what the last stage of a query keeps of its table.
func (p *puller) make(stage *task.Stage) (*made, error) {
	m := &made{}
	if end, ok := stage.End.(*plan.Result); ok {
		m.node, m.sink = end.In, kept(end.In.(*plan.Scan))
	} else if m.sink = stage.End.(*plan.Sink); m.sink.Materialize {
		m.node = m.sink
	}
	if m.node != nil {
		m.store = stage.StoreOf(m.node)
		return m, nil
	}
	steps := stage.Steps()
	at := slices.IndexFunc(steps, func(n plan.Node) bool { return plan.GroupingOf(n) != nil })
	if at < 0 {
		return nil, fmt.Errorf("pull: %s keeps no rows of %s", p.topo.Query.ID, m.sink.Target.Name)
	}
	m.node, m.store, m.host = steps[at], stage.StoreOf(steps[at]), p.host()
	var err error
	m.chain, err = p.chainOf(m.host, steps[:at], &collect{p: p, sink: m.sink})
	return m, err
}

// kept describes the rows of a SOURCE TABLE, which lie as they are scanned, as those of a sink.
func kept(s *plan.Scan) *plan.Sink {
	out := &plan.Sink{In: s, Target: s.Source}
	for i, c := range s.Source.Schema {
		if c.Role == types.KeyColumn {
			out.KeySlots = append(out.KeySlots, i)
		} else {
			out.ValueSlots = append(out.ValueSlots, i)
		}
	}
	return out
}

// stored reads rows that were materialized as they are.
func (p *puller) stored(id state.StoreID, sink *plan.Sink) error {
	windowed := sink.Target.Windowed != nil
	row := make([]types.Value, len(sink.Layout()))
	each := func(key, value []byte) error {
		m, err := op.StoredRow(key, value, windowed, row)
		if err != nil || m.Flags&types.NullRow != 0 {
			return err
		}
		return p.row(sink, row, m)
	}
	if p.lookup.Keys == nil || windowed {
		return p.view.Scan(id, []byte{1}, []byte{2}, each)
	}
	for _, k := range p.lookup.Keys {
		key := op.StoredKey(k)
		value, err := p.view.Get(id, key)
		if err == nil && value != nil {
			err = each(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// aggregation reads groups, and takes their rows through the steps that follow.
func (p *puller) aggregation(id state.StoreID) error {
	switch n := p.made.node.(type) {
	case *plan.SessionAggregate:
		return p.sessions(id, n)
	case *plan.PaneAggregate:
		if err := p.groupsOf(id, &n.Grouping); err != nil {
			return err
		}
		return p.open(id, op.NewPanes(p.made.host, n, true, p.made.chain))
	case *plan.Aggregate:
		return p.groupsOf(id, &n.Grouping)
	default:
		return fmt.Errorf("pull: no way to read the state of %T", n)
	}
}

func (p *puller) host() *op.Host { return &op.Host{Env: p.env, Coalesce: true, Counts: &op.Counts{}} }

// chainOf makes the operators of steps, the last one first, that hand rows to next. Those are steps that keep nothing, and a
// GROUP BY over the answer itself.
func (p *puller) chainOf(host *op.Host, steps []plan.Node, next op.Op) (op.Op, error) {
	for _, n := range steps {
		switch n := n.(type) {
		case *plan.Filter:
			next = op.NewFilter(host, n, next)
		case *plan.Project:
			next = op.NewProject(host, n, next)
		case *plan.Aggregate:
			groups := op.NewAggregate(host, n, false, true, next)
			p.keeps, next = append(p.keeps, groups), groups
		default:
			return nil, fmt.Errorf("pull: no operator for %T", n)
		}
	}
	return next, nil
}

// groupsOf reads the groups that an Aggregate keeps, and the closed windows of one in panes.
func (p *puller) groupsOf(id state.StoreID, a *plan.Grouping) error {
	m := p.made
	if m.reader == nil {
		m.reader = op.NewReader(m.host, a)
		m.lo, m.hi = m.reader.Bounds(p.lookup.From, p.lookup.To)
		for _, k := range p.lookup.Keys {
			m.keys = append(m.keys, m.reader.Group(k))
		}
	}
	r, lo, hi, groups := m.reader, m.lo, m.hi, m.keys
	each := func(key, value []byte) error {
		if groups != nil && !hasAny(r, key, groups) {
			return nil
		}
		row, m, err := r.Row(key, value)
		if err != nil {
			return err
		}
		return p.made.push(row, m)
	}
	if groups == nil || a.Window != nil {
		return p.view.Scan(id, lo, hi, each)
	}
	for _, g := range groups {
		key := append([]byte{lo[0]}, g...)
		value, err := p.view.Get(id, key)
		if err == nil && value != nil {
			err = each(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open reads the windows that are not closed yet, which are made of panes.
func (p *puller) open(id state.StoreID, panes *op.Panes) error {
	var groups [][]byte
	for _, k := range p.lookup.Keys {
		groups = append(groups, types.AppendKey(nil, k))
	}
	clock, err := p.view.Get(id, op.ClockEntry())
	if err != nil || clock == nil {
		return err
	}
	if err := panes.Load(op.ClockEntry(), clock); err != nil {
		return err
	}
	lo, hi := op.OpenEntries()
	err = p.view.Scan(id, lo, hi, func(key, value []byte) error {
		if groups != nil {
			group, ok := op.PaneGroup(key)
			if !ok || !slices.ContainsFunc(groups, func(g []byte) bool { return string(g) == string(group) }) {
				return nil
			}
		}
		return panes.Load(key, value)
	})
	if err != nil {
		return err
	}
	return panes.Windows(p.lookup.From, p.lookup.To)
}

func hasAny(r *op.Reader, key []byte, groups [][]byte) bool {
	for _, g := range groups {
		if r.HasGroup(key, g) {
			return true
		}
	}
	return false
}

// sessions reads groups with all their sessions.
func (p *puller) sessions(id state.StoreID, a *plan.SessionAggregate) error {
	s := op.NewSession(p.made.host, a, true, p.made.chain)
	give := func(key, value []byte) error {
		return s.Rows(key, value, func(row []types.Value, m types.Meta) error {
			if m.WindowStart < p.lookup.From || m.WindowStart > p.lookup.To {
				return nil
			}
			return p.made.push(row, m)
		})
	}
	if p.lookup.Keys == nil {
		lo, hi := op.SessionEntries(nil)
		return p.view.Scan(id, lo, hi, give)
	}
	for _, k := range p.lookup.Keys {
		group := types.AppendKey(nil, k)
		whole := op.WholeEntry(group)
		value, err := p.view.Get(id, whole)
		if err == nil && value != nil {
			err = give(whole, value)
		}
		if err != nil {
			return err
		}
		lo, hi := op.SessionEntries(group)
		err = p.view.Scan(id, lo, hi, func(key, value []byte) error {
			if of, ok := op.SessionGroup(key); !ok || string(of) != string(group) {
				return nil
			}
			return give(key, value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *made) push(row []types.Value, meta types.Meta) error {
	return pushOne(&m.row, m.chain, row, meta)
}

// pushOne gives a row to operators, which keep nothing of the batch, in a batch that is used again.
func pushOne(b *types.Batch, chain op.Op, row []types.Value, m types.Meta) error {
	if b.Vals == nil {
		b.Vals = make([]types.Value, 0, len(row))
	}
	b.Reset(len(row))
	copy(b.Append(m), row)
	return chain.Push(b)
}

// collect takes the rows of the table as its query made them.
type collect struct {
	p    *puller
	sink *plan.Sink
}

func (c *collect) Push(b *types.Batch) error {
	for i := range b.N {
		if err := c.p.row(c.sink, b.Row(i), b.Meta[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *collect) Flush() error { return nil }

// lookRows is after how many rows it is looked whether the query has ended, and what it takes.
const lookRows = 256

// fits says whether what waits for the end may take so many bytes.
func (p *puller) fits(bytes int64) error {
	if bytes <= p.most {
		return nil
	}
	return functions.QueryLimit("the rows that are put in order or grouped", p.most)
}

// failed is an error of a row that is the query's: it asks for more than a limit allows, or the query has ended. What else could not be
// computed is NULL.
func failed(c *eval.Ctx) error {
	err := c.Err
	c.Err = nil
	var limit *functions.LimitError
	if errors.As(err, &limit) || errors.Is(err, functions.ErrInterrupted) {
		return err
	}
	return nil
}

// row orders a row as the table's schema has it, checks the condition and gives the columns asked for.
func (p *puller) row(sink *plan.Sink, row []types.Value, m types.Meta) error {
	// Of many rows none may match: whoever asks may have left meanwhile.
	if p.seen++; p.seen%lookRows == 0 {
		if err := p.asker.Err(); err != nil {
			return err
		}
		held := int64(0)
		for _, s := range p.keeps {
			_, bytes := s.Size()
			held += int64(bytes)
		}
		if err := p.fits(held); err != nil {
			return err
		}
	}
	t := p.lookup.Table
	full := make([]types.Value, len(p.lookup.Slots))
	key, value := 0, 0
	for i, c := range t.Schema {
		if c.Role == types.KeyColumn {
			full[i] = row[sink.KeySlots[key]]
			key++
		} else {
			full[i] = row[sink.ValueSlots[value]]
			value++
		}
	}
	rest := full[len(t.Schema):]
	if t.Windowed != nil {
		rest[0], rest[1] = types.BigintValue(m.WindowStart), types.BigintValue(m.WindowEnd)
		rest = rest[2:]
	}
	rest[0] = types.BigintValue(m.Timestamp)
	p.ctx.Enter(full)
	p.ctx.Err = nil
	if p.where != nil {
		holds := p.where(p.ctx).Bool()
		if err := failed(p.ctx); err != nil || !holds {
			return err
		}
	}
	if p.groups != nil {
		return pushOne(&p.toGroup, p.groups, full, m)
	}
	return p.answer.row(full, m.Timestamp)
}
