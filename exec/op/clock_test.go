package op

import (
	"testing"

	"weir/types"
)

// A row closes windows as far as the other sources let it; a bound closes no more than rows have come up to.
func TestDirectClock(t *testing.T) {
	c := newClock(true)
	row := func(ts, path int64) int64 { return c.see(&types.Meta{Timestamp: ts, StreamTime: path}) }
	for i, s := range []struct {
		do           func() int64
		judged, shut int64
	}{
		{func() int64 { return row(10, types.NoTime) }, 10, 10},
		{func() int64 { return row(5, types.NoTime) }, 10, 10}, // one source: its own rows have gone past
		{func() int64 { c.upTo = 20; return row(100, types.NoTime) }, 100, 20},
		{func() int64 { c.upTo = 100; return row(50, types.NoTime) }, 50, 50}, // the other source is behind, and not late
		{func() int64 { c.reach(200); return row(60, types.NoTime) }, 100, 100},
		{func() int64 { return row(60, 130) }, 130, 100},
	} {
		if got := s.do(); got != s.judged || c.closed() != s.shut {
			t.Errorf("step %d: judged by %d, closed to %d; want %d and %d", i, got, c.closed(), s.judged, s.shut)
		}
	}
}

// Behind a repartition rows close nothing: bounds do.
func TestToldClock(t *testing.T) {
	c := newClock(false)
	if got := c.see(&types.Meta{Timestamp: 100, StreamTime: types.NoTime}); got != 100 || c.closed() != types.NoTime {
		t.Errorf("judged by %d, closed to %d", got, c.closed())
	}
	if c.reach(70); c.closed() != 70 {
		t.Errorf("closed to %d", c.closed())
	}
	if got := c.see(&types.Meta{Timestamp: 60, StreamTime: 65}); got != 70 {
		t.Errorf("judged by %d", got)
	}
	if c.reach(150); c.closed() != 150 {
		t.Errorf("closed to %d", c.closed())
	}
}

func TestClockIsStored(t *testing.T) {
	before := newClock(false)
	before.see(&types.Meta{Timestamp: 500, StreamTime: types.NoTime})
	before.reach(300)
	for name, stored := range map[string][]byte{"as it is": before.append(nil), "with the upstreams of earlier versions": append(before.append(nil), 20, 30)} {
		now := newClock(false)
		if err := now.decode(stored); err != nil || now.now != 500 || now.closed() != 300 || now.unsaved {
			t.Errorf("%s: %+v, %v", name, now, err)
		}
	}
	now := newClock(false)
	if err := now.decode([]byte{0x80}); err == nil {
		t.Error("half a number is read")
	}
	if err := now.decode([]byte{2}); err == nil {
		t.Error("half a clock is read")
	}
}

// When nothing comes from anybody, time goes on from the latest row, whatever a path that never had one holds back; before a row it stands.
func TestIdleGoesOnFromTheLatestRow(t *testing.T) {
	c := clocked{clock: newClock(false), handOn: func() error { return nil }}
	idle := func(by, bound, want int64) {
		t.Helper()
		if err := c.Idle(by, bound); err != nil || c.clock.closed() != want {
			t.Errorf("closed to %d, %v, want %d", c.clock.closed(), err, want)
		}
	}
	idle(300, types.NoTime, types.NoTime)
	c.clock.see(&types.Meta{Timestamp: 1000, StreamTime: types.NoTime})
	idle(300, types.NoTime, 1300)
	c.clock.see(&types.Meta{Timestamp: 9000, StreamTime: types.NoTime}) // nothing is known of another path
	idle(300, types.NoTime, 9300)
	idle(200, 1500, 9500)
	idle(100, 20000, 20000) // rows were filtered up to there
	idle(100, 20000, 20000) // another upstream task tells of the same

	c.clock = newClock(false)
	c.clock.see(&types.Meta{Timestamp: 1000, StreamTime: types.NoTime})
	c.clock.reach(9000) // others have come so far, before a restart
	idle(300, types.NoTime, 9300)
	idle(300, types.NoTime, 9600)
}
