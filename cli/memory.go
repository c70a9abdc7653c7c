package cli

import (
	"os"
	"runtime/debug"
	"strconv"

	"weir/settings"
)

// A process with less memory than a machine has by default gives three quarters of it to its heap, so that garbage is collected in time,
// and an eighth to the state of queries.
const heapShare, stateShare = 4, 8

// fitMemory keeps the node within what it may have, unless somebody has said otherwise.
func fitMemory(config map[string]string) {
	bound := memoryBound()
	if os.Getenv("GOMEMLIMIT") == "" && bound < 1<<50 {
		debug.SetMemoryLimit(bound / heapShare * (heapShare - 1))
	}
	if _, told := settings.StateMemory.Look(config); !told && bound/stateShare < settings.StateMemory.In(config) {
		config[settings.StateMemory.About().Name] = strconv.FormatInt(bound/stateShare, 10)
	}
}
