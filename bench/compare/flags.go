package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"weir/bench/compare/engines"
	"weir/bench/compare/query"
)

// flags are what was asked for.
type flags struct {
	brokers string
	port    int
	keep    bool
	work    string
	records int
	rounds  int
	queries []query.Query
	engines []*engines.Engine
	limit   time.Duration
	table   bool
}

// parse reads the arguments, and says on w what is wrong with them.
func parse(args []string, w io.Writer) (f flags, err error) {
	set := flag.NewFlagSet("compare", flag.ContinueOnError)
	set.SetOutput(w)
	set.StringVar(&f.brokers, "brokers", "", "a Kafka of this machine at 127.0.0.1:PORT; if empty, scripts/kafka starts one")
	set.IntVar(&f.port, "port", 24192, "for the broker that is started, and the one behind it; engines listen on 10 to 12 behind it")
	set.BoolVar(&f.keep, "keep", false, "leave the broker that was started, with its records, for the next time")
	set.StringVar(&f.work, "work", filepath.Join(os.TempDir(), "weir-compare"), "folder for what is built, logs and results")
	set.IntVar(&f.records, "n", 30_000_000, "records of a, b and bf; the others take the part of it that the table names")
	set.IntVar(&f.rounds, "rounds", 0, "how often each query runs in each engine; 0: three times b, c, e, f and hf, once the others")
	names := set.String("queries", "", "some of "+query.Names()+"; all if empty")
	which := set.String("engines", engines.Default, "the first one is what the others are compared with; streams@1g names the heap")
	heap := set.String("heap", fit, "-Xmx of JVMs; fit looks for the least one that costs no speed, from "+heaps[0]+" down, in runs of their own")
	set.DurationVar(&f.limit, "limit", 15*time.Minute, "for one run")
	set.BoolVar(&f.table, "table", false, "only write the table of the runs that were made")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%q is no flag: lists have commas and no blanks", set.Arg(0))
	}
	if f.records < 10_000 {
		return f, fmt.Errorf("-n is %d: 10,000 records are the least with which each query has some", f.records)
	}
	if f.queries, err = query.Find(*names); err != nil {
		return f, err
	}
	if f.work, err = filepath.Abs(f.work); err != nil {
		return f, err
	}
	f.engines, err = engines.Find(*which, *heap)
	return f, err
}

// roundsOf is how often a query runs.
func (f flags) roundsOf(q query.Query) int {
	if f.rounds > 0 {
		return f.rounds
	}
	return q.Rounds
}

// recordsOf is how many records it reads.
func (f flags) recordsOf(q query.Query) int { return f.records / q.Divide }
