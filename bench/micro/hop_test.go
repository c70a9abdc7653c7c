package bench

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec"
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
	task *exec.Task
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

// BenchmarkHopChanges puts out every window that a row changes. It commits so often that next to every change comes out: the time per
// row put out is to be compared.
func BenchmarkHopChanges(b *testing.B) {
	for _, fold := range []int{1, 10, 60} {
		b.Run(fmt.Sprintf("fold=%d", fold), func(b *testing.B) {
			rows := 0
			for b.Loop() {
				h := newHops(b, hopping(fold), "CHANGES", 200_000)
				h.every = types.BatchRows
				for h.n < 200_000 {
					h.batch(b)
				}
				rows += h.rows
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
			b.ReportMetric(float64(rows)/float64(b.N)/200_000, "rows/record")
		})
	}
}

// TestHopCost holds windows of 24 hours that advance by a minute to three times the cost of windows of a minute, per record. Both
// put out every minute; the long ones two rows to the short ones' one, since they hold keys for longer.
func TestHopCost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds")
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
