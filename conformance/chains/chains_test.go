package chains

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	seeds    = flag.Int("chains.seeds", 6, "how many pipelines are run")
	first    = flag.Uint64("chains.seed", 1, "the first seed")
	disorder = flag.Int64("chains.disorder", 0, "how far rows are out of order, in milliseconds; every grace period is as long")
	most     = flag.Int("chains.queries", 4, "queries in a chain, at most")
	only     = flag.String("chains.kinds", "", "kinds of queries, with commas between them; all where it is empty")
	where    = flag.String("chains.ways", "", "ways, with commas between them; all that there are where it is empty")
	all      = flag.Bool("chains.all", false, "also pipelines that ask for what is not promised, or not done by the Driver: see needs.go")
	order    = flag.Bool("chains.order", true, "also aggregates that hang on the order of rows")
	smaller  = flag.Duration("chains.shrink", 20*time.Second, "how long a smaller pipeline is looked for where one fails")
)

// limit is for one pipeline.
const limit = 2 * time.Minute

// TestChains runs one pipeline after the other, each in the way that its seed draws. With -chains.seeds 1 -chains.seed N it runs one.
func TestChains(t *testing.T) { chains(t, *disorder) }

func chains(t *testing.T, disorder int64) {
	addr := os.Getenv("WEIR_TEST_KAFKA")
	ways := []way{memoryWay, outboxWay, txnWay}
	if addr != "" {
		ways = append(ways, kafkaWay)
	}
	if *where != "" {
		ways = nil
		for _, w := range strings.Split(*where, ",") {
			if !slices.Contains([]way{memoryWay, outboxWay, txnWay, kafkaWay}, way(w)) {
				t.Fatalf("there is no way '%s'", w)
			}
			ways = append(ways, way(w))
		}
	}
	w := width{queries: *most, disorder: disorder, orderless: !*order}
	if *only != "" {
		for _, k := range strings.Split(*only, ",") {
			if !slices.Contains(kinds, kind(k)) {
				t.Fatalf("there is no kind '%s' among %q", k, kinds)
			}
			w.only = append(w.only, kind(k))
		}
	}
	for seed, ran := *first, 0; ran < *seeds; seed++ {
		tr, err := draw(seed, w, ways)
		if err != nil {
			t.Fatal(err)
		}
		if !*all && tr.needs() != "" {
			continue
		}
		ran++
		t.Run(fmt.Sprint(seed), func(t *testing.T) { try(t, tr, addr) })
	}
}

// TestChainsOutOfOrder does so with rows that are out of order, and grace periods as long.
func TestChainsOutOfOrder(t *testing.T) {
	if *disorder == 0 {
		chains(t, 700)
	}
}

func try(t *testing.T, tr *trial, addr string) {
	t.Logf("runs %s: %s", tr.course.way, tr.p.shape())
	run := func(tr *trial) ([]string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return tr.run(ctx, addr, t.TempDir())
	}
	if why := tr.needs(); why != "" {
		t.Logf("needs %s", why)
	}
	diffs, err := run(tr)
	if err != nil {
		t.Fatalf("%s\n%v", tr, err)
	}
	if len(diffs) == 0 {
		return
	}
	t.Errorf("%s\n%s", tr, head(diffs))
	small := tr.shrink(t.Context(), *smaller, func(next *trial) bool {
		now, err := run(next)
		if err == nil && len(now) > 0 {
			diffs = now
			return true
		}
		return false
	})
	if small != tr {
		t.Errorf("smaller: %s\n%s%s", small, head(diffs), small.data())
	}
}

// head is the first differences.
func head(diffs []string) string {
	return fmt.Sprintf("%d differences:\n  %s", len(diffs), strings.Join(diffs[:min(len(diffs), 8)], "\n  "))
}

// data lists the records where they are few.
func (t *trial) data() string {
	if len(t.recs) > 30 {
		return ""
	}
	var b strings.Builder
	for _, r := range t.recs {
		fmt.Fprintf(&b, "\n  %s/%d  %s @%d %s", r.source.name, r.partition, r.keyBytes(), r.at, r.value())
	}
	return b.String()
}
