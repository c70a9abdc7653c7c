package task

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
)

// writtenRow is a row as a task of query 7 writes it; reached is nil where it is not the task's first one of a commit.
func writtenRow(task uint64, at, offset int64, reached *Reached) *kgo.Record {
	t := trail{query: 7, task: task, order: NoTime}
	if reached != nil {
		t.first, t.reached = true, *reached
	}
	return &kgo.Record{Offset: offset, Timestamp: time.UnixMilli(at), Headers: []kgo.RecordHeader{{Key: trailHeader, Value: t.append(nil)}}}
}

func wovenLanes(counts *op.Counts) *lanes {
	l := newLanes(0, new(int64), counts)
	l.woven = newWoven(0)
	l.woven.known([]uint64{7})
	return l
}

func places(recs []*kgo.Record) (out []int64) {
	for _, r := range recs {
		out = append(out, r.Timestamp.UnixMilli())
	}
	return out
}

// A query that reads another one's topic may have read all that lay in the sources at a time, and some of what has come since: that of one of its tasks
// waits for that of the others.
func TestRowsWaitForWhatLayBeforeThem(t *testing.T) {
	var counts op.Counts
	l := wovenLanes(&counts)
	l.add(writtenRow(0, 500, 0, nil), 1000)
	l.hear(7, Reached{Standing: Standing{All: NoTime, Order: never, AsOf: 100}, Sent: 150}, 1, true, 1000)
	if got := l.release(nil, 10, false); len(got) > 0 {
		t.Fatalf("%v went on: it is known what lay in the sources at 100, and the row came there up to 150", places(got))
	}
	l.add(writtenRow(1, 400, 1, nil), 1001)
	l.hear(7, Reached{Standing: Standing{All: NoTime, Order: never, AsOf: 200}, Sent: 200}, 2, true, 1001)
	if got := places(l.release(nil, 10, false)); !slices.Equal(got, []int64{400, 500}) || counts.Behind != 0 {
		t.Fatalf("%v went on, want the rows of 400 and 500; %d are behind", got, counts.Behind)
	}
}

// Every task's first row of a commit says how far the query had come with the commit before: that is so of what lay before the first of them, whatever
// has been told of the query meanwhile.
func TestFirstRowsOfACommit(t *testing.T) {
	for _, told := range []bool{false, true} {
		var counts op.Counts
		l := wovenLanes(&counts)
		if told {
			l.hear(7, Reached{Standing: Standing{All: 100, Order: never, AsOf: 900}, Sent: 900}, 0, true, 950)
		}
		before := Reached{Standing: Standing{All: 100, Order: never, AsOf: 1000}, Sent: 1000}
		l.add(writtenRow(0, 500, 0, &before), 2000)
		if told { // what is told of it is older than what the row said
			l.hear(7, Reached{Standing: Standing{All: 100, Order: never, AsOf: 950}, Sent: 950}, 0, true, 2000)
		}
		l.add(writtenRow(1, 600, 1, &before), 2000)
		if got := l.release(nil, 10, false); len(got) > 0 {
			t.Fatalf("%v went on, before anything is known of the commit that wrote it", places(got))
		}
		l.add(writtenRow(2, 400, 2, &before), 2000)
		after := Reached{Standing: Standing{All: 100, Order: never, AsOf: 2000}, Sent: 2000}
		l.add(writtenRow(0, 700, 3, &after), 3000)
		var got []int64
		for {
			recs := l.release(nil, 1, false)
			if len(recs) == 0 {
				break
			}
			got = append(got, places(recs)...)
			l.processed()
		}
		if !slices.Equal(got, []int64{400, 500, 600}) || counts.Behind != 0 {
			t.Errorf("%v went on, want 400, 500 and 600; %d are behind", got, counts.Behind)
		}
	}
}

// A task whose rows wait says of them what holds: what came into the sources later may go before them.
func TestStandingOfWaitingRows(t *testing.T) {
	var counts op.Counts
	l := wovenLanes(&counts)
	l.add(writtenRow(0, 500, 0, nil), 1000)
	l.hear(7, Reached{Standing: Standing{All: 100, Order: never, AsOf: 900}, Sent: 950}, 1, true, 1000)
	if got, want := l.standing(), (Standing{All: 100, Order: 500, AsOf: 900}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	l.hear(7, Reached{Standing: Standing{All: 100, Order: never, AsOf: 950}, Sent: 950}, 1, true, 1000)
	if got := l.release(nil, 10, false); len(got) != 1 {
		t.Fatal("the row waits")
	}
	if got, want := l.standing(), (Standing{All: 100, Order: 500, AsOf: 950}); got != want {
		t.Errorf("%+v of a row that has been let go and is not processed, want %+v", got, want)
	}
	l.processed()
	if got, want := l.standing(), (Standing{All: 100, Order: never, AsOf: 950}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Rows from before it was told as of when a query stood so are read as they were.
func TestOldTrail(t *testing.T) {
	with := trail{query: 7, task: 2, order: 5, first: true, reached: Reached{Time: 1, Standing: Standing{All: 3, Order: 2, AsOf: 1_000_000}, Sent: 1_000_100}}
	got, ok := readTrail(with.append(nil))
	if !ok || got != with {
		t.Errorf("read %+v, wrote %+v", got, with)
	}
	old := []byte{trailOrder | trailFirst, 7, 2, 10, 2, 4, 6} // numbers with a sign are written as twice themselves
	want := with
	want.reached.AsOf, want.reached.Sent = never, never
	if got, ok := readTrail(old); !ok || got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
