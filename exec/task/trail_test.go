package task

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/types"
)

// Rows that are sent again by another producer are known as the query's from the first one on; a trail that is there stays.
func TestResend(t *testing.T) {
	passed := types.NoTime
	l := newLanes(0, &passed, new(op.Counts))
	l.woven = newWoven(2)
	before := kgo.Record{Partition: 2, ProducerID: 1}
	first := trail{query: 7, task: 2, order: types.NoTime, first: true}
	before.Headers = []kgo.RecordHeader{{Key: trailHeader, Value: first.append(nil)}}
	again := kgo.Record{Partition: 2, ProducerID: 5, Offset: 1, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}}
	other := trail{query: 7, task: 3, order: types.NoTime}
	kept := kgo.Record{Partition: 2, ProducerID: 5, Offset: 2, Headers: []kgo.RecordHeader{{Key: trailHeader, Value: other.append(nil)}}}
	Resend(&again, 7)
	Resend(&kept, 7)
	for i, c := range []struct {
		rec  *kgo.Record
		task uint64
	}{{&before, 2}, {&again, 2}, {&kept, 3}, {&kgo.Record{Partition: 2, ProducerID: 5, Offset: 3}, 2}} {
		ln, _, others := l.weave(c.rec, 0)
		if ln.key != laneKey(7, c.task) || others {
			t.Errorf("record %d: lane %x, foreign %t", i, ln.key, others)
		}
	}
	if len(again.Headers) != 2 || string(again.Headers[0].Value) != "v" || len(kept.Headers) != 1 {
		t.Errorf("headers %v and %v", again.Headers, kept.Headers)
	}
	plain := kgo.Record{Partition: 2}
	if Resend(&plain, 0); plain.Headers != nil {
		t.Error("a row of a query without a number has a trail")
	}
}
