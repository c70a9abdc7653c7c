package op

import (
	"fmt"
	"slices"
	"testing"

	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// BenchmarkHotKey has one key begin a session with each row, or go into one that is there, while it has so many sessions within their retention.
// It tells the bytes that a row's commit writes.
func BenchmarkHotKey(b *testing.B) {
	const gap, rows = 10, 1000
	for _, c := range []struct {
		name  string
		final bool
		step  int64
	}{{"changes", false, 2 * gap}, {"final", true, 2 * gap}, {"one", false, 0}} {
		for _, sessions := range []int64{10, 1000, 16_000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, sessions), func(b *testing.B) {
				node := hoppingNode(b, 2, 1, 0)
				node.Aggs, node.Slots = node.Aggs[:2], slices.Concat(node.Slots[:3], node.Slots[len(node.Slots)-2:])
				node.Window.Size, node.Window.Grace, node.Window.Retention = gap, 0, sessions*2*gap
				node.Final = c.final
				s := NewSession(&Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}, &plan.SessionAggregate{Grouping: *node}, true, discard{})
				at, written := int64(0), 0
				push := func(step int64) {
					var batch types.Batch
					batch.Reset(2)
					for range rows {
						at += step
						row := batch.Append(types.Meta{Timestamp: at, StreamTime: types.NoTime})
						row[0], row[1] = types.StringValue("k"), types.BigintValue(1)
					}
					if err := s.Push(&batch); err != nil {
						b.Fatal(err)
					}
					if err := s.Flush(); err != nil {
						b.Fatal(err)
					}
					s.Dirty(func(k, v []byte) { written += len(k) + len(v) })
					s.Committed()
				}
				for range (sessions + rows - 1) / rows {
					push(2 * gap)
				}
				written = 0
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					push(c.step)
					n += rows
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
				b.ReportMetric(float64(written)/float64(n), "B/row")
			})
		}
	}
}
