//go:build !linux

package cli

import "math"

// memoryBound is how much memory this process may have; here nothing says.
func memoryBound() int64 { return math.MaxInt64 }
