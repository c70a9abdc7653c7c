package main

import (
	"weir/bench/compare/engines"
	"weir/bench/compare/query"
	"weir/bench/compare/results"
)

// A pendingRun is one that is to be made.
type pendingRun struct {
	key    results.Key
	query  query.Query
	engine *engines.Engine
}

// pending lists what the file has not. Rounds are interleaved, so that what the machine does meanwhile meets all engines: a query goes through all
// of them, and who begins changes from round to round.
func pending(f flags, file *results.File) (runs []pendingRun) {
	most := 0
	for _, q := range f.queries {
		most = max(most, f.roundsOf(q))
	}
	for round := range most {
		for _, q := range f.queries {
			if round >= f.roundsOf(q) {
				continue
			}
			for i := range f.engines {
				e := f.engines[(i+round)%len(f.engines)]
				if k := key(f, q, e, round); e.Lacks(q) == "" && !file.Has(k) {
					runs = append(runs, pendingRun{key: k, query: q, engine: e})
				}
			}
		}
	}
	return runs
}

func key(f flags, q query.Query, e *engines.Engine, round int) results.Key {
	k := results.Key{Query: q.Name, Engine: e.Kind, Build: e.Build, Records: f.recordsOf(q), Round: round}
	if e.JVM {
		k.Heap = e.Heap
	}
	return k
}
