package main

import (
	"fmt"
	"slices"

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

// String says which run it is.
func (p pendingRun) String() string {
	round := fmt.Sprintf("round %d", p.key.Round+1)
	if p.key.Round == fitting {
		round = "looking for a heap"
	}
	name := p.key.Engine
	if p.key.Heap != "" {
		name += " -Xmx" + p.key.Heap
	}
	return fmt.Sprintf("%s, %s, %s", round, p.key.Query, name)
}

// notIn leaves out runs that were made.
func notIn(made map[results.Key]bool, runs []pendingRun) []pendingRun {
	return slices.DeleteFunc(runs, func(p pendingRun) bool { return made[p.key] })
}

// pending lists what the file has not. Heaps that are not known come first. Rounds are interleaved, so that what the machine does meanwhile meets all engines: a query goes through all
// of them, and who begins changes from round to round.
func pending(f flags, file *results.File) (runs []pendingRun) {
	most := 0
	for _, q := range f.queries {
		most = max(most, f.roundsOf(q))
		for _, e := range f.engines {
			if heap, found := heapOf(f, q, e, file); !found && e.Lacks(q) == "" {
				runs = append(runs, pendingRun{key: key(f, q, with(e, heap), fitting), query: q, engine: with(e, heap)})
			}
		}
	}
	for round := range most {
		for _, q := range f.queries {
			if round >= f.roundsOf(q) {
				continue
			}
			for i := range f.engines {
				e := f.engines[(i+round)%len(f.engines)]
				heap, found := heapOf(f, q, e, file)
				own := with(e, heap)
				if k := key(f, q, own, round); found && e.Lacks(q) == "" && !file.Has(k) {
					runs = append(runs, pendingRun{key: k, query: q, engine: own})
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
