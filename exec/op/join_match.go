package op

import (
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// matcher judges pairs of rows of one key by the other terms of a join's condition. A nil one finds that all match.
type matcher struct {
	host *Host
	cond eval.Fn
	ctx  *eval.Ctx
}

func newMatcher(h *Host, cond plan.Expr) *matcher {
	if cond == nil {
		return nil
	}
	k := h.compiler()
	out := &matcher{host: h, cond: k.Compile(cond)}
	out.ctx = k.NewCtx()
	return out
}

// holds says whether the two rows whose columns are in a joined row match. Where that can't be computed, they don't.
func (m *matcher) holds(row []types.Value, meta types.Meta) bool {
	if m == nil {
		return true
	}
	m.ctx.Enter(row)
	ok := m.cond(m.ctx).Bool()
	if m.ctx.Err != nil {
		m.host.failed(m.ctx, "JOIN ON", &meta)
		return false
	}
	return ok
}
