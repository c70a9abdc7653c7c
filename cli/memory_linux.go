package cli

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// memoryBound is how much memory this process may have, by its limits and those of its control groups; MaxInt64 where nothing says.
func memoryBound() int64 {
	bound := int64(math.MaxInt64)
	for _, what := range []int{syscall.RLIMIT_DATA, syscall.RLIMIT_AS} {
		var l syscall.Rlimit
		if syscall.Getrlimit(what, &l) == nil && l.Cur < math.MaxInt64 {
			bound = min(bound, int64(l.Cur))
		}
	}
	groups, _ := os.ReadFile("/proc/self/cgroup") // not everywhere
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for dir := parts[2]; ; dir = filepath.Dir(dir) {
			for _, name := range []string{filepath.Join("/sys/fs/cgroup", dir, "memory.max"), filepath.Join("/sys/fs/cgroup/memory", dir, "memory.limit_in_bytes")} {
				text, err := os.ReadFile(name)
				if n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bad == nil && n > 0 {
					bound = min(bound, n)
				}
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	return bound
}
