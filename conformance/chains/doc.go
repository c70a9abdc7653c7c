// Package chains draws pipelines of chained queries at random, with data that are in order of time within each partition, and
// compares what Weir makes of them with a batch computation that shares no code with it: what stands at the end hangs on the records
// alone, and no row is late.
package chains
