package task

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/op"
	"weir/types"
)

// sentRow is a row as an upstream task sends it.
func sentRow(from int, ts, order int64, offset int64) *kgo.Record {
	flags, val := byte(hasTask), binary.AppendUvarint([]byte{0}, uint64(from))
	if order != types.NoTime {
		flags |= hasOrder
		val = binary.AppendVarint(val, order)
	}
	val[0] = flags
	return &kgo.Record{Value: val, Offset: offset, Timestamp: time.UnixMilli(ts)}
}

func sentNote(n note, offset int64) *kgo.Record {
	return &kgo.Record{Value: n.append(nil), Offset: offset}
}

// upstreams write the rows of some tasks into one partition, a commit of each in turn, in no order among the tasks.
type upstreams struct {
	recs []*kgo.Record
	want []string // rows in the order of their places, then tasks
}

func randomUpstreams(rng *rand.Rand, tasks int) upstreams {
	type row struct {
		from, n int
		at      int64
	}
	rows := make([][]row, tasks)
	var all []row
	for from := range rows {
		at := int64(0)
		for n := range rng.IntN(60) {
			at += int64(rng.IntN(4))
			rows[from] = append(rows[from], row{from, n, at})
		}
		all = append(all, rows[from]...)
	}
	slices.SortStableFunc(all, func(a, b row) int { return int(a.at - b.at) })
	var u upstreams
	for _, r := range all {
		u.want = append(u.want, fmt.Sprint(r.from, r.n))
	}
	next, clock := make([]int, tasks), int64(1)
	for left := len(all); ; clock++ {
		var notes []note
		for from := range rows {
			some := rng.IntN(20)
			n := note{upstream: from, bound: types.NoTime, order: types.NoTime, asOf: clock}
			for ; some > 0 && next[from] < len(rows[from]); some-- {
				r := rows[from][next[from]]
				u.recs = append(u.recs, sentRow(from, r.at+100, r.at, int64(len(u.recs))))
				next[from]++
				left--
			}
			if next[from] > 0 {
				n.order = rows[from][next[from]-1].at
			}
			n.caughtUp = next[from] == len(rows[from])
			notes = append(notes, n)
		}
		for _, n := range notes {
			u.recs = append(u.recs, sentNote(n, int64(len(u.recs))))
		}
		if left == 0 {
			return u
		}
	}
}

// Rows go on in the order of their places however the partition is cut, and each once, whenever the task stops and begins again from what it has
// processed.
func TestLanesPutRowsInOrder(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tasks := 1 + rng.IntN(5)
		u := randomUpstreams(rng, tasks)
		var behind op.Counts
		l := newLanes(tasks, new(int64), &behind)
		var got []string
		var ready []*kgo.Record // let go, not yet processed
		counts := make([]int, tasks)
		from := int64(0)
		saved := map[string][]byte{}
		for at := 0; at < len(u.recs) || len(ready) > 0; {
			switch rng.IntN(8) {
			case 0: // a commit
				l.Dirty(func(key, value []byte) { saved[string(key)] = value })
				l.Committed()
				if offset, ok := l.position(); ok {
					from = offset
				} else {
					from = int64(at)
				}
				if rng.IntN(3) > 0 {
					continue
				}
				l = newLanes(tasks, new(int64), &behind) // and a new start behind it
				ready = nil
				for key, value := range saved {
					if err := l.Load([]byte(key), value); err != nil {
						t.Fatal(err)
					}
				}
				at = int(from)
			case 1, 2, 3:
				for n := rng.IntN(30); n > 0 && at < len(u.recs); n-- {
					l.add(u.recs[at], 1)
					at++
				}
			default:
				if len(ready) == 0 {
					ready = l.release(nil, 1+rng.IntN(20), false)
				}
				for n := rng.IntN(30); n > 0 && len(ready) > 0; n-- {
					if h, _ := headOf(ready[0]); ready[0].Value[0] != announces {
						got = append(got, fmt.Sprint(h.upstream, counts[h.upstream]))
						counts[h.upstream]++
					}
					ready = ready[1:]
					l.processed()
				}
			}
			if at == len(u.recs) && len(ready) == 0 {
				ready = l.release(nil, 1000, false)
			}
		}
		if !slices.Equal(got, u.want) {
			t.Fatalf("seed %d: %d tasks: got %v, want %v", seed, tasks, got, u.want)
		}
		if behind.Behind > 0 {
			t.Fatalf("seed %d: %d rows are behind", seed, behind.Behind)
		}
	}
}

// A row waits for a lane that says nothing, goes on once that has been given up, and what comes after all is counted.
func TestLanesCountWhatComesBehind(t *testing.T) {
	var behind op.Counts
	l := newLanes(2, new(int64), &behind)
	l.add(sentRow(0, 100, types.NoTime, 0), 1)
	if got := l.release(nil, 10, false); len(got) != 0 {
		t.Fatalf("the row did not wait: %v", got)
	}
	l.awaited(math.MaxInt64, 0, false, func(by *teller) { by.givenUp = true })
	if got := l.release(nil, 10, false); len(got) != 1 {
		t.Fatal("the row waits for a lane that was given up")
	}
	l.processed()
	l.add(sentRow(1, 50, types.NoTime, 1), 1)
	if got := l.release(nil, 10, false); len(got) != 0 || behind.Behind != 0 {
		t.Fatalf("%d rows are counted, and %d have gone on: the other lane brings nothing before 100, but has not said so", behind.Behind, len(got))
	}
	l.add(sentNote(note{upstream: 0, order: 100, asOf: 5}, 2), 1)
	if got := l.release(nil, 10, false); len(got) != 2 {
		t.Fatal("the row behind does not go on")
	}
	for range 2 {
		l.processed()
	}
	if behind.Behind != 1 {
		t.Errorf("%d rows are counted as behind, want 1", behind.Behind)
	}
}
