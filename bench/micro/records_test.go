package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/planner/plan"
	"weir/types"
)

// event is the stream that everything reads: a key, and eight columns of about 200 bytes as JSON.
const event = `CREATE STREAM events (user_id STRING KEY, event_id STRING, ts BIGINT, page STRING, amount INTEGER, country STRING,
	agent STRING, session STRING, score DOUBLE) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = '%s');`

var countries = []string{"DE", "FR", "IT", "US", "BR", "IN"}

// start is the time of the first event.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// events makes records of the stream, in its format, with keys from 0 to keys-1 in random order, a millisecond apart.
func (p *pipeline) events(tb testing.TB, n, keys int) []*kgo.Record {
	tb.Helper()
	src := p.source(tb, "EVENTS")
	spec := plan.Spec(src.Value, false, src.Topic)
	spec.Registry = p.registry
	cols := src.Schema.With(types.ValueColumn)
	slots := make([]int, len(cols))
	for i := range slots {
		slots[i] = i
	}
	enc, err := formats.NewEncoder(spec, cols, slots)
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	recs := make([]*kgo.Record, n)
	for i := range recs {
		at := start.Add(time.Duration(i) * time.Millisecond)
		value, err := enc.Append(nil, []types.Value{
			types.StringValue(fmt.Sprintf("%016x", rng.Uint64())),
			types.BigintValue(at.UnixMilli()),
			types.StringValue(fmt.Sprintf("/articles/%d", rng.IntN(10_000))),
			types.IntValue(rng.Int32N(500)),
			types.StringValue(countries[rng.IntN(len(countries))]),
			types.StringValue("Mozilla/5.0 (X11; Linux x86_64) Gecko/201001"),
			types.StringValue(fmt.Sprintf("%016x", rng.Uint64())),
			types.DoubleValue(float64(rng.IntN(1000)) / 8),
		})
		if err != nil {
			tb.Fatal(err)
		}
		recs[i] = &kgo.Record{Topic: src.Topic, Offset: int64(i), Timestamp: at, Key: userKey(rng.IntN(keys)), Value: value}
	}
	return recs
}

func userKey(n int) []byte { return fmt.Appendf(nil, "user_%07d", n) }

// inBatches cuts records into batches of types.BatchRows.
func inBatches(recs []*kgo.Record) [][]*kgo.Record {
	var out [][]*kgo.Record
	for ; len(recs) > types.BatchRows; recs = recs[types.BatchRows:] {
		out = append(out, recs[:types.BatchRows])
	}
	return append(out, recs)
}

// advance moves a batch that is used again on by its own length.
func advance(recs []*kgo.Record) {
	for _, r := range recs {
		r.Offset += int64(len(recs))
	}
}
