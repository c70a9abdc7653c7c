package op

import (
	"encoding/binary"
	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// ranking is how the rows of a table are put in an order within their windows. Rows that are equal in it are in that of their keys.
type ranking struct {
	host    *Host
	key     []eval.Fn
	order   []orderBy
	ctx     *eval.Ctx
	window  *plan.TopWindow
	columns bool // windows are told by columns: the rows came through a topic
	vals    []types.Value
	one     [1]types.Value
}

type orderBy struct {
	expr eval.Fn
	desc bool
}

type topBounds struct{ start, end int64 }

func newRanking(h *Host, p *plan.Top) ranking {
	k := h.compiler()
	r := ranking{host: h, key: k.All(p.Key), window: p.Window, vals: make([]types.Value, len(p.Key))}
	_, r.columns = p.In.(*plan.Repartition)
	for _, o := range p.Order {
		r.order = append(r.order, orderBy{k.Compile(o.Expr), o.Desc})
	}
	r.ctx = k.NewCtx()
	return r
}

// boundsOf is the window of a row.
func (r *ranking) boundsOf(row []types.Value, m types.Meta) topBounds {
	switch {
	case r.window == nil:
		return topBounds{}
	case r.columns:
		return topBounds{row[r.window.Start].Int(), row[r.window.End].Int()}
	default:
		return topBounds{m.WindowStart, m.WindowEnd}
	}
}

// closes is the stream time at which a window takes no more changes.
func (r *ranking) closes(b topBounds) int64 { return b.end + r.window.Keep }

// prefix is what the keys and ranks of a window's rows begin with.
func (r *ranking) prefix(b topBounds) []byte {
	if r.window == nil {
		return nil
	}
	return types.AppendKey(nil, []types.Value{types.BigintValue(b.start), types.BigintValue(b.end)})
}

// entry takes apart what is stored of a row: its window, its time, and its columns.
func (r *ranking) entry(key, value []byte) (b topBounds, ts int64, row []byte, err error) {
	ts, n := binary.Varint(value)
	if n <= 0 {
		return b, 0, nil, types.ErrCorrupt
	}
	b, err = r.boundsIn(key)
	return b, ts, value[n:], err
}

// boundsIn reads the window that a key begins with.
func (r *ranking) boundsIn(key []byte) (topBounds, error) {
	if r.window == nil {
		return topBounds{}, nil
	}
	var vals [2]types.Value
	_, err := types.DecodeKey(key, vals[:])
	return topBounds{vals[0].Int(), vals[1].Int()}, err
}

// appendKey appends the key of a row.
func (r *ranking) appendKey(dst []byte, row []types.Value) []byte {
	r.ctx.Enter(row)
	r.ctx.Err = nil
	for i, f := range r.key {
		r.vals[i] = f(r.ctx)
	}
	return types.AppendKey(dst, r.vals)
}

// appendRank appends the place of a row in its window: what it is ordered by, its key. NULLs come last in either direction.
func (r *ranking) appendRank(rank, key []byte, row []types.Value, m types.Meta) []byte {
	r.ctx.Enter(row)
	r.ctx.Err = nil
	for i := range r.order {
		v := r.order[i].expr(r.ctx)
		if v.IsNull() {
			rank = append(rank, 1)
			continue
		}
		at := len(rank) + 1
		r.one[0] = v
		rank = types.AppendKey(append(rank, 0), r.one[:])
		if r.order[i].desc {
			for j := at; j < len(rank); j++ {
				rank[j] = ^rank[j]
			}
		}
	}
	if r.ctx.Err != nil {
		r.host.failed(r.ctx, "ORDER BY", &m)
	}
	return append(rank, key...)
}
