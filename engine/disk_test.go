package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"weir/planner/plan"
)

var errDisk = errors.New("the disk is broken")

// badDisk fails operations that a test picks, as often as is left.
type badDisk struct {
	pick func(op errorfs.Op) bool
	left atomic.Int64 // times it is still to fail
	hits atomic.Int64 // times it has failed
}

func (d *badDisk) options(o *Options) {
	o.StateFS = errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !d.pick(op) || d.left.Load() <= 0 || d.left.Add(-1) < 0 {
			return nil
		}
		d.hits.Add(1)
		return errDisk
	}))
}

const forGood = 1 << 40

// Writes of the disk that can fail.
var badWrites = map[string]func(op errorfs.Op) bool{
	"log synced":     func(op errorfs.Op) bool { return inLog(op) && isSync(op) },
	"log written":    func(op errorfs.Op) bool { return inLog(op) && op.Kind == errorfs.OpFileWrite },
	"outbox synced":  func(op errorfs.Op) bool { return inOutbox(op) && isSync(op) },
	"outbox written": func(op errorfs.Op) bool { return inOutbox(op) && op.Kind == errorfs.OpFileWriteAt },
}

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}

func inLog(op errorfs.Op) bool { return strings.HasSuffix(op.Path, ".log") }

func inOutbox(op errorfs.Op) bool { return strings.Contains(op.Path, "state-outbox") }

const diskSQL = `CREATE STREAM src (k STRING KEY, v INTEGER) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=2);
	CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT k, v FROM src;
	CREATE TABLE c WITH (KAFKA_TOPIC='c') AS SELECT v, COUNT(*) AS n FROM src GROUP BY v;`

// rowsTo writes rows up to a number.
func (n *node) rowsTo(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		n.write(t, "src", fmt.Sprintf(`k%d={"V":%d}`, i, i%3))
	}
}

// rowsUntil writes rows from a number on until a condition holds, and returns how many there are then. Transactions do not
// wait for the disk: what the node writes for itself brings it there.
func (n *node) rowsUntil(t *testing.T, from int, what string, cond func() bool) int {
	t.Helper()
	until(t, what, func() bool {
		n.rowsTo(t, from, from+1)
		from++
		if !n.opt.Embedded {
			_ = n.state.SetMeta("", "a test", []byte("x"))
		}
		return cond()
	})
	return from
}

// tellsOfDisk says whether a query can't go on, with the disk as the reason.
func (n *node) tellsOfDisk() bool {
	return slices.ContainsFunc(n.Queries(), func(q Query) bool { return q.State == Unresponsive && strings.Contains(q.Error, errDisk.Error()) })
}

// wantRows compares what the queries have put out, and their counters, with rows up to a number.
func (n *node) wantRows(t *testing.T, rows int) {
	t.Helper()
	n.settle(t)
	want, counts := map[string]int{}, map[string]string{}
	for i := range rows {
		want[fmt.Sprintf(`k%d={"V":%d}`, i, i%3)]++
		key := string([]byte{0, 0, 0, byte(i % 3)})
		counts[key] = fmt.Sprintf(`{"N":%d}`, i/3+1)
	}
	got := map[string]int{}
	for _, kv := range n.texts(t, "o") {
		got[kv]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("o has %v, want each of %d rows once", got, rows)
	}
	last := map[string]string{}
	for _, kv := range n.texts(t, "c") {
		k, v, _ := strings.Cut(kv, "=")
		last[k] = v
	}
	if !maps.Equal(last, counts) {
		t.Errorf("c has %v, want %v", last, counts)
	}
	for i := range min(rows, 3) {
		if got, want := n.run(t, NewSession(), fmt.Sprintf("SELECT n FROM c WHERE v = %d;", i)), fmt.Sprintf("%d\n", (rows-i+2)/3); got != want {
			t.Errorf("the state of c has %q for %d, want %q", got, i, want)
		}
	}
}

// wantCounted compares the counters with the rows of the queries' lives in this node.
func (n *node) wantCounted(t *testing.T, rows int) {
	t.Helper()
	until(t, "all queries run", func() bool {
		return !slices.ContainsFunc(n.Queries(), func(q Query) bool { return q.State != Running })
	})
	for _, q := range n.Queries() {
		if q.Kind != plan.Persistent { // a pull query of wantRows that has just ended
			continue
		}
		if q.Stats.RowsIn != int64(rows) || q.SinkTopic == "o" && q.Stats.RowsOut != int64(rows) {
			t.Errorf("%s has counted %d rows in, %d out; want %d", q.ID, q.Stats.RowsIn, q.Stats.RowsOut, rows)
		}
	}
}

// A write of the disk fails once, some times, or until somebody mends it. The queries tell the reason meanwhile, nothing is lost or there
// twice, and state, positions and counters are what they would have been.
func TestDiskFails(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	for name, pick := range badWrites {
		for times, left := range map[string]int64{"once": 1, "some times": 4, "until mended": forGood} {
			t.Run(name+" "+times, func(t *testing.T) {
				bothWays(t, nil, func(t *testing.T, p *place) {
					if !p.embedded && strings.HasPrefix(name, "outbox") {
						t.Skip("there is no outbox")
					}
					disk := &badDisk{pick: pick}
					p.adjust = disk.options
					n := p.start(t)
					n.run(t, NewSession(), diskSQL)
					n.rowsTo(t, 0, 10)
					n.wantRows(t, 10)
					disk.left.Store(left)
					rows := n.rowsUntil(t, 10, "the disk has failed", func() bool { return disk.hits.Load() >= min(left, 4) })
					if left == forGood {
						rows = n.rowsUntil(t, rows, "a query tells the reason", n.tellsOfDisk)
						disk.left.Store(0)
					}
					n.wantRows(t, rows)
					n.rowsTo(t, rows, rows+10)
					n.wantRows(t, rows+10)
					n.wantCounted(t, rows+10)
					n.leave(t)
					n = p.start(t)
					n.rowsTo(t, rows+10, rows+20)
					n.wantRows(t, rows+20)
				})
			})
		}
	}
}

// A node ends in time while its disk fails for good, and the next one goes on from what the disk has.
func TestCloseOnABrokenDisk(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		disk := &badDisk{pick: badWrites["log synced"]}
		p.adjust = disk.options
		n := p.start(t)
		n.run(t, NewSession(), diskSQL)
		n.rowsTo(t, 0, 10)
		n.wantRows(t, 10)
		disk.left.Store(forGood)
		rows := n.rowsUntil(t, 10, "a query tells the reason", n.tellsOfDisk)
		n.run(t, NewSession(), "PAUSE ALL;")
		n.abandon(t, 10*time.Second)
		disk.left.Store(0)
		n = p.start(t)
		n.run(t, NewSession(), "RESUME ALL;")
		n.rowsTo(t, rows, rows+10)
		n.wantRows(t, rows+10)
	})
}
