package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/local"
	"weir/exec/task"
	"weir/functions"
	"weir/types"
)

var guard = flag.Bool("guard", false, "compare queries with a plain program: how many times less time they take must not fall by 15 per cent")

// guarded are queries with the program that one would write first, and how many times less time than that a query takes, as last measured:
// go test ./bench/micro -run '^TestGuard$' -guard -v. Both run in one goroutine, by turns, over the same records; the best of each counts.
var guarded = []struct {
	name  string
	sql   string
	plain func() plain
	ratio float64
}{
	{"filter", `CREATE STREAM out WITH (VALUE_FORMAT='JSON') AS SELECT user_id, page, amount * 2 AS twice FROM events WHERE amount >= 250 AND country <> 'DE' EMIT CHANGES;`,
		func() plain { return &plainFilter{} }, 7.2},
	{"count per minute", `CREATE TABLE out WITH (VALUE_FORMAT='JSON') AS SELECT user_id, COUNT(*) AS n FROM events WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY user_id EMIT CHANGES;`,
		func() plain { return newPlainCount(func(r *kgo.Record, _ *clicked) string { return string(r.Key) }) }, 8.1},
	{"count by another column", `CREATE TABLE out WITH (VALUE_FORMAT='JSON') AS SELECT page, COUNT(*) AS n FROM events WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY page EMIT CHANGES;`,
		func() plain { return newPlainCount(func(_ *kgo.Record, c *clicked) string { return c.Page }) }, 7.0},
}

// plain is a program by hand, with the standard library.
type plain interface {
	take(tb testing.TB, recs []*kgo.Record)
	// commit gives what it puts out: values by key.
	commit(tb testing.TB, out func(key string, value []byte))
}

// clicked are the fields that are used.
type clicked struct {
	Page    string `json:"PAGE"`
	Amount  int    `json:"AMOUNT"`
	Country string `json:"COUNTRY"`
}

type plainFilter struct {
	keys   []string
	values [][]byte
}

func (p *plainFilter) take(tb testing.TB, recs []*kgo.Record) {
	for _, r := range recs {
		var c clicked
		if err := json.Unmarshal(r.Value, &c); err != nil {
			tb.Fatal(err)
		}
		if c.Amount < 250 || c.Country == "DE" {
			continue
		}
		value, err := json.Marshal(struct {
			PAGE  string
			TWICE int
		}{c.Page, c.Amount * 2})
		if err != nil {
			tb.Fatal(err)
		}
		p.keys, p.values = append(p.keys, string(r.Key)), append(p.values, value)
	}
}

func (p *plainFilter) commit(_ testing.TB, out func(key string, value []byte)) {
	for i, key := range p.keys {
		out(key, p.values[i])
	}
	p.keys, p.values = p.keys[:0], p.values[:0]
}

type plainGroup struct {
	key   string
	start int64
}

type plainCount struct {
	group   func(*kgo.Record, *clicked) string
	counts  map[plainGroup]int64
	changed map[plainGroup]bool
}

func newPlainCount(group func(*kgo.Record, *clicked) string) *plainCount {
	return &plainCount{group, map[plainGroup]int64{}, map[plainGroup]bool{}}
}

func (p *plainCount) take(tb testing.TB, recs []*kgo.Record) {
	for _, r := range recs {
		var c clicked
		if err := json.Unmarshal(r.Value, &c); err != nil { // a record that is none is none to count
			tb.Fatal(err)
		}
		g := plainGroup{p.group(r, &c), r.Timestamp.UnixMilli() / 60_000 * 60_000}
		p.counts[g]++
		p.changed[g] = true
	}
}

func (p *plainCount) commit(tb testing.TB, out func(key string, value []byte)) {
	for g := range p.changed {
		value, err := json.Marshal(struct{ N int64 }{p.counts[g]})
		if err != nil {
			tb.Fatal(err)
		}
		out(g.key+" "+strconv.FormatInt(g.start, 10), value)
	}
	clear(p.changed)
}

// guardedQuery runs a statement in memory, a task for each of its stages.
func guardedQuery(tb testing.TB, p *pipeline, sql string) *local.Local {
	topo, err := task.Build(p.plan(tb, sql).Query)
	if err != nil {
		tb.Fatal(err)
	}
	env := &task.Env{
		Functions: &functions.Env{Now: time.Now, Config: map[string]string{}}, Registry: p.registry, Coalesce: true,
		Internal: func(step, kind string) string { return step + "-" + kind },
		Bad:      func(b task.BadRecord) { tb.Errorf("offset %d: %s", b.Offset, b.Message) },
	}
	parts := make([]int32, len(topo.Stages))
	for i := range parts {
		parts[i] = 1
	}
	l, err := local.NewLocal(topo, env, parts, 1, 0, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// guardCommit is how many batches lie between two commits.
const guardCommit = 10

// TestGuard fails where a query has become slower, in comparison.
func TestGuard(t *testing.T) {
	if !*guard {
		t.Skip("-guard compares times")
	}
	const rounds, perRound = 12, 100 // batches
	const falls, tries = 0.85, 3     // a machine that does something else meanwhile may disturb one
	for _, c := range guarded {
		t.Run(c.name, func(t *testing.T) {
			p := newPipeline()
			p.plan(t, fmt.Sprintf(event, "JSON"))
			query, hand := guardedQuery(t, p, c.sql), c.plain()
			got, want := map[string]string{}, map[string]string{}
			checking := false
			query.Sent = func(recs []kgo.Record) error {
				for i := range recs {
					if checking {
						got[guardKey(&recs[i])] = string(recs[i].Value)
					}
				}
				return nil
			}
			put := func(key string, value []byte) {
				if checking {
					want[key] = string(value)
				}
			}
			recs := p.events(t, types.BatchRows, 1000)
			at := 0
			next := func() { // the same records, later
				at++
				for i, r := range recs {
					r.Offset = int64(at*types.BatchRows + i)
					r.Timestamp = start.Add(time.Duration(r.Offset) * 2 * time.Millisecond)
				}
			}
			run := func(batches int, take func(), commit func()) time.Duration {
				took := time.Duration(0)
				for i := range batches {
					next()
					began := time.Now()
					if take(); i%guardCommit == guardCommit-1 {
						commit()
					}
					took += time.Since(began)
				}
				return took
			}
			ofQuery := func(batches int) time.Duration {
				return run(batches, func() { must(t, query.Feed(recs)) }, func() {
					must(t, query.Flush())
					for _, task := range query.Tasks() {
						task.Committed()
					}
				})
			}
			ofHand := func(batches int) time.Duration {
				return run(batches, func() { hand.take(t, recs) }, func() { hand.commit(t, put) })
			}
			checking = true
			ofQuery(guardCommit)
			at -= guardCommit
			ofHand(guardCommit)
			if checking = false; len(want) < 10 || !maps.Equal(got, want) {
				t.Fatalf("%d results, and %d by hand: %.200v, %.200v", len(got), len(want), got, want)
			}
			ratio := 0.0
			for range tries {
				best := [2]time.Duration{time.Hour, time.Hour}
				for range rounds {
					best[0] = min(best[0], ofQuery(perRound))
					best[1] = min(best[1], ofHand(perRound))
				}
				ratio = float64(best[1]) / float64(best[0])
				t.Logf("%.1f times less time than by hand: %d ns a record, and %d", ratio, best[0].Nanoseconds()/(perRound*types.BatchRows), best[1].Nanoseconds()/(perRound*types.BatchRows))
				if ratio >= falls*c.ratio {
					return
				}
			}
			t.Errorf("it was %.1f times", c.ratio)
		})
	}
}

// guardKey is a record's key as the plain programs write it.
func guardKey(r *kgo.Record) string {
	if key, windowed := r.Key, len(r.Key) > 8; windowed && (key[len(key)-8] == 0) {
		ms := int64(0)
		for _, b := range key[len(key)-8:] {
			ms = ms<<8 | int64(b)
		}
		return fmt.Sprintf("%s %d", key[:len(key)-8], ms)
	}
	return string(r.Key)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
