package bench

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
	"weir/types"
)

const (
	hopKeys = 10_000
	// hopSpan is the stream time that the records of a run lie in: with every minute of it the windows of all keys that
	// were seen in the window's length are put out.
	hopSpan = 150 * time.Minute
)

// hops feeds records and commits as it goes along; state is encoded as a commit does, and goes nowhere.
type hops struct {
	task *task.Task
	recs []*kgo.Record
	keys [][]byte
	n    int
	step time.Duration // between two records
	rows int           // put out
	// every is how many records there are between commits.
	every int
}

func newHops(tb testing.TB, window, emit string, records int) *hops {
	p := newPipeline()
	p.plan(tb, fmt.Sprintf(event, "JSON"))
	h := &hops{recs: p.events(tb, types.BatchRows, hopKeys), step: hopSpan / time.Duration(records), every: commitEvery}
	h.task = p.task(tb, "CREATE TABLE counts AS SELECT user_id, COUNT(*) AS n, MAX(amount) AS most FROM events "+window+" GROUP BY user_id EMIT "+emit+";")
	for k := range hopKeys {
		h.keys = append(h.keys, userKey(k))
	}
	return h
}

// batch processes 1,000 records of keys in no order.
func (h *hops) batch(tb testing.TB) {
	for _, r := range h.recs {
		mixed := uint64(h.n) * 0x9E3779B97F4A7C15
		r.Key, r.Timestamp = h.keys[(mixed^mixed>>29)%hopKeys], start.Add(time.Duration(h.n)*h.step)
		h.n++
	}
	process(tb, h.task, h.recs)
	advance(h.recs)
	if h.n%h.every == 0 {
		h.commit(tb)
	}
}

var stateBytes [binary.MaxVarintLen64]byte

func (h *hops) commit(tb testing.TB) {
	if err := h.task.Flush(); err != nil {
		tb.Fatal(err)
	}
	for _, s := range h.task.Stores {
		s.Dirty(func(k, v []byte) { binary.PutUvarint(stateBytes[:], uint64(len(k)+len(v))) })
		s.Expired(func(from, to []byte) {})
	}
	full := h.task.Out.Take()
	h.rows += len(full.Records)
	h.task.Out.Release(full)
	h.task.Committed()
}

func hopping(fold int) string {
	if fold == 1 {
		return "WINDOW TUMBLING (SIZE 1 MINUTE)"
	}
	return fmt.Sprintf("WINDOW HOPPING (SIZE %d MINUTES, ADVANCE BY 1 MINUTE)", fold)
}

// BenchmarkHop counts in windows that advance by a minute and are 1 to 1,440 minutes long, for 10,000 keys and a million
// records over two and a half hours. The time is all of it: reading, counting, and putting out what closes.
func BenchmarkHop(b *testing.B) {
	for _, fold := range []int{1, 10, 60, 240, 1440} {
		b.Run(fmt.Sprintf("fold=%d", fold), func(b *testing.B) {
			n, rows := 0, 0
			for b.Loop() {
				h := newHops(b, hopping(fold), "FINAL", 1_000_000)
				for h.n < 1_000_000 {
					h.batch(b)
				}
				n, rows = n+h.n, rows+h.rows
			}
			perRecord(b, n)
			b.ReportMetric(float64(rows)/float64(n), "rows/record")
		})
	}
}

// changed puts out every window that a row changes, and gives how many rows that were. It commits so often that next to every
// change comes out.
func changed(tb testing.TB, fold, records int) (rows int, took time.Duration) {
	h := newHops(tb, hopping(fold), "CHANGES", records)
	h.every = types.BatchRows
	began := time.Now()
	for h.n < records {
		h.batch(tb)
	}
	return h.rows, time.Since(began)
}

// BenchmarkHopChanges gives the time per row put out, which is to be compared, for windows that each row changes 1 to 1,440 of.
func BenchmarkHopChanges(b *testing.B) {
	for _, c := range []struct{ fold, records int }{{1, 200_000}, {10, 200_000}, {60, 200_000}, {240, 50_000}, {1440, 10_000}} {
		b.Run(fmt.Sprintf("fold=%d", c.fold), func(b *testing.B) {
			rows := 0
			for b.Loop() {
				n, _ := changed(b, c.fold, c.records)
				rows += n
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
			b.ReportMetric(float64(rows)/float64(b.N*c.records), "rows/record")
		})
	}
}

// TestHopCost, like TestHopChangesCost run with -alone, holds windows of 24 hours that advance by a minute to three times the cost of windows of a minute, per record. Both
// put out every minute; the long ones two rows to the short ones' one, since they hold keys for longer.
func TestHopCost(t *testing.T) {
	if !*alone {
		t.Skip("needs the machine to itself: -alone")
	}
	const records = 1_000_000
	best := func(fold int) (least time.Duration, rows int) {
		for range 3 {
			h := newHops(t, hopping(fold), "FINAL", records)
			began := time.Now()
			for h.n < records {
				h.batch(t)
			}
			if took := time.Since(began); least == 0 || took < least {
				least = took
			}
			rows = h.rows
		}
		return least, rows
	}
	tumbling, few := best(1)
	hop, many := best(1440)
	ratio := float64(hop) / float64(tumbling)
	t.Logf("tumbling: %v, %d rows; 1,440-fold: %v, %d rows; %.2f times the cost per record", tumbling, few, hop, many, ratio)
	if ratio > 3 {
		t.Errorf("a 1,440-fold hop costs %.2f times a tumbling window per record: want at most 3", ratio)
	}
}

var alone = flag.Bool("alone", false, "run what compares times closely, and needs the machine to itself")

// TestHopChangesCost holds what a row of EMIT CHANGES costs in windows of an hour that advance by a minute to what it costs in windows of
// a minute. The former is a matter of memory: beside other tests its figures say nothing.
func TestHopChangesCost(t *testing.T) {
	if !*alone {
		t.Skip("needs the machine to itself: -alone")
	}
	perRow := func(fold int) float64 {
		rows, took := changed(t, fold, 60_000)
		return float64(took.Nanoseconds()) / float64(rows)
	}
	tumbling, hop := math.Inf(1), math.Inf(1)
	for round := 0; round < 6 && (round < 2 || hop > tumbling); round++ { // the least of several: others use the machine too
		tumbling, hop = min(tumbling, perRow(1)), min(hop, perRow(60))
	}
	t.Logf("tumbling: %.0f ns a row; 60-fold: %.0f ns; ratio %.2f", tumbling, hop, hop/tumbling)
	if hop > tumbling {
		t.Errorf("a row of a 60-fold hop costs %.2f times one of a tumbling window: want at most as much", hop/tumbling)
	}
}
