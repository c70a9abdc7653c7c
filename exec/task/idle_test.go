package task

import "testing"

// What an upstream task has idled adds up until it moves: a note that says only what it has caught up with, or how far its rows are in
// order, takes nothing back. Were it so, a window whose time is nearly over would stay open for ever: who idles does so no further than it must.
func TestIdleAddsUp(t *testing.T) {
	for _, c := range []struct {
		name     string
		between  note
		wasAtEnd bool
		want     int64
	}{
		{"caught up", note{bound: 1000, caughtUp: true, asOf: 5}, false, 500},
		{"in order further", note{bound: 1000, order: 7}, false, 500},
		{"at its end", note{bound: 1000, atEnd: true}, false, 500},
		{"no longer at its end", note{bound: 1000}, true, 200},
		{"moved", note{bound: 1001}, false, 200},
	} {
		i := newIdling(nil, make([]feeder, 1))
		i.heard(0, note{bound: 1000}, false)
		i.heard(0, note{bound: 1000, idled: 300}, false)
		i.heard(0, c.between, c.wasAtEnd)
		i.heard(0, note{bound: c.between.bound, idled: 200}, false)
		if got := i.least(); got != c.want {
			t.Errorf("%s: gone on by %d, want %d", c.name, got, c.want)
		}
	}
}
