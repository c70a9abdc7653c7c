package pull

import (
	"errors"
	"io"
	"math"
	"slices"

	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// answer makes the rows of a pull query's answer: what is shown of them, in their order, up to the limit.
type answer struct {
	l       *plan.Lookup
	exprs   []eval.Fn
	ctx     *eval.Ctx
	columns int // those that are shown; the others are for the order
	give    func(row []types.Value, ts int64) error
	left    int64       // -1 for no limit
	sorted  []answerRow // of an ORDER BY
	held    int64       // bytes of them
	fits    func(bytes int64) error
}

type answerRow struct {
	vals []types.Value
	ts   int64
}

// row takes a row that matches.
func (a *answer) row(row []types.Value, ts int64) error {
	a.ctx.Enter(row)
	a.ctx.Err = nil
	out := make([]types.Value, len(a.exprs))
	for i, f := range a.exprs {
		out[i] = f(a.ctx)
		if a.ctx.Err != nil {
			if err := failed(a.ctx); err != nil {
				return err
			}
		}
	}
	out = types.CloneRow(out)
	if len(a.l.Order) == 0 {
		return a.hand(answerRow{out, ts})
	}
	a.sorted = append(a.sorted, answerRow{out, ts})
	a.held += rowBytes + int64(types.SizeOf(out, math.MaxInt))
	if a.left > 0 && int64(len(a.sorted)) >= 2*a.left+10_000 {
		a.sort()
		clear(a.sorted[a.left:])
		a.sorted = a.sorted[:a.left]
		a.held = 0
		for _, r := range a.sorted {
			a.held += rowBytes + int64(types.SizeOf(r.vals, math.MaxInt))
		}
	}
	return a.fits(a.held)
}

// rowBytes is what a row takes without its values.
const rowBytes = 32

func (a *answer) sort() {
	slices.SortStableFunc(a.sorted, func(x, y answerRow) int {
		for _, o := range a.l.Order {
			v, w := x.vals[o.Column], y.vals[o.Column]
			switch {
			case v.IsNull() && w.IsNull():
				continue
			case v.IsNull():
				return 1
			case w.IsNull():
				return -1
			}
			if c := types.Compare(v, w); c != 0 {
				if o.Desc {
					return -c
				}
				return c
			}
		}
		return 0
	})
}

// hand gives a row away; io.EOF where it was the last one wanted.
func (a *answer) hand(r answerRow) error {
	if err := a.give(r.vals[:a.columns], r.ts); err != nil {
		return err
	}
	if a.left > 0 {
		if a.left--; a.left == 0 {
			return io.EOF
		}
	}
	return nil
}

// finish gives away what waited for its place.
func (a *answer) finish() error {
	a.sort()
	for _, r := range a.sorted {
		if err := a.hand(r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Push takes the groups of a GROUP BY.
func (a *answer) Push(b *types.Batch) error {
	for i := range b.N {
		if b.Meta[i].Flags&types.NullRow != 0 {
			continue
		}
		if err := a.row(b.Row(i), b.Meta[i].Timestamp); err != nil {
			return err
		}
	}
	return nil
}

// Flush has nothing to do: finish hands out what was held back.
func (a *answer) Flush() error { return nil }

// group makes the operators of a GROUP BY over the rows of the answer.
func (p *puller) group(l *plan.Lookup) (err error) {
	if len(l.Steps) > 0 {
		p.groups, err = p.chainOf(p.host(), l.Steps, p.answer)
	}
	return err
}

// finish ends the answer once all rows were read.
func (p *puller) finish() error {
	if p.groups != nil {
		if err := p.groups.Flush(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return p.answer.finish()
}
