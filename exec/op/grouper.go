package op

import (
	"weir/exec/eval"
	"weir/exec/state"
	"weir/planner/plan"
	"weir/types"
)

// grouper computes the groups of rows.
type grouper struct {
	host  *Host
	group []eval.Fn
	slots []int // of the group's columns where all are mere columns; else nil
	ctx   *eval.Ctx
	vals  []types.Value // the group last computed
	keys  keyBatch
	late  *LateStream
	// touched keeps what Touch gives, so that the loads are not left out.
	touched uint64
}

// keyBatch are the encoded groups of a batch, so that their hashes can be computed and their slots fetched ahead.
type keyBatch struct {
	bytes  []byte
	ends   []int
	hashes []uint64
	ok     []bool
}

func newGrouper(h *Host, group []plan.Expr) grouper {
	k := h.compiler()
	return grouper{host: h, group: k.All(group), slots: plainSlots(group), late: h.Late, ctx: k.NewCtx(), vals: make([]types.Value, len(group))}
}

func plainSlots(list []plan.Expr) []int {
	out := make([]int, len(list))
	for i, e := range list {
		c, ok := e.(*plan.Column)
		if !ok {
			return nil
		}
		out[i] = c.Slot
	}
	return out
}

func (k *keyBatch) key(i int) []byte {
	if i == 0 {
		return k.bytes[:k.ends[0]]
	}
	return k.bytes[k.ends[i-1]:k.ends[i]]
}

// encode computes the groups of all rows; rows without value or group are counted and left out.
func (g *grouper) encode(b *types.Batch) {
	k := &g.keys
	k.bytes, k.ends, k.hashes, k.ok = k.bytes[:0], k.ends[:0], k.hashes[:0], k.ok[:0]
	for i := range b.N {
		at := len(k.bytes)
		m := &b.Meta[i]
		ok := m.Flags&types.NullRow == 0
		if m.Flags&types.Combined != 0 {
			key, _ := combinedKey(b.Row(i)[0].Bytes())
			k.bytes = append(k.bytes, key...)
		} else if !ok {
			g.host.Counts.Filtered++
		} else if ok = g.key(b.Row(i), m); ok {
			k.bytes = types.AppendKey(k.bytes, g.vals)
		}
		k.ends = append(k.ends, len(k.bytes))
		k.hashes = append(k.hashes, state.Hash(k.bytes[at:]))
		k.ok = append(k.ok, ok)
	}
}

// key computes the group of a row into vals; ok is false where a part is NULL, for which the row is counted and reported.
func (g *grouper) key(row []types.Value, m *types.Meta) bool {
	ok := g.compute(row, m)
	if !ok {
		g.skip(m)
	}
	return ok
}

func (g *grouper) skip(m *types.Meta) {
	g.host.Counts.NullKey++
	g.host.report(Problem{NullKey, "GROUP BY", "a grouping expression is NULL: the row is skipped", *m})
}

// compute is key without the count.
func (g *grouper) compute(row []types.Value, m *types.Meta) bool {
	if g.slots != nil {
		for i, s := range g.slots {
			g.vals[i] = row[s]
		}
	} else {
		g.ctx.Enter(row)
		for i, f := range g.group {
			g.vals[i] = f(g.ctx)
		}
		if g.ctx.Err != nil {
			g.host.failed(g.ctx, "GROUP BY", m)
		}
	}
	for i := range g.vals {
		if g.vals[i].IsNull() {
			return false
		}
	}
	return true
}
