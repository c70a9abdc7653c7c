package op

import (
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// joinKey computes the key of the rows of one side of a join.
type joinKey struct {
	host  *Host
	exprs []eval.Fn
	ctx   *eval.Ctx
	vals  []types.Value
	buf   []byte
}

func newJoinKey(h *Host, exprs []plan.Expr) joinKey {
	k := h.compiler()
	out := joinKey{host: h, exprs: k.All(exprs), vals: make([]types.Value, len(exprs))}
	out.ctx = k.NewCtx()
	return out
}

// of computes the key of a row, in vals and encoded in buf; ok is false where a part is NULL, which is reported.
func (k *joinKey) of(row []types.Value, m *types.Meta) (ok bool) {
	k.ctx.Enter(row)
	for i, f := range k.exprs {
		k.vals[i] = f(k.ctx)
	}
	if k.ctx.Err != nil {
		k.ctx.Thrown = false
		k.host.failed(k.ctx, "JOIN", m)
	}
	for i := range k.vals {
		if k.vals[i].IsNull() {
			k.host.Counts.NullKey++
			k.host.report(Problem{NullKey, "JOIN", "the join key is NULL: the row is skipped", *m})
			return false
		}
	}
	k.buf = types.AppendKey(k.buf[:0], k.vals)
	return true
}

// ofChange computes the key of a change of a table. A delete that came through a repartition has only its row before.
func (k *joinKey) ofChange(b *types.Batch, i int) bool {
	m := b.Meta[i]
	if m.Flags&types.NullRow != 0 && m.Flags&types.HasOld != 0 {
		return k.of(b.OldRow(i), &m)
	}
	return k.of(b.Row(i), &m)
}

// stampWindow sets the window of joined rows from the last parts of their key: of sessions, which have no size, start and end.
func stampWindow(m *types.Meta, p *plan.KeyJoin, key []types.Value) {
	switch w := p.Windowed; {
	case w == nil:
	case w.Size == 0:
		m.WindowStart, m.WindowEnd = key[len(key)-2].Int(), key[len(key)-1].Int()
	default:
		m.WindowStart = key[len(key)-1].Int()
		m.WindowEnd = m.WindowStart + w.Size
	}
}

// port is where one side's rows come into a join. All ports are flushed, from left to right: the last one flushes the join.
type port struct {
	push func(b *types.Batch) error
	last Op
}

// Push hands rows to the join.
func (p *port) Push(b *types.Batch) error { return p.push(b) }

// Flush passes on, at the last port.
func (p *port) Flush() error {
	if p.last == nil {
		return nil
	}
	return p.last.Flush()
}

// joined collects the rows that a join makes.
type joined struct {
	next  Op
	out   types.Batch
	width int
	old   bool // rows before are wanted
}

func (j *joined) reset() {
	j.out.Reset(j.width)
	if j.old && j.out.Old == nil {
		j.out.Old = []types.Value{}
	}
}

// room hands on what was collected once it fills a batch.
func (j *joined) room() error {
	if j.out.N < types.BatchRows {
		return nil
	}
	return j.emit()
}

func (j *joined) emit() error {
	if j.out.N == 0 {
		return nil
	}
	err := j.next.Push(&j.out)
	j.reset()
	return err
}
