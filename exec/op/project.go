package op

import (
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// Project computes new rows from old ones.
type Project struct {
	host  *Host
	next  Op
	exprs []eval.Fn
	copy  []int // copy[i] is the slot that column i is a mere copy of, or -1
	ctx   *eval.Ctx
	out   types.Batch
}

// NewProject makes the operator of a plan.Project.
func NewProject(h *Host, p *plan.Project, next Op) *Project {
	k := h.compiler()
	out := &Project{host: h, next: next, exprs: k.All(p.Exprs), copy: make([]int, len(p.Exprs))}
	for i, e := range p.Exprs {
		out.copy[i] = -1
		if c, ok := e.(*plan.Column); ok {
			out.copy[i] = c.Slot
		}
	}
	out.ctx = k.NewCtx()
	return out
}

// batchBytes is how much the computed values of a batch may take before it goes on.
const batchBytes = 4 << 20

// Push computes the rows, those of the former columns included.
func (p *Project) Push(b *types.Batch) error {
	p.out.Reset(len(p.exprs))
	if b.Old == nil {
		p.out.Old = nil
	}
	held := 0
	for i := range b.N {
		if held > batchBytes {
			if err := p.next.Push(&p.out); err != nil {
				return err
			}
			p.out.Reset(len(p.exprs))
			held = 0
		}
		m := &b.Meta[i]
		if b.Old == nil {
			held += p.row(b.Row(i), p.out.Append(*m), m)
			continue
		}
		row, old := p.out.AppendChange(*m)
		held += p.row(b.Row(i), row, m)
		if m.Flags&types.HasOld != 0 {
			held += p.row(b.OldRow(i), old, m)
		}
	}
	return p.next.Push(&p.out)
}

// row computes a row, and says how many bytes its values take.
func (p *Project) row(in, out []types.Value, m *types.Meta) int {
	p.ctx.Enter(in)
	for i, f := range p.exprs {
		if slot := p.copy[i]; slot >= 0 {
			out[i] = in[slot]
			continue
		}
		out[i] = f(p.ctx)
		if p.ctx.Err != nil {
			if p.ctx.Thrown {
				out[i], p.ctx.Thrown = types.NullValue, false
			}
			if m.Flags&types.NullRow != 0 {
				p.ctx.Err = nil // a row without value has nothing to compute from
				continue
			}
			p.host.failed(p.ctx, "SELECT", m)
		}
	}
	return p.ctx.Held()
}

// Flush passes on.
func (p *Project) Flush() error { return p.next.Flush() }
