package op

import (
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// Explode makes a row of every item that its table functions give for a row; shorter results are padded with NULL.
type Explode struct {
	host  *Host
	next  Op
	calls []eval.Fn
	lists []types.Value
	ctx   *eval.Ctx
	out   types.Batch
	width int
}

// NewExplode makes the operator of a plan.Explode.
func NewExplode(h *Host, e *plan.Explode, next Op) *Explode {
	k := h.compiler()
	out := &Explode{host: h, next: next, lists: make([]types.Value, len(e.Calls)), width: len(e.Slots)}
	for _, c := range e.Calls {
		out.calls = append(out.calls, k.Compile(c))
	}
	out.ctx = k.NewCtx()
	return out
}

// Push hands on a batch whenever one is full.
func (e *Explode) Push(b *types.Batch) error {
	e.out.Reset(e.width)
	for i := range b.N {
		m := b.Meta[i]
		if m.Flags&types.NullRow != 0 {
			e.host.Counts.Filtered++
			continue
		}
		rows := e.evaluate(b.Row(i), &m)
		for r := range rows {
			if e.out.N == types.BatchRows {
				if err := e.next.Push(&e.out); err != nil {
					return err
				}
				e.out.Reset(e.width)
			}
			row := e.out.Append(m)
			copy(row, b.Row(i))
			for j, list := range e.lists {
				if r < list.Len() {
					row[b.Width+j] = list.Items()[r]
				}
			}
		}
	}
	if e.out.N == 0 {
		return nil
	}
	return e.next.Push(&e.out)
}

func (e *Explode) evaluate(row []types.Value, m *types.Meta) (rows int) {
	e.ctx.Enter(row)
	for j, f := range e.calls {
		e.lists[j] = f(e.ctx)
		if e.ctx.Err != nil {
			e.lists[j] = types.NullValue
			e.host.failed(e.ctx, "SELECT", m)
		}
		rows = max(rows, e.lists[j].Len())
	}
	return rows
}

// Flush passes on.
func (e *Explode) Flush() error { return e.next.Flush() }
