package op

import (
	"encoding/binary"

	"weir/types"
)

// clock is the stream time of a windowed operator. Where rows come straight from a source it is the latest timestamp
// seen. Behind a repartition, each upstream task has a time of its own, carried by its rows, which says whether a row is
// late; windows close by the least of the times that the upstream tasks announce.
type clock struct {
	now      int64 // latest time seen in any row
	shut     int64 // as far as windows may close; never goes back
	upstream []upstream
	unsaved  bool // what append gives has changed since the last commit
}

// upstream is what one upstream task has announced. A task that read to its end holds nobody back.
type upstream struct {
	time  int64
	atEnd bool
}

// clocked is the part of an operator that is told stream times. handOn puts out what the clock has closed.
type clocked struct {
	clock  clock
	handOn func() error
}

// Announce takes the stream time of an upstream task, and hands on what that closes.
func (c *clocked) Announce(upstream int, streamTime int64, atEnd bool) error {
	c.clock.announce(upstream, streamTime, atEnd)
	return c.handOn()
}

// Idle lets the stream time go on, and hands on what that closes.
func (c *clocked) Idle(by int64) error {
	c.clock.idle(by)
	return c.handOn()
}

// AnnounceIdle lets an upstream task's stream time go on.
func (c *clocked) AnnounceIdle(upstream int, by int64) error {
	c.clock.announceIdle(upstream, by)
	return c.handOn()
}

func newClock(upstreams int) clock {
	c := clock{now: types.NoTime, shut: types.NoTime, upstream: make([]upstream, upstreams)}
	for i := range c.upstream {
		c.upstream[i].time = types.NoTime
	}
	return c
}

// see takes a row's time, and returns the stream time by which the row is judged.
func (c *clock) see(m types.Meta) int64 {
	t := max(m.Timestamp, m.StreamTime)
	if t > c.now {
		c.now, c.unsaved = t, true
	}
	if len(c.upstream) == 0 {
		c.shut = c.now
	}
	return max(t, c.shut)
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

func (c *clock) advance(t int64) {
	c.unsaved = c.unsaved || t > c.now || t > c.shut
	c.now = max(c.now, t)
	c.shut = max(c.shut, t)
}

// idle lets the time of rows that come straight from a source go on by so many milliseconds; before the first row there is
// no time to go on.
func (c *clock) idle(by int64) {
	if len(c.upstream) == 0 && c.now != types.NoTime {
		c.advance(c.now + by)
	}
}

func (c *clock) announce(from int, t int64, atEnd bool) {
	if from >= len(c.upstream) {
		return
	}
	c.unsaved = c.unsaved || t > c.upstream[from].time
	c.upstream[from] = upstream{max(t, c.upstream[from].time), atEnd}
	c.shutBy()
}

// announceIdle is announce for an upstream task that does not know its time any more, and says how far it has gone on.
func (c *clock) announceIdle(from int, by int64) {
	if from >= len(c.upstream) || c.upstream[from].time == types.NoTime {
		return
	}
	c.upstream[from].time += by
	c.unsaved = true
	c.shutBy()
}

// shutBy closes what the upstream tasks' times close.
func (c *clock) shutBy() {
	least, most, waiting := int64(0), types.NoTime, false
	for _, u := range c.upstream {
		most = max(most, u.time)
		if u.atEnd {
			continue
		}
		if !waiting || u.time < least {
			least, waiting = u.time, true
		}
	}
	if !waiting {
		least = most
	}
	if least > c.shut {
		c.shut, c.unsaved = least, true
	}
}

// saved says that what append gave is durable.
func (c *clock) saved() { c.unsaved = false }

// append encodes the clock for the operator's state.
func (c *clock) append(dst []byte) []byte {
	dst = binary.AppendVarint(binary.AppendVarint(dst, c.now), c.shut)
	for _, u := range c.upstream {
		dst = binary.AppendVarint(dst, u.time)
	}
	return dst
}

// decode reads what append wrote. With another number of upstream tasks, as when a source has got partitions since, it is not
// known which time is whose: none of them was behind what has been closed.
func (c *clock) decode(src []byte) error {
	var times []int64
	for len(src) > 0 {
		v, used := binary.Varint(src)
		if used <= 0 {
			return types.ErrCorrupt
		}
		times, src = append(times, v), src[used:]
	}
	if len(times) < 2 {
		return types.ErrCorrupt
	}
	c.now, c.shut, times = times[0], times[1], times[2:]
	for i := range c.upstream {
		switch {
		case len(times) == len(c.upstream):
			c.upstream[i].time = times[i]
		case i < len(times):
			c.upstream[i].time = c.shut
		}
	}
	return nil
}
