package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Visits from three growing logs: parsed, located by a table, counted by country in windows of five seconds, each step a query of its own.
func TestVisitorsAreCountedOnce(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
		n.run(t, s, `CREATE STREAM lines (file INT KEY, line STRING) WITH (KAFKA_TOPIC='lines', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=3);
			CREATE TABLE places (net STRING PRIMARY KEY, country STRING) WITH (KAFKA_TOPIC='places', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=3);`)
		for i := range 20 {
			n.run(t, s, fmt.Sprintf("INSERT INTO places (rowtime, net, country) VALUES (0, '10.%d', 'C%d');", i, i%6))
		}
		rng := rand.New(rand.NewPCG(3, 4))
		var recs []*kgo.Record
		want := map[string]int{}
		for file := range int32(3) {
			at := int64(1_700_000_000_000)
			for range 1000 {
				at += rng.Int64N(200)
				net := rng.IntN(20)
				want[fmt.Sprintf("C%d@%d", net%6, at/5000*5000)]++
				recs = append(recs, &kgo.Record{Topic: "lines", Partition: file, Timestamp: time.UnixMilli(at), Key: []byte{0, 0, 0, byte(file)}, Value: fmt.Appendf(nil, `{"LINE":"10.%d GET /"}`, net)})
			}
		}
		n.put(t, recs...)
		n.run(t, s, `CREATE STREAM parsed WITH (KAFKA_TOPIC='parsed') AS SELECT SPLIT(line, ' ')[1] AS net, file FROM lines PARTITION BY SPLIT(line, ' ')[1];
			CREATE STREAM located WITH (KAFKA_TOPIC='located') AS SELECT country, parsed.net AS net FROM parsed JOIN places ON parsed.net = places.net PARTITION BY country;
			CREATE TABLE visits WITH (KAFKA_TOPIC='visits') AS SELECT country, COUNT(*) AS n FROM located WINDOW TUMBLING (SIZE 5 SECONDS) GROUP BY country EMIT FINAL;`)
		n.settle(t)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, rec := range n.texts(t, "visits") {
			key, value, _ := strings.Cut(rec, "=")
			var v struct{ N int }
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Fatal(err)
			}
			at := int64(0)
			for _, b := range []byte(key[len(key)-8:]) {
				at = at<<8 | int64(b)
			}
			got[fmt.Sprintf("%s@%d", key[:len(key)-8], at)] += v.N
		}
		if len(got) != len(want) {
			t.Errorf("%d windows, want %d", len(got), len(want))
		}
		for k, m := range want {
			if got[k] != m {
				t.Errorf("%s: %d visits, want %d", k, got[k], m)
			}
		}
	})
}

// Clicks have no position; they get one from the exits of the same page in the ten minutes before, each position its share. Five queries in a
// chain, in a replay, beside a plain computation.
func TestPositionsAreImputed(t *testing.T) {
	bothWays(t, nil, func(t *testing.T, p *place) {
		n := p.start(t)
		s := NewSession()
		s.Properties["auto.offset.reset"], s.Properties["weir.idle.upstream"] = "earliest", "600000" // no wait runs out
		n.run(t, s, `CREATE STREAM pings (page STRING, refer STRING, href STRING, pos INT, stay INT) WITH (KAFKA_TOPIC='pings', VALUE_FORMAT='JSON', PARTITIONS=4);
			CREATE STREAM exits (page STRING, href STRING, pos INT) WITH (KAFKA_TOPIC='pings', VALUE_FORMAT='JSON');`)
		type ping struct {
			at                int64
			page, refer, href string
			pos               int
		}
		rng := rand.New(rand.NewPCG(5, 6))
		var all []ping
		var recs []*kgo.Record
		for part := range int32(4) {
			at := int64(1_700_000_000_000)
			for range 300 {
				at += rng.Int64N(20_000)
				page, other := fmt.Sprintf("/%d", rng.IntN(5)), fmt.Sprintf("/%d", rng.IntN(5))
				if rng.IntN(2) == 0 { // a click that came from other
					all = append(all, ping{at: at, page: page, refer: other})
					recs = append(recs, &kgo.Record{Topic: "pings", Partition: part, Timestamp: time.UnixMilli(at), Value: fmt.Appendf(nil, `{"PAGE":%q,"REFER":%q,"STAY":0}`, page, other)})
					continue
				}
				pos := rng.IntN(3)
				all = append(all, ping{at: at, page: page, href: other, pos: pos})
				recs = append(recs, &kgo.Record{Topic: "pings", Partition: part, Timestamp: time.UnixMilli(at), Value: fmt.Appendf(nil, `{"PAGE":%q,"HREF":%q,"POS":%d,"STAY":9}`, page, other, pos)})
			}
		}
		want := map[string]float64{}
		for _, c := range all {
			if c.refer == "" {
				continue
			}
			found, sum := map[string]float64{}, 0.0
			for _, e := range all {
				if e.href == c.page && e.page == c.refer && e.at <= c.at && e.at >= c.at-600_000 {
					found[fmt.Sprint(e.pos)]++
					sum++
				}
			}
			if sum == 0 {
				found["none"], sum = 1, 1
			}
			for pos, m := range found {
				want[fmt.Sprintf("%s %s %d %s", c.refer, c.page, c.at/60_000, pos)] += m / sum
			}
		}
		n.put(t, recs...)
		n.run(t, s, `CREATE STREAM click_exits WITH (KAFKA_TOPIC='click_exits', VALUE_FORMAT='JSON', KEY_FORMAT='JSON') AS
				SELECT c.refer AS src, c.page AS trg, CAST(c.ROWPARTITION AS STRING) || '-' || CAST(c.ROWOFFSET AS STRING) AS id, c.ROWTIME / 60000 AS minute, COALESCE(CAST(e.pos AS STRING), 'none') AS pos
				FROM pings c LEFT JOIN exits e WITHIN (600 SECONDS, 0 SECONDS) GRACE PERIOD 0 SECONDS ON c.refer = e.page AND c.page = e.href WHERE c.stay = 0;
			CREATE TABLE per_pos WITH (KAFKA_TOPIC='per_pos', VALUE_FORMAT='JSON', KEY_FORMAT='JSON') AS
				SELECT id, src, trg, minute, pos, COUNT(*) AS n, AS_VALUE(id) AS cid FROM click_exits GROUP BY id, src, trg, minute, pos;
			CREATE TABLE per_click WITH (KAFKA_TOPIC='per_click', VALUE_FORMAT='JSON') AS SELECT id, COUNT(*) AS total FROM click_exits GROUP BY id;
			CREATE TABLE shares WITH (KAFKA_TOPIC='shares', VALUE_FORMAT='JSON', KEY_FORMAT='JSON') AS
				SELECT p.id AS id, p.src AS src, p.trg AS trg, p.minute AS minute, p.pos AS pos, CAST(p.n AS DOUBLE) / c.total AS share FROM per_pos p JOIN per_click c ON p.cid = c.id;
			CREATE TABLE imputed WITH (KAFKA_TOPIC='imputed', KEY_FORMAT='JSON') AS SELECT src, trg, minute, pos, SUM(share) AS clicks FROM shares GROUP BY src, trg, minute, pos;`)
		n.settle(t)
		if err := n.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, rec := range n.texts(t, "imputed") {
			key, value, _ := strings.Cut(rec, "=")
			var k struct {
				Src, Trg, Pos string
				Minute        int64
			}
			var v struct{ Clicks float64 }
			if json.Unmarshal([]byte(key), &k) != nil || json.Unmarshal([]byte(value), &v) != nil {
				t.Fatal(rec)
			}
			got[fmt.Sprintf("%s %s %d %s", k.Src, k.Trg, k.Minute, k.Pos)] = v.Clicks
		}
		for k, c := range got { // cells that came to nothing on the way
			if _, ok := want[k]; !ok && math.Abs(c) < 1e-9 {
				delete(got, k)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d cells, want %d", len(got), len(want))
		}
		for k, c := range want {
			if math.Abs(got[k]-c) > 1e-9 {
				t.Errorf("%s: %v clicks, want %v", k, got[k], c)
			}
		}
	})
}
