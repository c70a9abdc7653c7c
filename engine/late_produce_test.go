package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/kafka/faulty"
)

// TestLateProduce ends sessions while what they write is on its way: what reaches the broker only afterwards is not written again.
func TestLateProduce(t *testing.T) {
	f := &faultyPlace{way: faultWay{embedded: true}, seed: 1}
	f.begin(t)
	defer f.end(t)
	d := faulty.New(f.dial)
	n := f.start(t, d, nil)
	defer func() { n.leave(t) }()
	ended := 0
	for range 3 {
		late, err := d.Arm(faulty.Rule{Key: kmsg.Produce, Do: faulty.Late, For: 400 * time.Millisecond, Times: 2})
		if err != nil {
			t.Fatal(err)
		}
		f.rows.feed(t, 40)
		until(t, "something is late", func() bool { return late.Hits() > 0 })
		ends, err := d.Arm(faulty.Rule{Key: kmsg.ListOffsets, Do: faulty.Refuse, Code: kerr.UnknownServerError, Times: 2})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			f.rows.feed(t, 1)
			time.Sleep(20 * time.Millisecond)
			if slices.ContainsFunc(n.Queries(), func(q Query) bool { return q.Error != "" }) {
				ended++
			}
		}
		ends.Disarm()
		late.Disarm()
		n.settle(t)
		f.rows.check(t)
	}
	t.Logf("%d times a session had ended", ended)
}
