package conformance

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

var topEvents = flag.Int("top.events", 8_000, "events of the test of live lists; the full test has 1000000")

const topSQL = `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE every_group AS SELECT k, SUM(v) AS total FROM s WINDOW HOPPING (SIZE 60 SECONDS, ADVANCE BY 20 SECONDS, GRACE PERIOD 30 SECONDS) GROUP BY k HAVING COUNT(*) > 1;
CREATE TABLE top AS SELECT k, SUM(v) AS total FROM s WINDOW HOPPING (SIZE 60 SECONDS, ADVANCE BY 20 SECONDS, GRACE PERIOD 30 SECONDS) GROUP BY k HAVING COUNT(*) > 1 ORDER BY total DESC LIMIT 7;`

// TestTop compares a live list with a sort of all groups, over random events with ties, groups that come and go, late
// events, and windows that close: after every batch, in the Driver and on a broker with restarts.
func TestTop(t *testing.T) {
	for _, where := range ways {
		if where.name == "embedded" {
			continue // restart does what it does, and restarts
		}
		t.Run(where.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(*topEvents)*time.Second)
			defer cancel()
			own := new(broker)
			w, err := where.open(ctx, t, func() (*kafka.Cluster, error) { return own.connect(t) })
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := w.close(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			if _, err := w.execute(ctx, topSQL); err != nil {
				t.Fatal(err)
			}
			compareTop(ctx, t, w, where.name)
		})
	}
}

func compareTop(ctx context.Context, t *testing.T, w way, name string) {
	r := rand.New(rand.NewPCG(1, 2))
	batch := max(*topEvents/20, 1)
	most := 0
	for done := 0; done < *topEvents; done += batch {
		var recs []*kgo.Record
		for i := range batch {
			// 10 events a second of event time, up to a minute late.
			at := int64(done+i)*100 - r.Int64N(60_000)*r.Int64N(2)
			recs = append(recs, &kgo.Record{Topic: "s", Partition: -1, Timestamp: time.UnixMilli(max(at, 0)), Key: fmt.Appendf(nil, "k%d", r.IntN(max(*topEvents/200, 20))),
				Value: fmt.Appendf(nil, `{"V":%d}`, r.IntN(9)-3)})
		}
		if err := w.produce(ctx, recs); err != nil {
			t.Fatal(err)
		}
		all, err := tableOf(ctx, w, "EVERY_GROUP")
		if err != nil {
			t.Fatal(err)
		}
		got, err := tableOf(ctx, w, "TOP")
		if err != nil {
			t.Fatal(err)
		}
		for window, rows := range all {
			want := first(rows, 7)
			most = max(most, len(rows))
			if list := first(got[window], len(got[window])); !slices.Equal(list, want) {
				t.Fatalf("%s: after %d events, window %d:\n got %v\nwant %v", name, done+batch, window, list, want)
			}
		}
	}
	if most <= 7 {
		t.Errorf("no window had more than %d groups: there was nothing to choose", most)
	}
}

// first is the beginning of a sorted list.
func first(rows map[string]int64, n int) []string {
	keys := make([]string, 0, len(rows))
	for k := range rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if rows[a] != rows[b] {
			return int(rows[b] - rows[a])
		}
		return strings.Compare(a, b)
	})
	out := []string{}
	for _, k := range keys[:min(n, len(keys))] {
		out = append(out, fmt.Sprintf("%s=%d", k, rows[k]))
	}
	return out
}

// tableOf is what a windowed table's topic has come to, by start of the window and key.
func tableOf(ctx context.Context, w way, topic string) (map[int64]map[string]int64, error) {
	parts, err := w.records(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := map[int64]map[string]int64{}
	for _, recs := range parts {
		for _, r := range recs {
			n := len(r.Key) - 8
			window := int64(binary.BigEndian.Uint64(r.Key[n:]))
			if out[window] == nil {
				out[window] = map[string]int64{}
			}
			if r.Value == nil {
				delete(out[window], string(r.Key[:n]))
				continue
			}
			var v struct{ Total int64 }
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return nil, err
			}
			out[window][string(r.Key[:n])] = v.Total
		}
	}
	return out, nil
}
