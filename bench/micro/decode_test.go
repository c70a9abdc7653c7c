package bench

import (
	"fmt"
	"testing"

	"weir/types"
)

var formatNames = []string{"JSON", "JSON_SR", "AVRO", "PROTOBUF", "MSGPACK", "DELIMITED"}

// threeOfEight reads three of the eight columns.
const threeOfEight = `SELECT page, amount, score FROM events EMIT CHANGES;`

// BenchmarkDecode decodes records that are in memory. One operation is a batch of 1,000.
func BenchmarkDecode(b *testing.B) {
	for _, format := range formatNames {
		b.Run(format, func(b *testing.B) { runInMemory(b, format, threeOfEight) })
	}
}

// BenchmarkFilterProject is decoding with a WHERE that half of the rows pass, and a projection that computes.
func BenchmarkFilterProject(b *testing.B) {
	runInMemory(b, "JSON", `SELECT page, amount * 2 AS twice, score FROM events WHERE amount >= 250 EMIT CHANGES;`)
}

func runInMemory(b *testing.B, format, sql string) {
	p := newPipeline()
	p.plan(b, fmt.Sprintf(event, format))
	task := p.task(b, sql)
	batches := inBatches(p.events(b, 64*types.BatchRows, 1000))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		process(b, task, batches[n%len(batches)])
		n++
	}
	perRecord(b, n*types.BatchRows)
	b.ReportMetric(float64(len(batches[0][0].Value)), "bytes/record")
}
