package main

import (
	"weir/bench/compare/engines"
	"weir/bench/compare/query"
	"weir/bench/compare/results"
)

// fit is the -heap by which each JVM gets the least heap that costs no speed.
const fit = "fit"

// heaps are tried from the greatest down.
var heaps = []string{"4g", "2g", "1g", "512m", "256m", "128m"}

// costs is how much more time or CPU than the best of the greater heaps a heap may take and still cost nothing; runs differ by as much.
const costs = 1.05

// fitting is the round of runs that look for a heap; they do not count in the table.
const fitting = -1

// heapOf gives the heap of an engine at a query, as far as the file tells: found says that it does, else the heap is the next to be tried.
func heapOf(f flags, q query.Query, e *engines.Engine, file *results.File) (heap string, found bool) {
	if !e.JVM || e.Heap != fit {
		return e.Heap, true
	}
	var took, cpu float64
	for i, h := range heaps {
		k := key(f, q, with(e, h), fitting)
		r, right := file.Get(k)
		switch {
		case !right && !file.Tried(k):
			return h, false
		case i == 0 && !right:
			return h, true // it is not the heap
		case !right, i > 0 && (r.Took > costs*took || r.CPU > costs*cpu):
			return heaps[i-1], true
		case i == 0:
			took, cpu = r.Took, r.CPU
		}
		took, cpu = min(took, r.Took), min(cpu, r.CPU)
	}
	return heaps[len(heaps)-1], true
}

// with is the engine with that heap.
func with(e *engines.Engine, heap string) *engines.Engine {
	own := *e
	own.Heap = heap
	return &own
}
