package op

import (
	"testing"

	"weir/types"
)

// A source may get partitions while a query rests: the clock that was stored has fewer upstream tasks than there are now.
func TestClockOfFewerUpstreams(t *testing.T) {
	before := newClock(2)
	before.announce(0, 500, false)
	before.announce(1, 300, false)
	stored := before.append(nil)
	same := newClock(2)
	if err := same.decode(stored); err != nil || same.closed() != 300 || same.upstream[0].time != 500 || same.upstream[1].time != 300 {
		t.Errorf("%+v, %v", same, err)
	}
	now := newClock(4)
	if err := now.decode(stored); err != nil || now.closed() != 300 {
		t.Fatalf("%+v, %v", now, err)
	}
	if now.upstream[0].time != 300 || now.upstream[1].time != 300 || now.upstream[3].time != types.NoTime {
		t.Errorf("%+v", now.upstream)
	}
	for i := range 3 {
		now.announce(i, 900, false)
	}
	if now.closed() != 300 {
		t.Errorf("closed to %d before the last task has told its time", now.closed())
	}
	now.announce(3, 800, false)
	if now.closed() != 800 {
		t.Errorf("closed to %d", now.closed())
	}
	if err := now.decode([]byte{0x80}); err == nil {
		t.Error("half a number is read")
	}
}
