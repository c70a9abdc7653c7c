package op

import (
	"weir/planner/plan"
	"weir/types"
)

// LateStream takes the rows that come too late for a window to where they are written, once for each window missed. A nil LateStream
// takes none.
type LateStream struct {
	next  Op
	slots []int
	out   types.Batch
}

// NewLateStream makes the way of late rows to next.
func NewLateStream(l *plan.Late, next Op) *LateStream { return &LateStream{next: next, slots: l.Slots} }

// add takes a row with the window that it missed, and the stream time by which it was judged.
func (l *LateStream) add(row []types.Value, m types.Meta, start, end, streamTime int64) error {
	if l == nil {
		return nil
	}
	if l.out.N == 0 {
		l.out.Reset(len(l.slots) + 3)
	}
	out := l.out.Append(types.Meta{Timestamp: m.Timestamp, StreamTime: types.NoTime, Order: types.NoTime, Offset: m.Offset, Input: m.Input, Flags: m.Flags & types.NoKey})
	for i, s := range l.slots {
		out[i] = row[s]
	}
	out = out[len(l.slots):]
	out[0], out[1], out[2] = types.BigintValue(start), types.BigintValue(end), types.BigintValue(streamTime)
	if l.out.N < types.BatchRows {
		return nil
	}
	return l.flush()
}

// flush writes what add took; before the batch that the rows came in goes.
func (l *LateStream) flush() error {
	if l == nil || l.out.N == 0 {
		return nil
	}
	err := l.next.Push(&l.out)
	l.out.Reset(l.out.Width)
	return err
}
