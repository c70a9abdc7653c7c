package chains

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	seeds    = flag.Int("chains.seeds", 6, "how many pipelines are drawn")
	first    = flag.Uint64("chains.seed", 1, "the first seed")
	disorder = flag.Int64("chains.disorder", 0, "how far rows are out of order, in milliseconds; every grace period is as long")
	most     = flag.Int("chains.queries", 4, "queries in a chain, at most")
	only     = flag.String("chains.kinds", "", "kinds of queries, with commas between them; all where it is empty")
	where    = flag.String("chains.ways", "", "ways, with commas between them; all that there are where it is empty")
)

// limit is for one pipeline.
const limit = time.Minute

func TestChains(t *testing.T) {
	addr := os.Getenv("WEIR_TEST_KAFKA")
	ways := []way{memoryWay, outboxWay, txnWay}
	if addr != "" {
		ways = append(ways, kafkaWay)
	}
	if *where != "" {
		ways = nil
		for _, w := range strings.Split(*where, ",") {
			ways = append(ways, way(w))
		}
	}
	w := width{queries: *most, disorder: *disorder}
	if *only != "" {
		for _, k := range strings.Split(*only, ",") {
			w.only = append(w.only, kind(k))
		}
	}
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			tr, err := draw(seed, w, ways)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			diffs, err := tr.run(ctx, addr, t.TempDir())
			if err != nil {
				t.Fatalf("%s\n%v", tr, err)
			}
			if len(diffs) > 0 {
				t.Errorf("%s\n%d differences:\n  %s", tr, len(diffs), strings.Join(diffs[:min(len(diffs), 8)], "\n  "))
			}
		})
	}
}
