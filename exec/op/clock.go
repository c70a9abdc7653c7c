package op

import (
	"encoding/binary"
	"math"

	"weir/types"
)

// clock is the stream time of a windowed operator: how far its windows are closed for good. It goes by bounds, times before
// which nothing comes any more. Whether a row is late is judged by the path on which it came, whose time the row carries where that is
// ahead of its own, and by what is closed for good.
type clock struct {
	now  int64 // latest time seen in any row
	shut int64 // as far as windows are closed; never goes back
	// direct says that rows come in the order of one or a few sources: each row is a bound itself, as far as others let it be.
	direct  bool
	upTo    int64 // how far the other sources let a row close windows
	unsaved bool  // what append gives has changed since the last commit
}

// clocked is the part of an operator that is told bounds. handOn puts out what the clock has closed.
type clocked struct {
	clock  clock
	handOn func() error
	// holds is for how long results are held back behind the bound, in milliseconds: final ones of windows carry times within these.
	holds int64
}

// Advance says that nothing before a time comes any more, and hands on what that closes.
func (c *clocked) Advance(bound int64) error {
	c.clock.reach(bound)
	return c.handOn()
}

// UpTo bounds how far the rows that come next close windows, by what may still come from other sources.
func (c *clocked) UpTo(bound int64) { c.clock.upTo = bound }

// Idle lets the stream time go on because nothing comes, from anybody: to the bound, which has gone on, too; or, where that is behind the rows
// that have come, because of a path that is not known to have come so far, or behind what had been told before a restart, by so many milliseconds from the latest
// of these. Before the first there is no time to go on.
func (c *clocked) Idle(by, bound int64) error {
	if from := max(c.clock.now, c.clock.shut); from != types.NoTime {
		if bound < from {
			bound = from + by
		}
		c.clock.advance(bound)
	}
	return c.handOn()
}

// Bound is the time before which nothing is handed on any more.
func (c *clocked) Bound() int64 { return c.clock.closedTo(c.holds) }

// Front is as far as windows are closed: a final result has the place at which its window did.
func (c *clocked) Front() (place int64, ok bool) { return c.clock.closed(), c.holds > 0 }

func newClock(direct bool) clock {
	return clock{now: types.NoTime, shut: types.NoTime, direct: direct, upTo: math.MaxInt64}
}

// see takes a row's time, and returns the stream time by which the row is judged.
func (c *clock) see(m *types.Meta) int64 {
	t := max(m.Timestamp, m.StreamTime)
	if t > c.now {
		c.now, c.unsaved = t, true
	}
	if c.direct {
		c.close(min(t, c.upTo))
	}
	return max(t, c.shut)
}

// reach takes a bound. What comes straight from sources closes nothing that no row has come up to.
func (c *clock) reach(bound int64) {
	if c.direct {
		bound = min(bound, c.now)
	}
	c.close(bound)
}

func (c *clock) close(t int64) {
	if t > c.shut {
		c.shut, c.unsaved = t, true
	}
}

// closed is the time by which windows are closed for good.
func (c *clock) closed() int64 { return c.shut }

// closedTo is closed less a grace period: windows that end by then are closed for good. NoTime before anything closes.
func (c *clock) closedTo(grace int64) int64 {
	if c.shut == types.NoTime {
		return types.NoTime
	}
	return c.shut - grace
}

// advance lets the stream time go on to a time to which no row has come.
func (c *clock) advance(t int64) {
	c.unsaved = c.unsaved || t > c.now || t > c.shut
	c.now = max(c.now, t)
	c.shut = max(c.shut, t)
}

// saved says that what append gave is durable.
func (c *clock) saved() { c.unsaved = false }

// append encodes the clock for the operator's state.
func (c *clock) append(dst []byte) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, c.now), c.shut)
}

// decode reads what append wrote. Earlier versions wrote times of upstream tasks behind it, which these announce anew.
func (c *clock) decode(src []byte) error {
	now, n := binary.Varint(src)
	if n <= 0 {
		return types.ErrCorrupt
	}
	shut, m := binary.Varint(src[n:])
	if m <= 0 {
		return types.ErrCorrupt
	}
	c.now, c.shut = now, shut
	return nil
}
