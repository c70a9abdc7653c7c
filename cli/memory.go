package cli

import (
	"os"
	"runtime/debug"
	"strconv"

	"weir/settings"
)

// A process with less memory than a machine has by default gives three quarters of it to its heap, so that garbage is collected in time, an
// eighth to the state of queries, as much to rows that wait for others and to each query of a client, a quarter of that to what a query makes between two commits and to a row, which are
// there several times while they are brought, and half of that to a value.
const heapShare = 4

// shares are the parts of the memory that settings get where nobody has set them.
var shares = []struct {
	of   *settings.Of[int64]
	part int64
}{{settings.StateMemory, 8}, {settings.WaitMemory, 8}, {settings.MaxQueryBytes, 8}, {settings.MaxCommitBytes, 32}, {settings.MaxRowBytes, 32}, {settings.MaxValueBytes, 64}}

// fitMemory keeps the node within what it may have, unless somebody has said otherwise.
func fitMemory(config map[string]string) {
	bound := memoryBound()
	if os.Getenv("GOMEMLIMIT") == "" && bound < 1<<50 {
		debug.SetMemoryLimit(bound / heapShare * (heapShare - 1))
	}
	for _, s := range shares {
		if _, told := s.of.Look(config); !told && bound/s.part < s.of.In(config) {
			config[s.of.About().Name] = strconv.FormatInt(bound/s.part, 10)
		}
	}
}
