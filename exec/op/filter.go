package op

import (
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// Filter passes the rows for which a condition is true. Of a table, a row that stops matching leaves as a delete.
type Filter struct {
	host *Host
	next Op
	cond eval.Fn
	ctx  *eval.Ctx
	name string
}

// NewFilter makes the operator of a plan.Filter.
func NewFilter(h *Host, f *plan.Filter, next Op) *Filter {
	k := h.compiler()
	out := &Filter{host: h, next: next, cond: k.Compile(f.Cond), name: "WHERE"}
	if f.Having {
		out.name = "HAVING"
	}
	out.ctx = k.NewCtx()
	return out
}

func (f *Filter) holds(row []types.Value, m *types.Meta) bool {
	f.ctx.Enter(row)
	ok := f.cond(f.ctx).Bool()
	if f.ctx.Err != nil {
		f.host.failed(f.ctx, f.name, m)
		return false
	}
	return ok
}

// Push drops rows in place.
func (f *Filter) Push(b *types.Batch) error {
	kept := 0
	for i := range b.N {
		if !f.keep(b, i) {
			f.host.Counts.Filtered++
			continue
		}
		if kept != i {
			copy(b.Row(kept), b.Row(i))
			if b.Old != nil {
				copy(b.OldRow(kept), b.OldRow(i))
			}
			b.Meta[kept] = b.Meta[i]
		}
		kept++
	}
	b.Truncate(kept)
	if kept == 0 {
		return nil
	}
	return f.next.Push(b)
}

func (f *Filter) keep(b *types.Batch, i int) bool {
	m := &b.Meta[i]
	now := m.Flags&types.NullRow == 0 && f.holds(b.Row(i), m)
	if b.Old == nil {
		return now
	}
	before := m.Flags&types.HasOld != 0 && f.holds(b.OldRow(i), m)
	switch {
	case m.Flags&types.MayHaveOld != 0:
		if !now && m.Flags&types.NullRow == 0 {
			m.Flags |= types.NullRow | types.Unseen
		}
		return true
	case now && !before:
		m.Flags &^= types.HasOld
	case !now && before:
		m.Flags |= types.NullRow
	}
	return now || before
}

// Flush passes on.
func (f *Filter) Flush() error { return f.next.Flush() }
